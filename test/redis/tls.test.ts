import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { RedisDriver, type RedisOptions } from "../../src/redis/index.js";
import { LONG_TIMEOUT } from "../network/connecting.js";
import { CERTIFICATE, KEY } from "../support/certificate.js";
import { freePort } from "../support/free-port.js";
import { rejection } from "../support/promises.js";
import { FakeServer } from "./fake.js";
import { open } from "./opening.js";
import { RedisServer } from "./servers.js";

vi.setConfig({ testTimeout: 60_000 });

const directory = mkdtempSync(join(tmpdir(), "namestore-tls-"));
afterAll(() => rmSync(directory, { recursive: true }));
const files = { certificate: join(directory, "certificate.pem"), key: join(directory, "key.pem") };
writeFileSync(files.certificate, CERTIFICATE);
writeFileSync(files.key, KEY);

const port = await freePort();
await RedisServer.start({
  "tls-port": port,
  "tls-cert-file": files.certificate,
  "tls-key-file": files.key,
  "tls-ca-cert-file": files.certificate,
  "tls-auth-clients": "optional",
});

describe("TLS", () => {
  it.each<[string, RedisOptions]>([
    ["it is asked for by the URL, with options", { url: `rediss://localhost:${port}`, tls: { ca: CERTIFICATE } }],
    ["it is asked for by an option", { url: `redis://127.0.0.1:${port}`, tls: { ca: CERTIFICATE } }],
    [
      "the client has a certificate",
      { url: `rediss://127.0.0.1:${port}`, tls: { ca: CERTIFICATE, cert: CERTIFICATE, key: KEY } },
    ],
    [
      "its options name another address",
      {
        url: `rediss://localhost:${port}`,
        tls: { ca: CERTIFICATE, host: "127.0.0.2", port: 1, reconnectStrategy: 1 } as object,
      },
    ],
    [
      "its options turn the check of certificates off",
      { url: `rediss://127.0.0.1:${port}`, tls: { rejectUnauthorized: false } },
    ],
  ])("works if %s", async (_, options) => {
    const { client } = await open(options);
    await client.set("a", "1");
    expect(await client.find("a")).toBe("1");
  });

  it.each<[string, RedisOptions]>([
    ["a certificate that no authority has signed", { url: `rediss://localhost:${port}` }],
    [
      "a certificate that no authority has signed, if TLS is asked for by an option",
      { url: `redis://localhost:${port}`, tls: true },
    ],
    [
      "a certificate of another host",
      { url: `rediss://127.0.0.1:${port}`, tls: { ca: CERTIFICATE, servername: "example.com" } },
    ],
  ])("refuses %s", async (_, options) => {
    const error = await rejection(RedisDriver.connect({ timeout: LONG_TIMEOUT, ...options }));
    expect(error).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    expect(error.message).toMatch(/SELF_SIGNED|ALTNAME/);
  });

  it("is not used if nobody asked for it", async () => {
    const error = await rejection<Error & { code: string }>(
      RedisDriver.connect({ timeout: 300, url: `redis://localhost:${port}` }),
    );
    expect(["ERR_UNAVAILABLE", "ERR_TIMEOUT"]).toContain(error.code);
  });

  it("is not switched off by its own options", async () => {
    const commands: string[] = [];
    const fake = await FakeServer.start(([name]) => {
      commands.push(name as string);
      return undefined;
    });
    const url = fake.url.replace("redis:", "rediss:");
    await RedisDriver.connect({ url, password: "p", tls: { tls: false } as object, timeout: 500 }).then(
      (driver) => driver.close(),
      () => {},
    );
    expect(commands).toEqual([]);
  });

  it("does not connect to a path that its options name", async () => {
    const fake = await FakeServer.start();
    const path = join(tmpdir(), `namestore-${process.pid}.sock`);
    let accepted = 0;
    const other = createServer((socket) => {
      accepted++;
      socket.destroy();
    }).listen(path);
    await once(other, "listening");
    onTestFinished(() => {
      other.close();
      rmSync(path, { force: true });
    });
    await rejection(RedisDriver.connect({ url: fake.url.replace("redis:", "rediss:"), tls: { path }, timeout: 500 }));
    expect(accepted).toBe(0);
  });

  it.each<[string, string, RedisOptions, string | false]>([
    ["its host", "localhost", {}, "localhost"],
    ["nothing when the host is an IP address", "127.0.0.1", {}, false],
    ["the name that the user has set", "localhost", { tls: { servername: "redis.example.com" } }, "redis.example.com"],
  ])("tells the server %s by SNI", async (_, host, options, expected) => {
    const names: (string | false)[] = [];
    const server = createTlsServer({ cert: CERTIFICATE, key: KEY }, (socket) => {
      names.push(socket.servername ?? false);
      socket.destroy();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const tls = { rejectUnauthorized: false, ...(options.tls as object) };
    await rejection(RedisDriver.connect({ url: `rediss://${host}:${port}`, tls, timeout: 10_000 }));
    expect(names[0]).toBe(expected);
  });
});
