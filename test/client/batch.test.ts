import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { Client } from "../../src/client/client.js";
import { bytes } from "../../src/codec/bytes.js";
import { text } from "../../src/codec/text.js";
import { NO_EXPIRY } from "../../src/driver/driver.js";
import { CodecError } from "../../src/errors.js";
import { stoppedClock } from "../support/clock.js";
import { ANSWERS, driverWhere, recording } from "../support/driver.js";
import { rejection } from "../support/promises.js";

const clock = stoppedClock();

describe.each(ANSWERS)("a driver that answers %s", (_, answer) => {
  const notes = (ttl?: number) => new Client("app", "notes", { driver: driverWhere(answer), codec: text, ttl });

  describe("mGet", () => {
    it("resolves to a Map of the keys that were found, in the order of the argument", async () => {
      const client = notes();
      await client.mSet({ a: "one", b: "two", c: "three" });
      await client.set("gone", "x", { ttl: 100 });
      clock.pass(100);
      const found = await client.mGet(["c", "missing", "a", "gone"]);
      expect(found).toBeInstanceOf(Map);
      expect([...found]).toEqual([
        ["c", "three"],
        ["a", "one"],
      ]);
    });

    it("accepts any iterable, and reads it once", async () => {
      const client = notes();
      await client.mSet({ a: "one", b: "two" });
      const generated = (function* () {
        yield "a";
        yield "b";
      })();
      expect((await client.mGet(new Set(["a"]))).size).toBe(1);
      expect((await client.mGet(new Map([["a", 1]]).keys())).size).toBe(1);
      expect((await client.mGet(generated)).size).toBe(2);
    });

    it("treats a duplicate key as one", async () => {
      const { driver, calls } = recording(answer);
      const client = new Client("app", "notes", { driver, codec: text });
      await client.set("a", "one");
      expect([...(await client.mGet(["a", "b", "a"]))]).toEqual([["a", "one"]]);
      expect(calls.at(-1)?.args[1]).toEqual(["a", "b"]);
    });

    it("keeps keys that are names of Object.prototype", async () => {
      const client = notes();
      await client.set("__proto__", "one");
      const found = await client.mGet(["__proto__", "toString"]);
      expect([...found]).toEqual([["__proto__", "one"]]);
    });

    it("does not call the driver for an empty list", async () => {
      const { driver, calls } = recording(answer);
      const client = new Client("app", "notes", { driver, codec: text });
      expect(await client.mGet([])).toEqual(new Map());
      expect(calls).toEqual([]);
    });

    it("rejects when one of the values does not decode", async () => {
      const client = notes();
      await client.set("good", "one");
      await client.withCodec(bytes).set("bad", Uint8Array.of(0xff));
      const error = await rejection<CodecError>(client.mGet(["good", "bad"]));
      expect(error).toBeInstanceOf(CodecError);
      expect(error.message).toContain('"bad"');
      expect(error.operation).toBe("mGet");
      expect(error).not.toHaveProperty("key");
    });
  });

  describe("mSet", () => {
    it("accepts an object, pairs, a Map and a generator", async () => {
      const client = notes();
      await client.mSet({ a: "1" });
      await client.mSet([["b", "2"]]);
      await client.mSet(new Map([["c", "3"]]));
      await client.mSet(
        (function* () {
          yield ["d", "4"] as const;
        })(),
      );
      expect([...(await client.mGet(["a", "b", "c", "d"])).values()]).toEqual(["1", "2", "3", "4"]);
    });

    it("accepts an object without a prototype, and one of another realm", async () => {
      const client = notes();
      const bare: Record<string, string> = Object.assign(Object.create(null), { a: "1" });
      await client.mSet(bare);
      await client.mSet(runInNewContext('({ b: "2" })') as Record<string, string>);
      expect(await client.get("a")).toBe("1");
      expect(await client.get("b")).toBe("2");
    });

    it("stores the last of two entries for one key", async () => {
      const { driver, calls } = recording(answer);
      const client = new Client("app", "notes", { driver, codec: text });
      await client.mSet([
        ["a", "first"],
        ["b", "other"],
        ["a", "last"],
      ]);
      expect(await client.get("a")).toBe("last");
      expect(calls[0]?.args[1]).toHaveLength(2);
    });

    it("replaces values and TTLs, with one TTL for all", async () => {
      const client = notes(5000);
      await client.set("a", "old", { ttl: 100 });
      await client.mSet({ a: "1", b: "2" });
      expect([await client.ttl("a"), await client.ttl("b")]).toEqual([5000, 5000]);
      await client.mSet({ a: "1", b: "2" }, { ttl: "70ms" });
      expect([await client.ttl("a"), await client.ttl("b")]).toEqual([70, 70]);
      await client.mSet({ a: "1", b: "2" }, { ttl: 0 });
      expect([await client.ttl("a"), await client.ttl("b")]).toEqual([NO_EXPIRY, NO_EXPIRY]);
    });

    it("does nothing for no entries", async () => {
      const { driver, calls } = recording(answer);
      const client = new Client("app", "notes", { driver, codec: text });
      expect(await client.mSet({})).toBeUndefined();
      expect(await client.mSet([])).toBeUndefined();
      expect(calls).toEqual([]);
    });

    it("stores nothing when one of the values does not encode", async () => {
      const client = notes();
      const refused = client.mSet({ a: "one", b: 2 as never });
      await expect(refused).rejects.toThrow('mSet: "b": the text codec takes a string, not a number');
      expect(await client.keys()).toEqual([]);
    });
  });

  describe("mDel", () => {
    it("counts the live keys that it removed, each once", async () => {
      const client = notes();
      await client.mSet({ a: "1", b: "2", c: "3" });
      await client.set("gone", "x", { ttl: 100 });
      clock.pass(100);
      expect(await client.mDel(["a", "b", "a", "missing", "gone"])).toBe(2);
      expect(await client.keys()).toEqual(["c"]);
      expect(await client.mDel(["a", "b"])).toBe(0);
    });

    it("does not call the driver for an empty list", async () => {
      const { driver, calls } = recording(answer);
      const client = new Client("app", "notes", { driver, codec: text });
      expect(await client.mDel(new Set<string>())).toBe(0);
      expect(calls).toEqual([]);
    });
  });
});
