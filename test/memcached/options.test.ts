import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/errors.js";
import { settingsOf } from "../../src/memcached/options.js";

const server = (host: string, port = 11_211, weight = 1): object => ({ host, port, weight });

describe("settingsOf", () => {
  it.each([
    ["nothing", {}, [server("localhost")]],
    ["a host", "cache", [server("cache")]],
    ["a host and a port", "cache:11311", [server("cache", 11_311)]],
    ["an IPv4 address", "10.0.0.1:1", [server("10.0.0.1", 1)]],
    ["an IPv6 address", "[::1]", [server("::1")]],
    ["an IPv6 address and a port", "[fe80::1%eth0]:65535", [server("fe80::1%eth0", 65_535)]],
    ["a list", ["a:1", "b"], [server("a", 1), server("b")]],
    ["a list of objects", [{ host: "a" }, { host: "::1", port: 2, weight: 3 }], [server("a"), server("::1", 2, 3)]],
    ["one server in an object", { servers: "a:1" }, [server("a", 1)]],
    ["an object in an object", { servers: { host: "a", weight: 2 } }, [server("a", 11_211, 2)]],
    ["a list in an object", { servers: ["a:1", { host: "a" }] }, [server("a", 1), server("a")]],
  ] as const)("reads the servers from %s", (_, given, servers) => {
    expect(settingsOf(given as never).servers).toEqual(servers);
  });

  it("fills in the defaults", () => {
    expect(settingsOf("a")).toMatchObject({ timeout: 5_000, maxPending: 50_000, tls: undefined });
    expect(settingsOf({ timeout: "2s", maxPending: 3, tls: true })).toMatchObject({
      timeout: 2_000,
      maxPending: 3,
      tls: {},
    });
    expect(settingsOf({ tls: { servername: "x" } }).tls).toEqual({ servername: "x" });
    expect(settingsOf({ tls: false }).tls).toBeUndefined();
  });

  it.each([
    "",
    "a:",
    "a:0",
    "a:65536",
    "a:1x",
    ":11211",
    "::1",
    "[::1",
    "a b",
    "user:secret@a",
    "memcached://secret",
    "a/secret",
    [],
    [""],
    ["a", "a:11211"],
    [null],
    [1],
    null,
    1,
    { servers: [] },
    { servers: 1 },
    { servers: { host: "" } },
    { servers: { host: "a b" } },
    { servers: { host: "[::1]" } },
    { servers: { port: 1 } },
    { servers: { host: "a", port: 0 } },
    { servers: { host: "a", port: 1.5 } },
    { servers: { host: "a", port: "1" } },
    { servers: { host: "a", weight: 0 } },
    { servers: { host: "a", weight: 1.5 } },
    { servers: { host: "a", weight: 2 ** 32 } },
    { servers: { host: "a", weight: "2" } },
    { timeout: 0 },
    { timeout: "soon" },
    { timeout: "25d" },
    { maxPending: 0 },
    { lazy: 1 },
    { failFastAfter: true },
  ])("refuses %j, and does not repeat it in the error", (given) => {
    let error: unknown;
    try {
      settingsOf(given as never);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect((error as Error).message).not.toContain("secret");
  });

  it("copies the TLS options", () => {
    const tls = { servername: "a" };
    const settings = settingsOf({ tls });
    tls.servername = "b";
    expect(settings.tls).toEqual({ servername: "a" });
  });
});
