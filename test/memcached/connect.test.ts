import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  DriverError,
  InvalidArgumentError,
  type NamestoreError,
  NotSupportedError,
  TimeoutError,
  UnavailableError,
} from "../../src/errors.js";
import { MemcachedDriver, type MemcachedOptions } from "../../src/memcached/index.js";
import { CERTIFICATE, KEY } from "../support/certificate.js";
import { freePort } from "../support/free-port.js";
import { rejection } from "../support/promises.js";
import { FaultProxy } from "../support/proxy.js";
import { eventually, settled } from "../support/waiting.js";
import { FakeServer } from "./fake.js";
import { open } from "./opening.js";
import { MemcachedServer } from "./servers.js";

vi.setConfig({ testTimeout: 20_000 });

const TIMEOUT = 1_000;

/** The error of a connect that has to fail, within its timeout and a second. */
async function refusal(options: MemcachedOptions): Promise<NamestoreError & { outcome?: string }> {
  const { error, took } = await settled(MemcachedDriver.connect({ timeout: TIMEOUT, ...options }), TIMEOUT + 1_000);
  expect(took).toBeLessThan(TIMEOUT + 1_000);
  return error as NamestoreError;
}

describe("MemcachedDriver.connect", () => {
  it("uses localhost and the default port, or rejects with UnavailableError", async () => {
    const error = await settled(MemcachedDriver.connect({}), 6_000);
    if (error.value === undefined) expect(error.error).toBeInstanceOf(UnavailableError);
    else error.value.close();
  });

  it("rejects with UnavailableError and Node's error code when nobody listens on the port", async () => {
    const servers = `127.0.0.1:${await freePort()}`;
    const error = await refusal({ servers });
    expect(error).toBeInstanceOf(UnavailableError);
    const message = `${servers}: no connection to Memcached (ECONNREFUSED)`;
    expect(error).toMatchObject({ outcome: "not-applied", message });
  });

  it("rejects with a coded error when the host does not exist", async () => {
    const error = await refusal({ servers: "nobody.invalid" });
    expect(["ERR_UNAVAILABLE", "ERR_TIMEOUT"]).toContain(error.code);
  });

  it("rejects with TimeoutError when the server is silent, and closes the socket", async () => {
    const silent = await FakeServer.start(() => "");
    const error = await refusal({ servers: silent.address });
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ outcome: "not-applied", message: expect.stringContaining(silent.address) });
    await eventually("the end of the connection", () => silent.connections === 0);
  });

  it.each([
    ["Redis", "-ERR unknown command\r\n"],
    ["HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n"],
    ["a server that hangs up", undefined],
    ["a server that reports no limit", "END\r\n"],
    ["a server of another protocol", "HD\r\n"],
    ["a server that sends too much", "STAT item_size_max 9\r\nSTAT cas_enabled yes\r\nEND\r\nMN\r\ngarbage\r\n"],
    ["a server that sends another reply", "STAT item_size_max 9\r\nSTAT cas_enabled yes\r\nEND\r\nHD\r\n"],
  ])("rejects with UnavailableError, not applied, when it reaches %s", async (_, answer) => {
    const other = await FakeServer.start((_, socket) => {
      if (answer === undefined) socket.destroy();
      return answer ?? "";
    });
    const error = await refusal({ servers: other.address });
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error.outcome).toBe("not-applied");
    await eventually("the end of the connection", () => other.connections === 0);
  });

  it("rejects with NotSupportedError that names 1.6 when the server is older", async () => {
    const old = await FakeServer.start((line) => (line === "mn" ? "ERROR\r\n" : undefined));
    const error = await refusal({ servers: old.address });
    expect(error).toBeInstanceOf(NotSupportedError);
    expect(error.message).toContain("1.6");
    expect(error.message).toContain(old.address);
  });

  it("rejects with DriverError, not applied, when the server refuses for another reason", async () => {
    const full = await FakeServer.start(() => "SERVER_ERROR out of memory\r\n");
    const error = await refusal({ servers: full.address });
    expect(error).toBeInstanceOf(DriverError);
    expect(error).toMatchObject({ outcome: "not-applied", message: expect.stringContaining("SERVER_ERROR") });
  });

  it("names an IPv6 address in brackets", async () => {
    const error = await refusal({ servers: `[::1]:${await freePort()}` });
    expect(error.message).toMatch(/^\[::1\]:\d+: /);
  });

  it("rejects with NotSupportedError when the server requires a password", async () => {
    const guarded = await FakeServer.start(() => "CLIENT_ERROR unauthenticated\r\n");
    expect((await refusal({ servers: guarded.address })).message).toContain("password");
  });

  it("rejects with UnavailableError that names the setting when the server accepts no more connections", async () => {
    const full = await FakeServer.start((_, socket) => {
      socket.end("ERROR Too many open connections\r\n");
      return "";
    });
    const error = await refusal({ servers: full.address });
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error.message).toContain("-c");
  });

  it("connects when one of several servers answers, and to the others once they are up", async () => {
    const up = await MemcachedServer.start();
    const down = await MemcachedServer.start();
    await down.kill();
    const driver = await MemcachedDriver.connect({ servers: [up.address, down.address], timeout: TIMEOUT });
    onTestFinished(() => driver.close());
    const keys = Array.from({ length: 20 }, (_, at) => `key ${at}`);
    const set = (): Promise<PromiseSettledResult<void>[]> =>
      Promise.allSettled(keys.map(async (key) => driver.set("app:users:", key, "x", 0)));
    const outcomes = await set();
    expect(outcomes.some(({ status }) => status === "fulfilled")).toBe(true);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ outcome: "not-applied" });
    }
    expect(outcomes.some(({ status }) => status === "rejected")).toBe(true);
    await down.restart();
    await eventually("both servers", async () => (await set()).every(({ status }) => status === "fulfilled"));
  });

  it("rejects when none of several servers answers, and leaves nothing open", async () => {
    const servers = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    expect(await refusal({ servers })).toBeInstanceOf(UnavailableError);
  });

  it("rejects when one of several servers requires a password, and leaves no connection open", async () => {
    const proxy = await FaultProxy.to(await MemcachedServer.start());
    const locked = await FakeServer.start(() => "CLIENT_ERROR unauthenticated\r\n");
    const error = await refusal({ servers: [proxy.address, locked.address] });
    expect(error).toBeInstanceOf(NotSupportedError);
    await eventually("the end of the connection", () => proxy.connections === 0);
  });

  it("refuses a URL, and servers that are there and undefined", async () => {
    const url = new URL("memcached://localhost") as MemcachedOptions;
    for (const given of [url, { servers: undefined }]) {
      const error = await rejection(MemcachedDriver.connect(given));
      expect(error).toMatchObject({ code: "ERR_INVALID_ARGUMENT" });
    }
  });

  it("resolves at once when it is lazy, and its calls wait for the server", async () => {
    const server = await MemcachedServer.start();
    await server.kill();
    const driver = await MemcachedDriver.connect({ servers: server.address, timeout: 10_000, lazy: true });
    onTestFinished(() => driver.close());
    const call = driver.incr("app:users:", "a", 1, 0);
    await server.restart();
    expect(await call).toBe(1);
  });

  it("refuses new with a message that says how to connect", () => {
    const Constructor = MemcachedDriver as unknown as new (address: string) => MemcachedDriver;
    expect(() => new Constructor("localhost:11211")).toThrow(InvalidArgumentError);
    for (const given of ["localhost:11211", { servers: ["localhost:11211"] }, null]) {
      expect(() => new Constructor(given as string)).toThrow("MemcachedDriver.connect");
    }
  });

  it("connects over TLS", async () => {
    const { certificate, key } = files();
    const server = await MemcachedServer.start(["-Z", "-o", `ssl_chain_cert=${certificate},ssl_key=${key}`]);
    const { client } = await open({ servers: `localhost:${server.port}`, tls: { ca: CERTIFICATE } });
    await client.mSet({ a: "1", b: "2" });
    expect(await client.incr("a")).toBe(2);
    expect((await client.keys()).sort()).toEqual(["a", "b"]);
    const error = await refusal({ servers: server.address, tls: true });
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error.message).toContain("DEPTH_ZERO_SELF_SIGNED_CERT");
  });

  it("stores many values in one tick over TLS, bytes and large ones too", async () => {
    const { certificate, key } = files();
    const server = await MemcachedServer.start(["-Z", "-o", `ssl_chain_cert=${certificate},ssl_key=${key}`]);
    const { driver, client } = await open({ servers: `localhost:${server.port}`, tls: { ca: CERTIFICATE } });
    const keys = Array.from({ length: 200 }, (_, at) => `key-${at}`);
    const value = "é".repeat(1_000);
    const large = new Uint8Array(100_000).fill(120);
    await Promise.all([
      ...keys.map((each) => client.set(each, value)),
      driver.set("app:users:", "large", large, 0),
      driver.set("app:users:", "bytes", large.subarray(0, 100), 0),
    ]);
    expect(await client.mGet(keys)).toEqual(new Map(keys.map((each) => [each, value])));
    expect(await client.find("large")).toBe("x".repeat(100_000));
    expect(await client.find("bytes")).toBe("x".repeat(100));
  });
});

/** The certificate and its key in files that the server can read. */
function files(): { certificate: string; key: string } {
  const directory = mkdtempSync(join(tmpdir(), "namestore-memcached-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const [certificate, key] = [join(directory, "certificate.pem"), join(directory, "key.pem")];
  writeFileSync(certificate, CERTIFICATE);
  writeFileSync(key, KEY);
  return { certificate, key };
}
