import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { RedisDriver, type RedisOptions } from "../../src/redis/index.js";
import { CERTIFICATE, KEY } from "../support/certificate.js";
import { freePort } from "../support/free-port.js";
import { rejection } from "../support/promises.js";
import { FakeServer } from "./fake.js";
import { open } from "./opening.js";
import { RedisServer } from "./servers.js";

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
    ["asked for by the URL, with options", { url: `rediss://localhost:${port}`, tls: { ca: CERTIFICATE } }],
    ["asked for by an option", { url: `redis://127.0.0.1:${port}`, tls: { ca: CERTIFICATE } }],
    [
      "with a certificate of the client's",
      { url: `rediss://127.0.0.1:${port}`, tls: { ca: CERTIFICATE, cert: CERTIFICATE, key: KEY } },
    ],
    [
      "whatever its options say of what is no TLS",
      {
        url: `rediss://localhost:${port}`,
        tls: { ca: CERTIFICATE, host: "127.0.0.2", port: 1, reconnectStrategy: 1 } as object,
      },
    ],
    [
      "without a check, where one wants that",
      { url: `rediss://127.0.0.1:${port}`, tls: { rejectUnauthorized: false } },
    ],
  ])("serves, %s", async (_, options) => {
    const { client } = await open(options);
    await client.set("a", "1");
    expect(await client.find("a")).toBe("1");
  });

  it.each<[string, RedisOptions]>([
    ["a certificate that nobody vouches for", { url: `rediss://localhost:${port}` }],
    ["a certificate that nobody vouches for, by an option", { url: `redis://localhost:${port}`, tls: true }],
    [
      "a certificate of another host",
      { url: `rediss://127.0.0.1:${port}`, tls: { ca: CERTIFICATE, servername: "example.com" } },
    ],
  ])("refuses %s", async (_, options) => {
    const error = await rejection(RedisDriver.connect({ timeout: 1_000, ...options }));
    expect(error).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    expect(error.message).toMatch(/SELF_SIGNED|ALTNAME/);
  });

  it("is not spoken where nobody asked for it", async () => {
    const error = await rejection<Error & { code: string }>(
      RedisDriver.connect({ timeout: 300, url: `redis://localhost:${port}` }),
    );
    expect(["ERR_UNAVAILABLE", "ERR_TIMEOUT"]).toContain(error.code);
  });

  it("options of TLS do not switch it off", async () => {
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

  it("options of TLS do not lead elsewhere", async () => {
    const fake = await FakeServer.start();
    const path = join(tmpdir(), `namestore-${process.pid}.sock`);
    let led = 0;
    const other = createServer((socket) => {
      led++;
      socket.destroy();
    }).listen(path);
    await once(other, "listening");
    onTestFinished(() => {
      other.close();
      rmSync(path, { force: true });
    });
    await rejection(RedisDriver.connect({ url: fake.url.replace("redis:", "rediss:"), tls: { path }, timeout: 500 }));
    expect(led).toBe(0);
  });
});
