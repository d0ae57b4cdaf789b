import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { DriverError, TimeoutError, UnavailableError } from "../../src/errors.js";
import { RedisDriver, type RedisOptions } from "../../src/redis/index.js";
import { freePort } from "../support/free-port.js";
import { FaultProxy, injected } from "../support/proxy.js";
import { eventually, settled } from "../support/waiting.js";
import { FakeServer } from "./fake.js";
import { open, over } from "./opening.js";
import { RedisServer } from "./servers.js";

vi.setConfig({ testTimeout: 20_000 });

const TIMEOUT = 300;

/** How connect fails; it must within its timeout and a second, or as soon as a test says. */
async function failure(options: RedisOptions, limit = TIMEOUT + 1_000): Promise<UnavailableError> {
  const { error, value } = await settled(RedisDriver.connect({ timeout: TIMEOUT, ...options }), limit);
  value?.close();
  expect(error).toBeInstanceOf(Error);
  return error as UnavailableError;
}

const listeners: Server[] = [];
afterAll(() => {
  for (const listener of listeners) listener.close();
});

/** The port of a listener of TCP. */
async function listen(listener: Server): Promise<number> {
  listeners.push(listener);
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return (listener.address() as AddressInfo).port;
}

// Loading the package for the first time may take longer than these tests allow.
beforeAll(() => import("redis"));

describe("connect fails in time, with nothing applied", () => {
  it("to a port that is silent", async () => {
    const port = await listen(createServer());
    const error = await failure({ url: `redis://127.0.0.1:${port}` });
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.outcome).toBe("not-applied");
  });

  it("to a server that is frozen", async () => {
    const server = await RedisServer.start();
    server.freeze();
    expect(await failure({ url: server.url })).toBeInstanceOf(TimeoutError);
  });

  it("to a port that nobody listens on", async () => {
    const error = await failure({ url: `redis://127.0.0.1:${await freePort()}` });
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error.outcome).toBe("not-applied");
    expect(error.message).toContain("ECONNREFUSED");
  });

  it("to a host that there is not", async () => {
    const error = await failure({ url: "redis://no.such.host.invalid", timeout: 2_000 });
    expect(["ERR_UNAVAILABLE", "ERR_TIMEOUT"]).toContain(error.code);
    expect(error.outcome).toBe("not-applied");
  });

  it("to a server of HTTP", async () => {
    const port = await listen(createHttpServer((_, response) => response.end("hello")));
    const error = await failure({ url: `redis://127.0.0.1:${port}` });
    expect(["ERR_UNAVAILABLE", "ERR_TIMEOUT"]).toContain(error.code);
    expect(error.outcome).toBe("not-applied");
  });

  it("to a server that speaks and stays", async () => {
    const port = await listen(createServer((socket) => socket.write("220 mail.example ESMTP\r\n")));
    const error = await failure({ url: `redis://127.0.0.1:${port}` });
    expect(["ERR_UNAVAILABLE", "ERR_TIMEOUT"]).toContain(error.code);
  });

  it("to a server that hangs up", async () => {
    const port = await listen(createServer((socket) => socket.destroy()));
    expect(await failure({ url: `redis://127.0.0.1:${port}` })).toBeInstanceOf(UnavailableError);
  });

  it("to a server without TLS, asked for TLS", async () => {
    const server = await RedisServer.start();
    const error = await failure({ url: server.url.replace("redis:", "rediss:") });
    expect(["ERR_UNAVAILABLE", "ERR_TIMEOUT"]).toContain(error.code);
  });

  it("to a database that there is not", async () => {
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

  it("with a right missing that connecting needs", async () => {
    const server = await RedisServer.start();
    await server.command("ACL", "SETUSER", "service", "on", ">password", "~*", "+@all", "-select");
    const error = await failure({ url: server.url, username: "service", password: "password", database: 1 });
    expect(error).toBeInstanceOf(DriverError);
    expect(error.message).toContain("NOPERM");
    expect(error.message).not.toContain("password");
  });

  it("to a server that is full of clients: it may have room later", async () => {
    const full = await FakeServer.start(() => "-ERR max number of clients reached\r\n");
    expect(await failure({ url: full.url })).toBeInstanceOf(UnavailableError);
  });

  it("without the package redis", async () => {
    vi.resetModules();
    vi.doMock("redis", () => {
      throw new Error("Cannot find package 'redis'");
    });
    onTestFinished(() => {
      vi.doUnmock("redis");
      vi.resetModules();
    });
    const { RedisDriver: Alone } = await import("../../src/redis/index.js");
    const { error } = await settled(Alone.connect({}), TIMEOUT + 1_000);
    expect(error).toMatchObject({ code: "ERR_NOT_SUPPORTED", message: expect.stringContaining("package redis") });
  });

  it("to a server that is no Cluster, asked for one", async () => {
    const server = await RedisServer.start();
    const error = await failure({ cluster: [server.address] });
    expect(error).toMatchObject({ code: "ERR_NOT_SUPPORTED", message: expect.stringContaining("option url") });
    await eventually("no connection", async () => Number(await server.info("connected_clients")) === 1);
  });

  it("to Sentinels that are silent, or know no such primary", async () => {
    const silent = await listen(createServer());
    const sentinel = await RedisServer.start({}, ["--sentinel"]);
    const nodes = [`127.0.0.1:${silent}`, sentinel.address];
    expect((await failure({ sentinel: { name: "nobody", nodes } })).outcome).toBe("not-applied");
    expect((await failure({ sentinel: { name: "nobody", nodes: nodes.slice(0, 1) } })).outcome).toBe("not-applied");
  });
});

describe("what a failed connect leaves behind", () => {
  it("is no connection", async () => {
    const fake = await FakeServer.start((command) => (command[0] === "HELLO" ? "" : undefined));
    await failure({ url: fake.url });
    await eventually("no connection", () => fake.connections === 0, 1_000);
  });

  it("is no connection to the next node of a Cluster", async () => {
    const silent = await listen(createServer());
    const fake = await FakeServer.start((command) => (command[0] === "CLUSTER" ? "*0\r\n" : undefined));
    await settled(
      RedisDriver.connect({ cluster: [`127.0.0.1:${silent}`, fake.address], timeout: TIMEOUT }).then((driver) =>
        driver.close(),
      ),
      TIMEOUT + 1_000,
    );
    await new Promise((resolve) => setTimeout(resolve, 2 * TIMEOUT));
    expect(fake.connections).toBe(0);
  });
});

describe("one node of a Cluster that answers is enough", () => {
  it("though the first is silent", async () => {
    const silent = await listen(createServer());
    const fake = await FakeServer.start(([name], socket) =>
      name === "CLUSTER" ? `*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:${socket.localPort}\r\n` : "+OK\r\n",
    );
    const { error, value } = await settled(
      RedisDriver.connect({ cluster: [`127.0.0.1:${silent}`, fake.address], timeout: 1_000 }),
      2_000,
    );
    expect(error).toBeUndefined();
    value?.close();
  });

  it("though the first refuses", async () => {
    const fake = await FakeServer.start(([name], socket) =>
      name === "CLUSTER" ? `*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:${socket.localPort}\r\n` : "+OK\r\n",
    );
    const cluster = [`127.0.0.1:${await freePort()}`, fake.address];
    // It does not wait for the share of its time that the first has.
    const { error, value } = await settled(RedisDriver.connect({ cluster, timeout: 10_000 }), 2_000);
    expect(error).toBeUndefined();
    value?.close();
  });
});

describe("passwords", () => {
  const right = "right-password";
  const wrong = "wrong-password";

  it("a wrong one, or none, is refused within the timeout, and not tried again", async () => {
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

  it("a wrong one is refused at once by a node of a Cluster", async () => {
    const server = await RedisServer.start({ requirepass: right });
    const error = await failure({ cluster: [server.address], password: wrong, timeout: 10_000 }, 2_000);
    expect(error).toBeInstanceOf(DriverError);
    expect(error.outcome).toBe("not-applied");
    expect(error.message).toContain("WRONGPASS");
  });

  it("are taken from the URL, percent-decoded, and from the options first", async () => {
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

  it("one that is rotated while connected: calls go on; after a reconnect they fail in time, until it is back", async () => {
    const server = await RedisServer.start({ requirepass: right });
    const proxy = await FaultProxy.to(server);
    const { client } = await open({ url: proxy.url, password: right, timeout: TIMEOUT });
    await client.set("a", "1");
    await server.command("CONFIG", "SET", "requirepass", wrong);
    server.password = wrong;
    await client.set("a", "2");
    await server.killClients();
    await eventually("a call that finds no connection", async () => {
      const { error } = await settled(client.incr("b"), TIMEOUT + 1_000);
      return error instanceof TimeoutError && error.outcome === "not-applied";
    });
    // With growing pauses, not as fast as it can.
    expect(proxy.accepted).toBeLessThan(12);
    await server.command("CONFIG", "SET", "requirepass", right);
    server.password = right;
    await eventually("a call that succeeds", () => client.set("a", "3"), 2_000);
    expect(await client.find("a")).toBe("3");
    expect(await client.find("b")).toBeUndefined();
  });

  it("one that is rotated while Redis throws everybody out: likewise", async () => {
    const server = await RedisServer.start({ user: `alice on >${right} ~* &* +@all` });
    const { client } = await open({ url: server.url, username: "alice", password: right, timeout: TIMEOUT });
    await client.set("a", "1");
    await server.command("ACL", "DELUSER", "alice");
    await eventually(
      "a failure",
      async () => (await settled(client.set("a", "2"), TIMEOUT + 1_000)).error !== undefined,
    );
    await server.command("ACL", "SETUSER", "alice", "on", `>${right}`, "~*", "&*", "+@all");
    await eventually("a call that succeeds", () => client.set("a", "3"), 2_000);
  });
});

describe("a driver", () => {
  it("has its own connection each, and closes only that", async () => {
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

  it("connects to localhost unless it is told where", async () => {
    const { error, value } = await settled(RedisDriver.connect({ timeout: TIMEOUT }), TIMEOUT + 1_000);
    // Somebody's server may listen there.
    value?.close();
    if (error !== undefined) expect(error).toBeInstanceOf(UnavailableError);
  });

  it("reads a greeting that is garbled as no connection", async () => {
    const server = await RedisServer.start();
    const proxy = await FaultProxy.to(server);
    proxy.reply = injected("garbage\r\n");
    const error = await failure({ url: proxy.url });
    expect(["ERR_UNAVAILABLE", "ERR_TIMEOUT"]).toContain(error.code);
    await eventually("no connection", () => proxy.connections === 0, 1_000);
  });
});
