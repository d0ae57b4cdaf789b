import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  DriverError,
  type NamestoreError,
  NotSupportedError,
  TimeoutError,
  UnavailableError,
} from "../../src/errors.js";
import { noop } from "../../src/memcached/commands.js";
import { MemcachedDriver, type MemcachedOptions } from "../../src/memcached/index.js";
import { Request } from "../../src/memcached/request.js";
import { Server } from "../../src/memcached/server.js";
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

  it("rejects when one of several servers is down, and leaves no connection open", async () => {
    const proxy = await FaultProxy.to(await MemcachedServer.start());
    const error = await refusal({ servers: [proxy.address, `127.0.0.1:${await freePort()}`] });
    expect(error).toBeInstanceOf(UnavailableError);
    await eventually("the end of the connection", () => proxy.connections === 0);
  });

  it("leaves no timer when it is closed while it connects", async () => {
    const fake = await FakeServer.start();
    const [host, port] = fake.address.split(":") as [string, string];
    const server = new Server({ host, port: Number(port), weight: 1 }, undefined, TIMEOUT);
    const intervals = vi.spyOn(globalThis, "setInterval");
    const cleared = vi.spyOn(globalThis, "clearInterval");
    onTestFinished(() => void vi.restoreAllMocks());
    const connecting = rejection<UnavailableError>(server.connect());
    // It may only be sent on another connection, so it fails as soon as there is one.
    server.send(
      new Request({
        command: noop(),
        deadline: Number.POSITIVE_INFINITY,
        signal: undefined,
        epoch: 7,
        resolve: () => {},
        reject: () => server.close(),
      }),
    );
    expect(await connecting).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    for (const { value } of intervals.mock.results) expect(cleared).toHaveBeenCalledWith(value);
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
