import { describe, expect, it } from "vitest";
import { Client } from "../../src/client/client.js";
import { bytes } from "../../src/codec/bytes.js";
import { json } from "../../src/codec/json.js";
import { text } from "../../src/codec/text.js";
import { InvalidArgumentError, InvalidNamespaceError } from "../../src/errors.js";
import { MemoryDriver } from "../../src/memory/memory-driver.js";
import { stoppedClock } from "../support/clock.js";
import { failing } from "../support/driver.js";
import { recordingLogger } from "../support/log.js";

stoppedClock();

describe("withCodec", () => {
  it("reads and writes the same namespace with another codec", async () => {
    const origin = new Client("app", "users", { codec: text });
    const view = origin.withCodec(json<{ name: string }>());
    expect(view).toBeInstanceOf(Client);
    expect(view.prefix).toBe("app:users:");
    await view.set("a", { name: "Alice" });
    expect(await origin.get("a")).toBe('{"name":"Alice"}');
    expect(await origin.withCodec(bytes).get("a")).toEqual(new Uint8Array(Buffer.from('{"name":"Alice"}')));
  });

  it("keeps the client's TTL, logger and tag", async () => {
    const { logger, lines } = recordingLogger();
    const origin = new Client("app", "users", { ttl: "1s", logger, logTag: "[tag]" });
    const view = origin.withCodec(text);
    await view.set("a", "x");
    expect(await view.ttl("a")).toBe(1000);
    await view.set("a", 5 as never).catch(() => {});
    expect(lines).toEqual([expect.stringMatching(/^error: \[tag\] set "a": /)]);
  });

  it("keeps unusual names", async () => {
    for (const [rootNS, domain] of [
      ["a*", "[b]"],
      ["😀", "\n"],
      ["__proto__", "constructor"],
    ] as const) {
      const origin = new Client(rootNS, domain, { codec: text });
      expect(origin.withCodec(bytes).prefix).toBe(`${rootNS}:${domain}:`);
    }
  });

  it("throws for a bad codec", () => {
    const origin = new Client("app", "users");
    expect(() => origin.withCodec({} as never)).toThrow(InvalidArgumentError);
  });
});

describe("domain", () => {
  it("opens a sibling namespace with the same driver, codec and settings", async () => {
    const driver = new MemoryDriver();
    const origin = new Client("app", "users", { driver, codec: text, ttl: 5000 });
    const sibling = origin.domain("archive");
    expect(sibling).toBeInstanceOf(Client);
    expect(sibling.prefix).toBe("app:archive:");
    await origin.set("a", "one");
    await sibling.set("a", "two");
    expect(await origin.get("a")).toBe("one");
    expect(await new Client("app", "archive", { driver, codec: text }).get("a")).toBe("two");
    expect(await sibling.ttl("a")).toBe(5000);
  });

  it("of a view has the view's codec", async () => {
    const sibling = new Client("app", "users").withCodec(json<number>()).domain("counts");
    await sibling.set("a", 42);
    expect(await sibling.get("a")).toBe(42);
  });

  it("of a view keeps the root namespace, and its view keeps the domain", () => {
    const origin = new Client("app", "users");
    const sibling = origin.withCodec(text).domain("archive");
    expect(sibling.withCodec(bytes).prefix).toBe("app:archive:");
    expect(sibling.domain("users").prefix).toBe("app:users:");
  });

  it("throws for a bad name", () => {
    expect(() => new Client("app", "users").domain("a:b")).toThrow(InvalidNamespaceError);
  });
});

describe("namespaces", () => {
  it("share keys only if both names match", async () => {
    const driver = new MemoryDriver();
    const names = ["a", "b", "ab", "A", "a*", "*", "[ab]", "é", "e\u0301"];
    const open = (rootNS: string, domain: string) => new Client(rootNS, domain, { driver, codec: text });
    for (const rootNS of names) for (const domain of names) await open(rootNS, domain).set("k", `${rootNS} ${domain}`);
    for (const rootNS of names) {
      for (const domain of names) {
        expect(await open(rootNS, domain).get("k")).toBe(`${rootNS} ${domain}`);
        expect(await open(rootNS, domain).keys()).toEqual(["k"]);
      }
    }
  });

  it("never share a storage key, whatever colons a key contains", async () => {
    const driver = new MemoryDriver();
    const outer = new Client("a", "b", { driver, codec: text });
    const inner = new Client("a", "b2", { driver, codec: text });
    await outer.set("c:d", "outer");
    await inner.set("c:d", "inner");
    await outer.clear();
    expect(await inner.get("c:d")).toBe("inner");
  });
});

it("an error of a view is logged once, by the client's logger", async () => {
  const { logger, lines } = recordingLogger();
  const origin = new Client("app", "users", { driver: failing(new Error("odd")), logger });
  await origin
    .withCodec(text)
    .domain("archive")
    .find("a")
    .catch(() => {});
  expect(lines).toHaveLength(1);
});
