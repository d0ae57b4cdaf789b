import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { NamestoreError } from "../../src/index.js";
import { type RedisConnection, RedisDriver } from "../../src/redis/index.js";
import { rejection } from "../support/promises.js";
import { FaultProxy } from "../support/proxy.js";
import { eventually } from "../support/waiting.js";
import { FakeServer } from "./fake.js";
import { open, over } from "./opening.js";
import { RedisServer } from "./servers.js";

vi.setConfig({ testTimeout: 30_000 });

describe("a server that has become a replica", () => {
  it("is replaced by the server that its address leads to by then", async () => {
    const primary = await RedisServer.start();
    const replica = await RedisServer.start({ "repl-diskless-sync-delay": 0, replicaof: `127.0.0.1 ${primary.port}` });
    await eventually("replication", async () => (await replica.info("master_link_status")) === "up");
    const proxy = await FaultProxy.to(primary);
    const { client } = await open({ url: proxy.url, timeout: 10_000 });
    await client.set("a", "1");
    await replica.command("REPLICAOF", "NO", "ONE");
    await primary.command("REPLICAOF", "127.0.0.1", String(replica.port));
    // The open connection still leads to the old primary.
    proxy.target = replica.port;
    expect(await rejection(client.set("a", "2"))).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    await eventually("a write", () => client.set("a", "3"));
    expect(await replica.command("GET", "app:users:a")).toBe("3");
  });

  it("is connected to again only after growing pauses while its address still leads to it", async () => {
    const fake = await FakeServer.start(([name]) =>
      name === "SET" ? "-READONLY You can't write against a read only replica.\r\n" : undefined,
    );
    const proxy = await FaultProxy.to(fake);
    const { client } = await open({ url: proxy.url, timeout: 10_000 });
    const start = performance.now();
    for (let round = 0; round < 5; round++) await rejection(client.set("a", "1"));
    expect(proxy.accepted).toBeLessThanOrEqual(6);
    // 20, 40, 80 and 160 ms, less a quarter.
    expect(performance.now() - start).toBeGreaterThan(200);
  });
});

describe("a server that refuses to serve", () => {
  const READONLY = "-READONLY You can't write against a read only replica.\r\n";

  it("refuses what was sent together, not applied, before its connection is dropped", async () => {
    const fake = await FakeServer.start(([name]) => (name === "SET" ? READONLY : undefined));
    const { client } = await open({ url: fake.url, timeout: 10_000 });
    const calls = Array.from({ length: 50 }, (_, at) => rejection(client.setNX(`key ${at}`, "1")));
    for (const error of await Promise.all(calls)) {
      expect(error).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    }
  });

  it("loses its connection after a while when another reply does not come", async () => {
    const fake = await FakeServer.start(([name]) => (name === "SET" ? READONLY : undefined));
    const proxy = await FaultProxy.to(fake);
    const { client } = await open({ url: proxy.url, timeout: 20_000 });
    const write = rejection(client.set("a", "1"));
    const read = rejection(client.find("a"));
    await write;
    expect(await read).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
    await eventually("another connection", () => proxy.accepted > 1);
  });

  it("is asked again after growing pauses although it answers reads", async () => {
    const fake = await FakeServer.start(([name]) =>
      name === "SET" ? READONLY : name === "MGET" ? "*1\r\n$-1\r\n" : undefined,
    );
    const proxy = await FaultProxy.to(fake);
    const { client } = await open({ url: proxy.url, timeout: 20_000 });
    const end = performance.now() + 2_000;
    while (performance.now() < end) {
      await Promise.allSettled([client.find("a"), client.set("a", "1")]);
    }
    expect(proxy.accepted).toBeLessThan(15);
  });
});

describe("Sentinels that disagree", () => {
  /** A Sentinel that names this primary. */
  const naming = ({ port }: { port: number }): Promise<FakeServer> =>
    FakeServer.start(([name]) =>
      name === "SENTINEL" ? `*2\r\n$9\r\n127.0.0.1\r\n$${String(port).length}\r\n${port}\r\n` : undefined,
    );

  it.each([
    ["is gone", async () => ({ port: 1 })],
    ["is a replica", async () => FakeServer.start(([name]) => (name === "ROLE" ? "*1\r\n$5\r\nslave\r\n" : undefined))],
  ])("are asked one after the other if the primary that the first one names %s", async (_, wrong) => {
    const primary = await RedisServer.start();
    const sentinels = [await naming(await wrong()), await naming(primary)];
    const nodes = sentinels.map(({ address }) => address);
    const { client } = await open({ sentinel: { name: "main", nodes }, timeout: 10_000 });
    await client.set("a", "1");
    expect(await primary.command("GET", "app:users:a")).toBe("1");
  });

  it("leave time for the second one if the primary that the first one names is silent", async () => {
    const primary = await RedisServer.start();
    const silent = await RedisServer.start();
    silent.freeze();
    const nodes = [(await naming(silent)).address, (await naming(primary)).address];
    const { client } = await open({ sentinel: { name: "main", nodes }, timeout: 4_000 });
    await client.set("a", "1");
    expect(await primary.command("GET", "app:users:a")).toBe("1");
  });
});

describe("a server that does not support RESP3 or a command", () => {
  it.each([
    ["refuses RESP3", "-NOPROTO unsupported protocol version\r\n", "HELLO 3"],
    ["does not know HELLO", "-ERR unknown command 'HELLO', with args beginning with: '3' \r\n", "HELLO 3"],
  ])("makes connect reject with NotSupportedError when it %s", async (_, reply, part) => {
    const fake = await FakeServer.start(([name]) => (name === "HELLO" ? reply : undefined));
    const error = await rejection(RedisDriver.connect({ url: fake.url, timeout: 10_000 }));
    expect(error).toMatchObject({ code: "ERR_NOT_SUPPORTED", message: expect.stringContaining(part) });
    expect(error.message).toContain(fake.address);
  });

  it("makes a call reject with NotSupportedError, which names the command that was renamed", async () => {
    const server = await RedisServer.start({
      "rename-command": ["UNLINK unlink-elsewhere", "PEXPIRE pexpire-elsewhere"],
    });
    const { client } = await open(server.url);
    await client.set("a", "1");
    const error = await rejection(client.delete("a"));
    expect(error).toMatchObject({ code: "ERR_NOT_SUPPORTED", message: expect.stringContaining("UNLINK") });
    expect(await client.find("a")).toBe("1");
    expect(await rejection(client.expire("a", "1h"))).toMatchObject({ code: "ERR_NOT_SUPPORTED" });
  });

  it("does not have its word for a command repeated, unless the driver sends that command", async () => {
    const fake = await FakeServer.start(([name]) =>
      name === "SET" ? "-ERR unknown command 'swordfish', with args beginning with: 'secret'\r\n" : undefined,
    );
    const { client } = await open(fake.url);
    const error = await rejection<NamestoreError>(client.set("a", "1"));
    expect(error.code).toBe("ERR_DRIVER");
    expect(error.message).not.toContain("swordfish");
  });
});

describe("a URL", () => {
  it("may be an object of the class URL, which is read as its string is", async () => {
    const server = await RedisServer.start();
    const driver = await RedisDriver.connect(new URL(server.url));
    onTestFinished(() => driver.close());
    await driver.set("app:users:", "a", "1", 0);
    expect(await server.command("GET", "app:users:a")).toBe("1");
  });

  it("is refused when it is there and undefined, as from a variable that is not set", async () => {
    const error = await rejection(RedisDriver.connect({ url: undefined }));
    expect(error).toMatchObject({ code: "ERR_INVALID_ARGUMENT", message: expect.stringContaining("url is undefined") });
  });

  it("is refused when its password is empty", async () => {
    for (const url of ["redis://:@localhost", "redis://svc:@localhost"]) {
      expect(await rejection(RedisDriver.connect(url))).toMatchObject({ code: "ERR_INVALID_ARGUMENT" });
    }
  });
});

describe("what is not Redis", () => {
  it("fails connect at once when it is Memcached", async () => {
    const memcached = await FakeServer.start(() => "ERROR\r\n");
    const start = performance.now();
    const error = await rejection(RedisDriver.connect({ url: memcached.url, timeout: 20_000 }));
    expect(error).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    expect(error.message).toContain("no Redis answered");
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  it("is suspected to be a plain port when TLS is not answered", async () => {
    const plain = await RedisServer.start();
    const error = await rejection(RedisDriver.connect({ url: plain.url.replace("redis:", "rediss:"), timeout: 500 }));
    expect(error.message).toMatch(/is it a plain port|no connection to Redis \(/);
  });
});

describe("the package redis", () => {
  /** Connects with another package in its place. */
  async function connectWith(replacement: () => object): Promise<Error & { code: string }> {
    vi.resetModules();
    vi.doMock("redis", replacement);
    onTestFinished(() => {
      vi.doUnmock("redis");
      vi.resetModules();
    });
    const { RedisDriver: Mocked } = await import("../../src/redis/index.js");
    return rejection(Mocked.connect({ timeout: 10_000 }));
  }

  it("is refused if it is too old to return bytes", async () => {
    const error = await connectWith(() => ({ createClient: () => ({ duplicate() {} }) }));
    expect(error).toMatchObject({ code: "ERR_NOT_SUPPORTED", message: expect.stringContaining("5.6 or later") });
  });

  it("is reported as not loadable, rather than missing, if it fails to load", async () => {
    const error = await connectWith(() => {
      throw new Error("broken");
    });
    expect(error).toMatchObject({ code: "ERR_NOT_SUPPORTED", message: expect.stringContaining("cannot be loaded") });
  });
});

describe("a client that was passed in and refuses a call itself", () => {
  it.each([
    "The queue is full",
    "The client is closed",
    "The client is offline",
    "Stream isn't writeable and enableOfflineQueue options is false",
    "Cluster isn't ready and enableOfflineQueue options is false",
  ])("makes the call reject as not applied: %s", async (message) => {
    const connection: RedisConnection = {
      isReady: true,
      isOpen: true,
      socketEpoch: 1,
      sendCommand: () => Promise.reject(new Error(message)),
    };
    const client = over(new RedisDriver(connection));
    expect(await rejection(client.set("a", "1"))).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
  });

  it("makes the call reject as unknown if the connection was closed", async () => {
    const connection: RedisConnection = {
      isReady: true,
      isOpen: true,
      socketEpoch: 1,
      sendCommand: () => Promise.reject(new Error("Connection is closed.")),
    };
    const client = over(new RedisDriver(connection));
    expect(await rejection(client.set("a", "1"))).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
  });
});
