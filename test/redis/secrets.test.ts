import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { Client } from "../../src/client/client.js";
import { text } from "../../src/codec/text.js";
import { NamestoreError } from "../../src/errors.js";
import { RedisDriver, type RedisOptions } from "../../src/redis/index.js";
import { connected } from "../network/connecting.js";
import { freePort } from "../support/free-port.js";
import { everythingIn } from "../support/leaks.js";
import type { Texts } from "../support/load.js";
import { recordingLogger } from "../support/log.js";
import { rejection } from "../support/promises.js";
import { FaultProxy, injected } from "../support/proxy.js";
import { eventually } from "../support/waiting.js";
import { type Answers, FakeServer } from "./fake.js";
import { RedisServer } from "./servers.js";

vi.setConfig({ testTimeout: 180_000 });

/** Secrets that must appear nowhere: a password, a value, and a word that looks like the prefix of an error. */
const PASSWORD = "hunter2-sesame";
const VALUE = "correct-horse-battery";
const WORD = "SWORDFISH";
const SECRETS = [PASSWORD, VALUE, WORD, PASSWORD.toUpperCase(), encodeURIComponent(PASSWORD)];

/** Everything that this process printed, and every warning. */
const printed: unknown[] = [];
const note = (...given: unknown[]): boolean => {
  printed.push(...given);
  return true;
};

beforeAll(() => {
  for (const method of ["log", "info", "warn", "error", "debug"] as const)
    vi.spyOn(console, method).mockImplementation(note);
  process.on("warning", note);
});
afterAll(() => {
  vi.restoreAllMocks();
  process.off("warning", note);
  clean(printed);
});

/** Fails if a secret is anywhere in it. */
function clean(thing: unknown): void {
  const everything = everythingIn(thing);
  for (const secret of SECRETS) expect(everything).not.toContain(secret);
}

/** Every call that carries a value, and some that do not. */
const CALLS: Readonly<Record<string, (client: Texts) => Promise<unknown>>> = {
  set: (client) => client.set("a", VALUE),
  "set with a TTL": (client) => client.set("a", VALUE, { ttl: "1h" }),
  "sets of one tick": (client) => Promise.all([client.set("a", VALUE), client.set("b", VALUE)]),
  "sets of one tick with a TTL": (client) =>
    Promise.all([client.set("a", VALUE, { ttl: "1h" }), client.set("b", VALUE, { ttl: "1h" })]),
  setNX: (client) => client.setNX("a", VALUE),
  mSet: (client) => client.mSet({ a: VALUE, b: VALUE }),
  "mSet with a TTL": (client) => client.mSet({ a: VALUE, b: VALUE }, { ttl: "1h" }),
  find: (client) => client.find("a"),
  "finds of one tick": (client) => Promise.all([client.find("a"), client.find("b")]),
  mGet: (client) => client.mGet(["a", "b"]),
  incr: (client) => client.incr("a"),
  "incrs of one tick": (client) => Promise.all([client.incr("a"), client.incr("b")]),
  getSet: (client) => client.getSet("a", VALUE),
  "getSet with a TTL": (client) => client.getSet("a", VALUE, { ttl: "1h" }),
  compareAndSwap: (client) => client.compareAndSwap("a", VALUE, `${VALUE} 2`),
  compareAndDelete: (client) => client.compareAndDelete("a", VALUE),
  getOrSet: (client) => client.getOrSet("a", () => VALUE),
  ttl: (client) => client.ttl("a"),
  delete: (client) => client.delete("a"),
  keys: (client) => client.keys(),
  clear: (client) => client.clear(),
};

/** Makes every call, and searches its error and the log for secrets. Returns how many calls failed. */
async function searched(driver: RedisDriver): Promise<number> {
  const { logger, lines } = recordingLogger();
  const client = new Client("app", "users", { driver, codec: text, logger, logTag: "[tag]" });
  let failures = 0;
  for (const call of Object.values(CALLS)) {
    await call(client).catch((error: unknown) => {
      failures++;
      expect(error).toBeInstanceOf(NamestoreError);
      clean(error);
    });
  }
  clean(lines);
  return failures;
}

/** The error that connect rejects with. */
async function refused(options: string | RedisOptions): Promise<unknown> {
  let thrown: unknown;
  const driver = await RedisDriver.connect(options).catch((error: unknown) => {
    thrown = error;
    return undefined;
  });
  driver?.close();
  expect(thrown).toBeInstanceOf(NamestoreError);
  return thrown;
}

describe("the error of connect", () => {
  it.each<[string, string | RedisOptions]>([
    ["a malformed URL", `redis://user:${PASSWORD}@host:99999`],
    ["a URL of another protocol", `http://user:${PASSWORD}@host`],
    ["a URL without a host", `redis://:${PASSWORD}@`],
    ["a URL with a space", `redis://user:${PASSWORD}@ho st`],
    ["a URL with a bad escape", `redis://user:%zz${PASSWORD}@host`],
    ["a URL with a database that is not a number", `redis://user:${PASSWORD}@host/${PASSWORD}`],
    ["a password in place of a URL", PASSWORD.replace("-", " ")],
    ["a list of nodes with a bad one", { cluster: ["localhost:1", `redis://:${PASSWORD}@:x`] }],
    ["a list of Sentinels with a bad one", { sentinel: { name: "main", nodes: [`redis://:${PASSWORD}@:x`] } }],
    ["two ways to connect", { url: `redis://:${PASSWORD}@host`, cluster: [`:${PASSWORD}@host`] }],
    ["a bad database", { url: `redis://:${PASSWORD}@host`, database: 0.5 }],
    ["a bad timeout", { url: `redis://:${PASSWORD}@host`, timeout: 0 }],
    ["a bad password", { password: { secret: PASSWORD } as unknown as string }],
  ])("contains no secret after %s", async (_, options) => {
    clean(await refused(options));
  });

  it("contains no secret after a wrong password, a closed port or a silent one, nor with Sentinels", async () => {
    const server = await RedisServer.start({ requirepass: "another" });
    const silent = await FakeServer.start(() => "");
    const login = { username: PASSWORD, password: PASSWORD, timeout: 200 };
    const port = await freePort();
    for (const options of [
      { url: server.url, password: PASSWORD },
      { url: server.url.replace("//", `//${PASSWORD}:${PASSWORD}@`) },
      { url: `redis://127.0.0.1:${port}`, ...login },
      { url: silent.url, ...login },
      { cluster: [server.address], ...login },
      { cluster: [`127.0.0.1:${port}`], ...login },
      { sentinel: { name: PASSWORD, nodes: [server.address], password: PASSWORD, username: PASSWORD }, timeout: 200 },
      { sentinel: { name: PASSWORD, nodes: [silent.address], password: PASSWORD, username: PASSWORD }, timeout: 200 },
    ]) {
      clean(await refused(options));
    }
  });

  it.each([
    `-ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' '${PASSWORD}'\r\n`,
    `-${WORD} wrong\r\n`,
    `-${WORD}\r\n`,
    `-WRONGPASS ${PASSWORD}\r\n`,
    `-NOAUTH ${PASSWORD}\r\n`,
    `-${PASSWORD}\r\n`,
    `!${PASSWORD.length + 4}\r\nERR ${PASSWORD}\r\n`,
    `${PASSWORD}\r\n`,
    `HTTP/1.1 400 ${PASSWORD}\r\n\r\n`,
  ])("contains no secret when the server repeats it: %j", async (reply) => {
    const fake = await FakeServer.start(([name]) => (name === "HELLO" ? reply : undefined));
    clean(await refused({ url: fake.url, username: PASSWORD, password: PASSWORD, timeout: 200 }));
    clean(await refused({ cluster: [fake.address], username: PASSWORD, password: PASSWORD, timeout: 200 }));
  });
});

/** Replies of a server that is odd or garbled, with a secret in each. */
const ODD: readonly string[] = [
  `-ERR unknown command 'x', with args beginning with: '${VALUE}'\r\n`,
  `-ERR ${VALUE}\r\n`,
  `-${WORD} ${VALUE}\r\n`,
  `-${WORD}\r\n`,
  `-${VALUE}\r\n`,
  `-WRONGTYPE ${VALUE}\r\n`,
  `-NOPERM ${VALUE}\r\n`,
  `-OOM ${VALUE}\r\n`,
  `-MISCONF ${VALUE}\r\n`,
  `-READONLY ${VALUE}\r\n`,
  `-LOADING ${VALUE}\r\n`,
  `-BUSY ${VALUE}\r\n`,
  `-CROSSSLOT ${VALUE}\r\n`,
  `-NOSCRIPT ${VALUE}\r\n`,
  `-TRYAGAIN ${VALUE}\r\n`,
  `-CLUSTERDOWN ${VALUE}\r\n`,
  `-MOVED 1 ${VALUE}:1\r\n`,
  `-MOVED ${VALUE}\r\n`,
  `-ASK 1 ${VALUE}:1\r\n`,
  `-EXECABORT ${VALUE}\r\n`,
  `!${VALUE.length + 4}\r\nERR ${VALUE}\r\n`,
  `*1\r\n*1\r\n$${WORD.length}\r\n${WORD}\r\n`,
  `*2\r\n-ERR ${VALUE}\r\n-${WORD} ${VALUE}\r\n`,
  `${VALUE}\r\n`,
  `:${VALUE}\r\n`,
  `*${VALUE}\r\n`,
];

/** The timeout of calls, in milliseconds: short, since most of them have no reply. */
const TIMEOUT = 60;

/** Closes what tests have opened. */
const endings: (() => void)[] = [];
afterAll(() => {
  for (const end of endings) end();
});

const OPEN: readonly [string, (url: string) => Promise<RedisDriver>][] = [
  ["a connection of its own", (url) => connected(() => RedisDriver.connect({ url, timeout: TIMEOUT }))],
  [
    "node-redis",
    async (url) => {
      const client = createClient({ url, RESP: 2, username: PASSWORD, password: PASSWORD });
      client.on("error", () => {});
      await client.connect();
      endings.push(() => client.destroy());
      return new RedisDriver(client, { timeout: TIMEOUT });
    },
  ],
  [
    "ioredis",
    async (url) => {
      const client = new Redis(url, { autoResendUnfulfilledCommands: false, username: PASSWORD, password: PASSWORD });
      client.on("error", () => {});
      endings.push(() => client.disconnect());
      return new RedisDriver(client, { timeout: TIMEOUT });
    },
  ],
];

describe.each(OPEN)("the error of a call over %s", (_, open) => {
  it.concurrent.each(ODD)("contains no secret when the server replies %j", async (reply) => {
    const answers: Answers = ([name]) => (/^(HELLO|CLIENT|AUTH|INFO|PING)$/i.test(name as string) ? undefined : reply);
    const fake = await FakeServer.start(answers);
    const driver = await open(fake.url);
    endings.push(() => driver.close());
    expect(await searched(driver)).toBeGreaterThan(0);
  });
});

describe("the error of a call", () => {
  it("names the command that was refused only if the driver sends it", async () => {
    let command = "";
    const fake = await FakeServer.start(([name]) =>
      /^(HELLO|CLIENT)$/.test(name as string)
        ? undefined
        : `-NOPERM this user has no permissions to run the '${command}' command\r\n`,
    );
    const driver = await RedisDriver.connect(fake.url);
    onTestFinished(() => driver.close());
    const client = new Client("app", "users", { driver, codec: text });
    for (command of ["evalsha", "cluster|slots", "swordfish", "client|swordfish", "get|swordfish"]) {
      const error = await rejection(client.incr("a"));
      expect(error).toMatchObject({ code: "ERR_DRIVER", outcome: "not-applied" });
      if (command.includes("swordfish")) expect(everythingIn(error)).not.toContain("swordfish");
      else expect(error.message).toContain(`NOPERM: ${command}`);
    }
  });

  it("contains no secret when a Cluster replies oddly", async () => {
    const search = async (reply: string): Promise<void> => {
      const fake: FakeServer = await FakeServer.start(([name]) =>
        name === "CLUSTER"
          ? `*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:${fake.port}\r\n`
          : /^(HELLO|CLIENT|PING)$/.test(name as string)
            ? undefined
            : reply,
      );
      const options = { cluster: [fake.address], timeout: 100, password: PASSWORD };
      const driver = await connected(() => RedisDriver.connect(options));
      await searched(driver);
      driver.close();
      fake.close();
    };
    await Promise.all(ODD.map(search));
  });

  it("contains no secret when a server is full or read-only, holds another type, or forbids the call", async () => {
    const server = await RedisServer.start();
    const driver = await RedisDriver.connect(server.url);
    onTestFinished(() => driver.close());
    await server.command("RPUSH", "app:users:a", VALUE);
    expect(await searched(driver)).toBeGreaterThan(0);
    await server.command("SET", "app:users:a", VALUE);
    await server.command("CONFIG", "SET", "maxmemory", "1");
    expect(await searched(driver)).toBeGreaterThan(0);
    await server.command("REPLICAOF", "127.0.0.1", "1");
    expect(await searched(driver)).toBeGreaterThan(0);
    await server.command("ACL", "SETUSER", "default", "-@all", "+acl", "+client", "+hello");
    expect(await searched(driver)).toBeGreaterThan(0);
  });

  it("contains no secret when a connection is lost, garbled, frozen or closed", async () => {
    const server = await RedisServer.start({ requirepass: PASSWORD });
    const proxy = await FaultProxy.to(server);
    const options = { url: proxy.url, password: PASSWORD, timeout: TIMEOUT };
    const driver = await connected(() => RedisDriver.connect(options));
    const reply = proxy.reply;
    proxy.reply = (_, __, { client }) => client.destroy();
    expect(await searched(driver)).toBeGreaterThan(0);
    proxy.reply = injected(`${VALUE} ${PASSWORD}\r\n`);
    await searched(driver);
    proxy.reply = reply;
    await eventually("a connection", () => new Client("app", "users", { driver }).find("a"));
    proxy.reply = () => {};
    expect(await searched(driver)).toBeGreaterThan(0);
    driver.close();
    expect(await searched(driver)).toBeGreaterThan(0);
  });

  it("contains no secret when a codec cannot read the value", async () => {
    const server = await RedisServer.start();
    const driver = await RedisDriver.connect(server.url);
    onTestFinished(() => driver.close());
    const bytes = new Client("app", "users", { driver });
    await bytes.set("a", Buffer.concat([Buffer.from(VALUE), Buffer.from([0xff])]));
    const error = await new Client("app", "users", { driver, codec: text })
      .find("a")
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "ERR_CODEC" });
    clean(error);
  });
});

describe("a driver", () => {
  it("shows no password when it is printed", async () => {
    const server = await RedisServer.start({ requirepass: PASSWORD });
    const driver = await RedisDriver.connect({ url: server.url, password: PASSWORD });
    onTestFinished(() => driver.close());
    clean(driver);
    clean(JSON.stringify(driver));
  });
});
