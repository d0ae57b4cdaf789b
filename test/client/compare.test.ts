import { describe, expect, it } from "vitest";
import { Client } from "../../src/client/client.js";
import { bytes } from "../../src/codec/bytes.js";
import { json } from "../../src/codec/json.js";
import { text } from "../../src/codec/text.js";
import { NO_EXPIRY } from "../../src/driver/driver.js";
import { CodecError } from "../../src/errors.js";
import { stoppedClock } from "../support/clock.js";
import { ANSWERS, driverWhere } from "../support/driver.js";

const clock = stoppedClock();

describe.each(ANSWERS)("a driver that answers %s", (_, answer) => {
  const notes = (ttl?: number) => new Client("app", "notes", { driver: driverWhere(answer), codec: text, ttl });

  describe("getSet", () => {
    it("stores the value and resolves to the previous one", async () => {
      const client = notes();
      await client.set("a", "one");
      expect(await client.getSet("a", "two")).toBe("one");
      expect(await client.get("a")).toBe("two");
    });

    it("creates a missing or expired key and resolves to undefined", async () => {
      const client = notes();
      await client.set("gone", "x", { ttl: 100 });
      clock.pass(100);
      expect(await client.getSet("a", "one")).toBeUndefined();
      expect(await client.getSet("gone", "one")).toBeUndefined();
      expect(await client.get("gone")).toBe("one");
    });

    it("keeps the TTL of a live key unless the call sets one", async () => {
      const client = notes(5000);
      await client.set("a", "one", { ttl: 100 });
      clock.pass(40);
      await client.getSet("a", "two");
      expect(await client.ttl("a")).toBe(60);
      await client.getSet("a", "three", { ttl: undefined });
      expect(await client.ttl("a")).toBe(60);
      await client.getSet("a", "four", { ttl: 70 });
      expect(await client.ttl("a")).toBe(70);
      await client.getSet("a", "five", { ttl: 0 });
      expect(await client.ttl("a")).toBe(NO_EXPIRY);
      await client.getSet("a", "six");
      expect(await client.ttl("a")).toBe(NO_EXPIRY);
    });

    it("gives a new key the TTL of the call, else the client's", async () => {
      const client = notes(5000);
      await client.getSet("default", "one");
      await client.getSet("named", "one", { ttl: 70 });
      await client.getSet("none", "one", { ttl: 0 });
      expect(await client.ttl("default")).toBe(5000);
      expect(await client.ttl("named")).toBe(70);
      expect(await client.ttl("none")).toBe(NO_EXPIRY);
    });

    it("rejects when the previous value does not decode, and stores the new one", async () => {
      const client = notes();
      await client.withCodec(bytes).set("a", Uint8Array.of(0xff));
      await expect(client.getSet("a", "new")).rejects.toBeInstanceOf(CodecError);
      expect(await client.get("a")).toBe("new");
    });
  });

  describe("compareAndSwap", () => {
    it("stores the new value if the stored value is the old one", async () => {
      const client = notes();
      await client.set("a", "one");
      expect(await client.compareAndSwap("a", "one", "two")).toBe(true);
      expect(await client.get("a")).toBe("two");
    });

    it("changes nothing if another value is stored", async () => {
      const client = notes();
      await client.set("a", "one", { ttl: 100 });
      expect(await client.compareAndSwap("a", "other", "two", { ttl: 9000 })).toBe(false);
      expect(await client.get("a")).toBe("one");
      expect(await client.ttl("a")).toBe(100);
    });

    it("does not create a missing or expired key", async () => {
      const client = notes();
      await client.set("gone", "one", { ttl: 100 });
      clock.pass(100);
      expect(await client.compareAndSwap("a", "one", "two")).toBe(false);
      expect(await client.compareAndSwap("gone", "one", "two")).toBe(false);
      expect(await client.keys()).toEqual([]);
    });

    it("keeps the TTL unless the call sets one, whatever the client's default", async () => {
      const client = notes(5000);
      await client.set("a", "1", { ttl: 100 });
      clock.pass(40);
      await client.compareAndSwap("a", "1", "2");
      expect(await client.ttl("a")).toBe(60);
      await client.compareAndSwap("a", "2", "3", { ttl: 70 });
      expect(await client.ttl("a")).toBe(70);
      await client.compareAndSwap("a", "3", "4", { ttl: 0 });
      expect(await client.ttl("a")).toBe(NO_EXPIRY);
      await client.compareAndSwap("a", "4", "5");
      expect(await client.ttl("a")).toBe(NO_EXPIRY);
    });

    it("compares bytes, whichever codec wrote them", async () => {
      const client = notes();
      const raw = client.withCodec(bytes);
      await raw.set("a", Buffer.from("é😀"));
      expect(await client.compareAndSwap("a", "é😀", "two")).toBe(true);
      expect(await raw.compareAndSwap("a", Buffer.from("two"), Uint8Array.of(0xff))).toBe(true);
      expect(await client.compareAndSwap("a", "\ufffd", "three")).toBe(false);
    });

    it("compares the encoded value: JSON with its keys in another order differs", async () => {
      const client = notes().withCodec(json<{ x: number; y: number }>());
      await client.set("a", { x: 1, y: 2 });
      expect(await client.compareAndSwap("a", { y: 2, x: 1 }, { x: 0, y: 0 })).toBe(false);
      expect(await client.compareAndSwap("a", { x: 1, y: 2 }, { x: 0, y: 0 })).toBe(true);
    });

    it("resolves to true for one of several concurrent calls", async () => {
      const client = notes();
      await client.set("a", "old");
      const swapped = await Promise.all(["1", "2", "3"].map((value) => client.compareAndSwap("a", "old", value)));
      expect(swapped.filter(Boolean)).toHaveLength(1);
    });
  });

  describe("compareAndDelete", () => {
    it("removes the key only if the value is stored", async () => {
      const client = notes();
      await client.set("lock", "mine");
      expect(await client.compareAndDelete("lock", "theirs")).toBe(false);
      expect(await client.get("lock")).toBe("mine");
      expect(await client.compareAndDelete("lock", "mine")).toBe(true);
      expect(await client.exists("lock")).toBe(false);
      expect(await client.compareAndDelete("lock", "mine")).toBe(false);
    });

    it("treats an expired key as missing", async () => {
      const client = notes();
      await client.set("lock", "mine", { ttl: 100 });
      clock.pass(100);
      expect(await client.compareAndDelete("lock", "mine")).toBe(false);
    });

    it("compares bytes, whichever codec wrote them", async () => {
      const client = notes();
      await client.set("a", "é");
      expect(await client.withCodec(bytes).compareAndDelete("a", Buffer.from("é"))).toBe(true);
    });
  });
});
