import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { DriverError, OutcomeError, TimeoutError, UnavailableError } from "../../src/errors.js";
import { RedisDriver, type RedisOptions } from "../../src/redis/index.js";
import { LONG_TIMEOUT, PATIENCE, RECOVERY } from "../network/connecting.js";
import { freePort } from "../support/free-port.js";
import { FaultProxy, injected } from "../support/proxy.js";
import { eventually, settled } from "../support/waiting.js";
import { FakeServer } from "./fake.js";
import { open, over } from "./opening.js";
import { RedisServer } from "./servers.js";

vi.setConfig({ testTimeout: 60_000 });

/** The timeout in tests about servers that do not answer, in milliseconds. */
const TIMEOUT = 300;

/** The error that connect rejects with, which must come soon. */
async function failure(options: RedisOptions): Promise<UnavailableError> {
  const { error, value } = await settled(RedisDriver.connect({ timeout: LONG_TIMEOUT, ...options }), PATIENCE);
  value?.close();
  expect(error).toBeInstanceOf(Error);
  return error as UnavailableError;
}

const listeners: Server[] = [];
afterAll(() => {
  for (const listener of listeners) listener.close();
});

/** Listens on a free port. Resolves to the port. */
async function listen(listener: Server): Promise<number> {
  listeners.push(listener);
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return (listener.address() as AddressInfo).port;
}

// To load the package for the first time may take longer than these tests allow.
beforeAll(() => import("redis"));

describe("connect", () => {
  it("rejects with TimeoutError, not applied, when the server is silent", async () => {
    const port = await listen(createServer());
    const error = await failure({ url: `redis://127.0.0.1:${port}`, timeout: TIMEOUT });
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.outcome).toBe("not-applied");
  });

  it("rejects with TimeoutError when the server is frozen", async () => {
    const server = await RedisServer.start();
    server.freeze();
    expect(await failure({ url: server.url, timeout: TIMEOUT })).toBeInstanceOf(TimeoutError);
  });

  it("rejects with UnavailableError at once when nobody listens on the port", async () => {
    const error = await failure({ url: `redis://127.0.0.1:${await freePort()}` });
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error.outcome).toBe("not-applied");
    expect(error.message).toContain("ECONNREFUSED");
  });

  it("rejects as not applied when the host does not exist", async () => {
    const error = await failure({ url: "redis://no.such.host.invalid", timeout: 2_000 });
    expect(["ERR_UNAVAILABLE", "ERR_TIMEOUT"]).toContain(error.code);
    expect(error.outcome).toBe("not-applied");
  });

  it("rejects as not applied when the server speaks HTTP", async () => {
    const port = await listen(createHttpServer((_, response) => response.end("hello")));
    const error = await failure({ url: `redis://127.0.0.1:${port}`, timeout: TIMEOUT });
    expect(["ERR_UNAVAILABLE", "ERR_TIMEOUT"]).toContain(error.code);
    expect(error.outcome).toBe("not-applied");
  });

  it("rejects when the server speaks another protocol and keeps the connection open", async () => {
    const port = await listen(createServer((socket) => socket.write("220 mail.example ESMTP\r\n")));
    const error = await failure({ url: `redis://127.0.0.1:${port}`, timeout: TIMEOUT });
    expect(["ERR_UNAVAILABLE", "ERR_TIMEOUT"]).toContain(error.code);
  });

  it("rejects with UnavailableError at once when the server closes the connection", async () => {
    const port = await listen(createServer((socket) => socket.destroy()));
    expect(await failure({ url: `redis://127.0.0.1:${port}` })).toBeInstanceOf(UnavailableError);
  });

  it("rejects when TLS is asked for and the server speaks none", async () => {
    const server = await RedisServer.start();
    const error = await failure({ url: server.url.replace("redis:", "rediss:"), timeout: TIMEOUT });
    expect(["ERR_UNAVAILABLE", "ERR_TIMEOUT"]).toContain(error.code);
  });

  it("rejects with DriverError when the database does not exist", async () => {
    const server = await RedisServer.start({ databases: 2 });
    const error = await failure({ url: `${server.url}/2` });
    expect(error).toBeInstanceOf(DriverError);
    expect(error).toMatchObject({
      message: expect.stringContaining("Redis has no such database"),
      outcome: "not-applied",
    });
    const { client } = await open(`${server.url}/1`);
    await client.set("a", "1");
    expect(await server.command("DBSIZE")).toBe(0);
    expect(await server.info("db1")).toContain("keys=1");
  });

  it("rejects with DriverError when the user lacks a right that connecting needs", async () => {
    const server = await RedisServer.start();
    await server.command("ACL", "SETUSER", "service", "on", ">password", "~*", "+@all", "-select");
    const error = await failure({ url: server.url, username: "service", password: "password", database: 1 });
    expect(error).toBeInstanceOf(DriverError);
    expect(error.message).toContain("NOPERM");
    expect(error.message).not.toContain("password");
  });

  it("rejects with UnavailableError when the server has too many clients, since it may have room later", async () => {
    const full = await FakeServer.start(() => "-ERR max number of clients reached\r\n");
    expect(await failure({ url: full.url })).toBeInstanceOf(UnavailableError);
  });

  it("rejects with NotSupportedError when the package redis is not installed", async () => {
    const missing = Object.assign(new Error("Cannot find package 'redis' imported from here"), {
      code: "ERR_MODULE_NOT_FOUND",
    });
    vi.resetModules();
    // An import of a module that exports `then` settles as that says: the only way to have it reject with this code.
    let installed = true;
    vi.doMock("redis", () => ({
      // biome-ignore lint/suspicious/noThenProperty: it is what makes the import reject.
      get then() {
        return installed ? undefined : (_: unknown, reject: (error: unknown) => void) => reject(missing);
      },
    }));
    onTestFinished(() => {
      vi.doUnmock("redis");
      vi.resetModules();
    });
    const { RedisDriver: Alone } = await import("../../src/redis/index.js");
    await import("redis");
    installed = false;
    const { error } = await settled(Alone.connect({}), PATIENCE);
    expect(error).toMatchObject({
      code: "ERR_NOT_SUPPORTED",
      message: expect.stringContaining("the package redis, an optional peer dependency, is not installed"),
    });
  });

  it("rejects with NotSupportedError when a Cluster is asked for and the server is not part of one", async () => {
    const server = await RedisServer.start();
    const error = await failure({ cluster: [server.address] });
    expect(error).toMatchObject({ code: "ERR_NOT_SUPPORTED", message: expect.stringContaining("option url") });
    await eventually("no connection", async () => Number(await server.info("connected_clients")) === 1);
  });

  it("rejects as not applied when Sentinels are silent, or know no such primary", async () => {
    const silent = await listen(createServer());
    const sentinel = await RedisServer.start({}, ["--sentinel"]);
    const nodes = [`127.0.0.1:${silent}`, sentinel.address];
    expect((await failure({ sentinel: { name: "nobody", nodes }, timeout: TIMEOUT })).outcome).toBe("not-applied");
    expect((await failure({ sentinel: { name: "nobody", nodes: nodes.slice(0, 1) }, timeout: TIMEOUT })).outcome).toBe(
      "not-applied",
    );
  });
});

describe("a connect that failed", () => {
  it("leaves no connection open", async () => {
    const fake = await FakeServer.start((command) => (command[0] === "HELLO" ? "" : undefined));
    await failure({ url: fake.url, timeout: TIMEOUT });
    await eventually("no connection", () => fake.connections === 0);
  });

  it("leaves no connection to any node of a Cluster open", async () => {
    const silent = await listen(createServer());
    const fake = await FakeServer.start((command) => (command[0] === "CLUSTER" ? "*0\r\n" : undefined));
    await settled(
      RedisDriver.connect({ cluster: [`127.0.0.1:${silent}`, fake.address], timeout: TIMEOUT }).then((driver) =>
        driver.close(),
      ),
      PATIENCE,
    );
    await eventually("no connection", () => fake.connections === 0);
    // A connection that comes late is closed too.
    await new Promise((resolve) => setTimeout(resolve, 2 * TIMEOUT));
    expect(fake.connections).toBe(0);
  });
});

describe("connect to a Cluster", () => {
  it("succeeds by the second node when the first is silent", async () => {
    const silent = await listen(createServer());
    const fake = await FakeServer.start(([name], socket) =>
      name === "CLUSTER" ? `*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:${socket.localPort}\r\n` : "+OK\r\n",
    );
    const { error, value } = await settled(
      RedisDriver.connect({ cluster: [`127.0.0.1:${silent}`, fake.address], timeout: 4 * TIMEOUT }),
      PATIENCE,
    );
    expect(error).toBeUndefined();
    value?.close();
  });

  it("succeeds at once by the second node when the first refuses", async () => {
    const fake = await FakeServer.start(([name], socket) =>
      name === "CLUSTER" ? `*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:${socket.localPort}\r\n` : "+OK\r\n",
    );
    const cluster = [`127.0.0.1:${await freePort()}`, fake.address];
    // It does not wait for the time that the first node may take.
    const { error, value } = await settled(RedisDriver.connect({ cluster, timeout: LONG_TIMEOUT }), PATIENCE);
    expect(error).toBeUndefined();
    value?.close();
  });
});

describe("a password", () => {
  const right = "right-password";
  const wrong = "wrong-password";

  it("that is wrong or missing makes connect reject with DriverError, after one attempt", async () => {
    const server = await RedisServer.start({ requirepass: right });
    const proxy = await FaultProxy.to(server);
    for (const password of [wrong, undefined]) {
      const error = await failure({ url: proxy.url, password });
      expect(error).toBeInstanceOf(DriverError);
      expect(error.outcome).toBe("not-applied");
      expect(error.message).toMatch(/WRONGPASS|NOAUTH/);
    }
    expect(proxy.accepted).toBe(2);
  });

  it("that is wrong makes connect to a Cluster reject with DriverError at once", async () => {
    const server = await RedisServer.start({ requirepass: right });
    const error = await failure({ cluster: [server.address], password: wrong });
    expect(error).toBeInstanceOf(DriverError);
    expect(error.outcome).toBe("not-applied");
    expect(error.message).toContain("WRONGPASS");
  });

  it("is read from the options, or else from the URL, percent-decoded", async () => {
    const odd = "p@ss:w/ord%";
    const server = await RedisServer.start({ requirepass: `"${odd}"`, user: `alice on ">${odd}2" ~* +@all` });
    server.password = odd;
    const at = (login: string): string => server.url.replace("//", `//${login}@`);
    for (const options of [
      { url: at(`:${encodeURIComponent(odd)}`) },
      { url: at(`alice:${encodeURIComponent(`${odd}2`)}`) },
      { url: at(`bob:${wrong}`), username: "alice", password: `${odd}2` },
      { url: server.url, password: odd },
    ]) {
      const { client } = await open(options);
      await client.set("a", "1");
    }
  });

  it("that was changed on the server matters at the next reconnect, and calls fail in time until it is back", async () => {
    const server = await RedisServer.start({ requirepass: right });
    const proxy = await FaultProxy.to(server);
    const { client } = await open({ url: proxy.url, password: right, timeout: TIMEOUT });
    await eventually("a write", () => client.set("a", "1"));
    await server.command("CONFIG", "SET", "requirepass", wrong);
    server.password = wrong;
    await eventually("a write", () => client.set("a", "2"));
    expect(proxy.accepted).toBe(1);
    const start = performance.now();
    await server.killClients();
    await eventually("a call that finds no connection", async () => {
      const { error } = await settled(client.incr("b"), TIMEOUT + PATIENCE);
      return error instanceof OutcomeError && error.outcome === "not-applied";
    });
    // It pauses between the attempts, longer each time.
    expect(proxy.accepted).toBeLessThan(12 + (performance.now() - start) / 1_000);
    await server.command("CONFIG", "SET", "requirepass", right);
    server.password = right;
    await eventually("a call that succeeds", () => client.set("a", "3"), RECOVERY);
    expect(await client.find("a")).toBe("3");
    expect(await client.find("b")).toBeUndefined();
  });

  it("whose user was deleted makes calls fail in time until the user is back", async () => {
    const server = await RedisServer.start({ user: `alice on >${right} ~* &* +@all` });
    const { client } = await open({ url: server.url, username: "alice", password: right, timeout: TIMEOUT });
    await eventually("a write", () => client.set("a", "1"));
    await server.command("ACL", "DELUSER", "alice");
    await eventually(
      "a failure",
      async () => (await settled(client.set("a", "2"), TIMEOUT + PATIENCE)).error !== undefined,
    );
    await server.command("ACL", "SETUSER", "alice", "on", `>${right}`, "~*", "&*", "+@all");
    await eventually("a call that succeeds", () => client.set("a", "3"), RECOVERY);
  });
});

describe("a driver", () => {
  it("has a connection of its own, and closes only that", async () => {
    const server = await RedisServer.start();
    const first = await open(server.url);
    const second = await open(server.url);
    first.driver.close();
    first.driver.close();
    await second.client.set("a", "1");
    await expect(over(first.driver).find("a")).rejects.toMatchObject({
      code: "ERR_UNAVAILABLE",
      outcome: "not-applied",
    });
    await eventually("one connection", async () => Number(await server.info("connected_clients")) === 2);
  });

  it("is closed by await using", async () => {
    const server = await RedisServer.start();
    const { driver, client } = await open(server.url);
    await driver[Symbol.asyncDispose]();
    await expect(client.find("a")).rejects.toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    await eventually("no connection", async () => Number(await server.info("connected_clients")) === 1);
  });

  it("connects to localhost by default", async () => {
    const { error, value } = await settled(RedisDriver.connect({ timeout: LONG_TIMEOUT }), PATIENCE);
    // A server may listen there.
    value?.close();
    if (error !== undefined) expect(error).toBeInstanceOf(UnavailableError);
  });

  it("does not connect if the handshake is garbled", async () => {
    const server = await RedisServer.start();
    const proxy = await FaultProxy.to(server);
    proxy.reply = injected("garbage\r\n");
    const error = await failure({ url: proxy.url, timeout: TIMEOUT });
    expect(["ERR_UNAVAILABLE", "ERR_TIMEOUT"]).toContain(error.code);
    await eventually("no connection", () => proxy.connections === 0);
  });
});
