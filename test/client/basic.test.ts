import { describe, expect, it } from "vitest";
import { Client } from "../../src/client/client.js";
import { text } from "../../src/codec/text.js";
import { NO_EXPIRY } from "../../src/driver/driver.js";
import { NotFoundError } from "../../src/errors.js";
import { stoppedClock } from "../support/clock.js";
import { ANSWERS, driverWhere, recording } from "../support/driver.js";
import { rejection } from "../support/promises.js";

const clock = stoppedClock();

describe.each(ANSWERS)("a driver that answers %s", (_, answer) => {
  const notes = (ttl?: number) => new Client("app", "notes", { driver: driverWhere(answer), codec: text, ttl });

  describe("set", () => {
    it("stores a value and resolves to undefined", async () => {
      const client = notes();
      expect(await client.set("a", "one")).toBeUndefined();
      expect(await client.get("a")).toBe("one");
    });

    it("replaces the value and removes its TTL", async () => {
      const client = notes();
      await client.set("a", "one", { ttl: 100 });
      await client.set("a", "two");
      expect(await client.get("a")).toBe("two");
      expect(await client.ttl("a")).toBe(NO_EXPIRY);
    });

    it("gives the entry the TTL of the call", async () => {
      const client = notes();
      await client.set("a", "one", { ttl: "1s" });
      expect(await client.ttl("a")).toBe(1000);
    });

    it("gives the entry the client's TTL by default, and none for 0", async () => {
      const client = notes(5000);
      await client.set("default", "one");
      await client.set("undefined", "one", { ttl: undefined });
      await client.set("named", "one", { ttl: 70 });
      await client.set("none", "one", { ttl: 0 });
      expect(await client.ttl("default")).toBe(5000);
      expect(await client.ttl("undefined")).toBe(5000);
      expect(await client.ttl("named")).toBe(70);
      expect(await client.ttl("none")).toBe(NO_EXPIRY);
    });

    it("stores an empty string, which is not a miss", async () => {
      const client = notes();
      await client.set("a", "");
      expect(await client.get("a")).toBe("");
      expect(await client.find("a")).toBe("");
      expect(await client.exists("a")).toBe(true);
    });
  });

  describe("setNX", () => {
    it("stores a missing key with its TTL and resolves to true", async () => {
      const client = notes(5000);
      expect(await client.setNX("a", "one")).toBe(true);
      expect(await client.setNX("b", "one", { ttl: 70 })).toBe(true);
      expect(await client.get("a")).toBe("one");
      expect(await client.ttl("a")).toBe(5000);
      expect(await client.ttl("b")).toBe(70);
    });

    it("keeps a live key and its TTL and resolves to false", async () => {
      const client = notes();
      await client.set("a", "one", { ttl: 100 });
      expect(await client.setNX("a", "two", { ttl: 7000 })).toBe(false);
      expect(await client.get("a")).toBe("one");
      expect(await client.ttl("a")).toBe(100);
    });

    it("stores an expired key", async () => {
      const client = notes();
      await client.set("a", "one", { ttl: 100 });
      clock.pass(100);
      expect(await client.setNX("a", "two")).toBe(true);
      expect(await client.get("a")).toBe("two");
    });

    it("resolves to true for one of several concurrent calls", async () => {
      const client = notes();
      const stored = await Promise.all(["one", "two", "three"].map((value) => client.setNX("a", value)));
      expect(stored.filter(Boolean)).toHaveLength(1);
    });
  });

  describe("get and find", () => {
    it("resolve to the value", async () => {
      const client = notes();
      await client.set("a", "one");
      expect(await client.get("a")).toBe("one");
      expect(await client.find("a")).toBe("one");
    });

    it("differ on a missing key: get rejects, find resolves to undefined", async () => {
      const client = notes();
      const error = await rejection<NotFoundError>(client.get("a"));
      expect(error).toBeInstanceOf(NotFoundError);
      expect(error).toMatchObject({ code: "ERR_NOT_FOUND", operation: "get", key: "a" });
      expect(await client.find("a")).toBeUndefined();
    });

    it("treat a key as missing from the millisecond its TTL ends", async () => {
      const client = notes();
      await client.set("a", "one", { ttl: 100 });
      clock.pass(99);
      expect(await client.get("a")).toBe("one");
      clock.pass(1);
      expect(await client.find("a")).toBeUndefined();
      await expect(client.get("a")).rejects.toBeInstanceOf(NotFoundError);
    });
  });

  describe("delete", () => {
    it("resolves to true if it removed a live key, else to false", async () => {
      const client = notes();
      await client.set("a", "one");
      expect(await client.delete("a")).toBe(true);
      expect(await client.delete("a")).toBe(false);
      expect(await client.find("a")).toBeUndefined();
    });

    it("resolves to false for an expired key", async () => {
      const client = notes();
      await client.set("a", "one", { ttl: 100 });
      clock.pass(100);
      expect(await client.delete("a")).toBe(false);
    });
  });

  describe("exists", () => {
    it("resolves to true for a live key, and to false for a missing or expired one", async () => {
      const client = notes();
      await client.set("a", "one", { ttl: 100 });
      expect(await client.exists("a")).toBe(true);
      expect(await client.exists("b")).toBe(false);
      clock.pass(100);
      expect(await client.exists("a")).toBe(false);
    });
  });

  describe("keys of every kind", () => {
    const awkward = ["__proto__", "constructor", "a:b", ":", "*", "[a-z]", "\\", "😀", "\u0000", "\n", "\ufeff", " "];

    it("are kept apart and listed unchanged", async () => {
      const client = notes();
      for (const key of awkward) await client.set(key, `the value of ${key}`);
      for (const key of awkward) expect(await client.get(key)).toBe(`the value of ${key}`);
      expect(new Set(await client.keys())).toEqual(new Set(awkward));
    });
  });
});

describe("what a driver receives", () => {
  it("is the prefix, the business key, the encoded value and whole milliseconds", async () => {
    const { driver, calls } = recording();
    const client = new Client("app", "notes", { driver, codec: text });
    expect(client.prefix).toBe("app:notes:");
    await client.set("a", "one", { ttl: "1.5s" });
    await client.setNX("b", "one", { ttl: 0.2 });
    await client.expire("a", 10.001);
    await client.find("a");
    await client.getSet("a", "two");
    await client.getSet("a", "three", { ttl: "1s" });
    await client.compareAndSwap("a", "three", "four");
    await client.compareAndSwap("a", "four", "five", { ttl: 0 });
    expect(calls.map(({ method, args }) => [method, ...args])).toEqual([
      ["set", "app:notes:", "a", "one", 1500, undefined],
      ["setNX", "app:notes:", "b", "one", 1, undefined],
      ["expire", "app:notes:", "a", 11, undefined],
      ["get", "app:notes:", "a", undefined],
      ["getSet", "app:notes:", "a", "two", 0, true, undefined],
      ["getSet", "app:notes:", "a", "three", 1000, false, undefined],
      ["compareAndSwap", "app:notes:", "a", "three", "four", 0, true, undefined],
      ["compareAndSwap", "app:notes:", "a", "four", "five", 0, false, undefined],
    ]);
  });

  it("includes only the signal of the options, in a new object", async () => {
    const { driver, calls } = recording();
    const client = new Client("app", "notes", { driver, codec: text });
    const { signal } = new AbortController();
    const options = { ttl: 5, signal };
    await client.set("a", "one", options);
    await client.set("a", "one", { ttl: 5, signal: undefined });
    expect(calls[0]?.args.at(-1)).toEqual({ signal });
    expect(calls[0]?.args.at(-1)).not.toBe(options);
    expect(calls[1]?.args.at(-1)).toBeUndefined();
  });
});
