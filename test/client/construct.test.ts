import { describe, expect, it } from "vitest";
import { Client } from "../../src/client/client.js";
import { json } from "../../src/codec/json.js";
import { text } from "../../src/codec/text.js";
import { NO_EXPIRY } from "../../src/driver/driver.js";
import { DriverError, InvalidArgumentError, InvalidNamespaceError } from "../../src/errors.js";
import { MemoryDriver } from "../../src/memory/memory-driver.js";
import { stoppedClock } from "../support/clock.js";
import { failing } from "../support/driver.js";
import { recordingLogger } from "../support/log.js";
import { rejection } from "../support/promises.js";

stoppedClock();

describe("a client", () => {
  it("has the prefix of its namespace", () => {
    expect(new Client("app", "users").prefix).toBe("app:users:");
    expect(new Client(" ", "*?[\\]{}\n").prefix).toBe(" :*?[\\]{}\n:");
  });

  it("without options stores bytes without a TTL in its own memory driver", async () => {
    const first = new Client("app", "users");
    const second = new Client("app", "users", undefined);
    await first.set("a", Uint8Array.of(1, 2));
    expect(await first.get("a")).toEqual(Uint8Array.of(1, 2));
    expect(await first.ttl("a")).toBe(NO_EXPIRY);
    expect(await second.exists("a")).toBe(false);
  });

  it("treats an undefined option as absent", async () => {
    const options = { driver: undefined, codec: undefined, ttl: undefined, logger: undefined, logTag: undefined };
    const client = new Client("app", "users", options);
    await client.set("a", Uint8Array.of(1));
    expect(await client.ttl("a")).toBe(NO_EXPIRY);
  });

  it("copies the options, so that later changes have no effect", async () => {
    const { logger, lines } = recordingLogger();
    const options = { driver: failing(new DriverError("odd")), codec: text, ttl: 100, logger, logTag: "[tag]" };
    const client = new Client("app", "users", options);
    Object.assign(options, { driver: new MemoryDriver(), ttl: 5, logTag: "[other]", logger: recordingLogger().logger });
    await rejection(client.find("a"));
    expect(lines).toEqual(['error: [tag] find "a": odd']);
  });

  it("accepts a default TTL of any form, 0 for none", async () => {
    for (const [ttl, expected] of [
      [100, 100],
      ["1.5s", 1500],
      [0, NO_EXPIRY],
      ["0s", NO_EXPIRY],
    ] as const) {
      const client = new Client("app", "users", { codec: text, ttl });
      await client.set("a", "x");
      expect(await client.ttl("a")).toBe(expected);
    }
  });

  it("throws for a bad name, option or TTL", () => {
    expect(() => new Client("a:b", "users")).toThrow(InvalidNamespaceError);
    expect(() => new Client("app", "")).toThrow(InvalidNamespaceError);
    expect(() => new Client("app", "users", { ttl: -1 })).toThrow(InvalidArgumentError);
    expect(() => new Client("app", "users", { logTag: 5 as never })).toThrow(InvalidArgumentError);
  });

  it("throws for a misspelt option", () => {
    const options = { drvier: new MemoryDriver() };
    expect(() => new Client("app", "users", options as object)).toThrow(
      'there is no option "drvier"; allowed are driver, codec, ttl, logger, logTag',
    );
  });

  it("says that a driver is a promise, which is to be awaited", () => {
    const driver = Promise.resolve(new MemoryDriver()) as never;
    expect(() => new Client("app", "users", { driver })).toThrow(/^driver is a promise; await it$/);
  });

  it("says how to call a function that returns a codec, and what every codec has", () => {
    const refusal = "codec is a function; allowed is a codec, such as json()";
    expect(() => new Client("app", "users", { codec: json as never })).toThrow(refusal);
    expect(() => new Client("app", "users", { codec: {} as never })).toThrow(
      "codec is an object without the method encode; allowed is an object with format, encode, decode",
    );
  });
});
