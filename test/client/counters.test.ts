import { describe, expect, it } from "vitest";
import { Client } from "../../src/client/client.js";
import { bytes } from "../../src/codec/bytes.js";
import { text } from "../../src/codec/text.js";
import { NO_EXPIRY } from "../../src/driver/driver.js";
import { OverflowError, TypeMismatchError } from "../../src/errors.js";
import { stoppedClock } from "../support/clock.js";
import { ANSWERS, driverWhere, recording } from "../support/driver.js";
import { rejection } from "../support/promises.js";

const clock = stoppedClock();
const MAX = Number.MAX_SAFE_INTEGER;

describe.each(ANSWERS)("a driver that answers %s", (_, answer) => {
  const hits = (ttl?: number) => new Client("app", "hits", { driver: driverWhere(answer), codec: text, ttl });

  describe("incr and decr", () => {
    it("start at 0 and count by 1", async () => {
      const client = hits();
      expect(await client.incr("a")).toBe(1);
      expect(await client.incr("a")).toBe(2);
      expect(await client.decr("a")).toBe(1);
      expect(await client.decr("b")).toBe(-1);
    });

    it("count by any safe integer, including 0 and negative ones", async () => {
      const client = hits();
      expect(await client.incr("a", 40)).toBe(40);
      expect(await client.incr("a", -50)).toBe(-10);
      expect(await client.decr("a", -7)).toBe(-3);
      expect(await client.incr("a", 0)).toBe(-3);
      expect(await client.decr("b", 0)).toBe(0);
      expect(await client.get("b")).toBe("0");
    });

    it("lose none of many concurrent calls", async () => {
      const client = hits();
      const seen = await Promise.all(Array.from({ length: 100 }, () => client.incr("a")));
      expect(new Set(seen).size).toBe(100);
      expect(Math.max(...seen)).toBe(100);
    });

    it("store decimal text, and count from what a text or bytes client wrote", async () => {
      const client = hits();
      await client.incr("a", 42);
      expect(await client.get("a")).toBe("42");
      await client.set("a", "7");
      expect(await client.incr("a")).toBe(8);
      await client.withCodec(bytes).set("a", Buffer.from("-100"));
      expect(await client.incr("a")).toBe(-99);
    });

    it("keep the TTL of a live key, whatever the call sets", async () => {
      const client = hits();
      await client.set("a", "1", { ttl: 100 });
      await client.set("b", "1");
      clock.pass(40);
      await client.incr("a", 1, { ttl: 9000 });
      await client.decr("a", 1, { ttl: 0 });
      await client.incr("b", 1, { ttl: 9000 });
      expect(await client.ttl("a")).toBe(60);
      expect(await client.ttl("b")).toBe(NO_EXPIRY);
    });

    it("give a new key the TTL of the call, else the client's", async () => {
      const client = hits(5000);
      await client.incr("named", 1, { ttl: "1m" });
      await client.decr("default");
      await client.incr("none", 1, { ttl: 0 });
      expect(await client.ttl("named")).toBe(60_000);
      expect(await client.ttl("default")).toBe(5000);
      expect(await client.ttl("none")).toBe(NO_EXPIRY);
    });

    it("start at 0 when the key has expired", async () => {
      const client = hits();
      await client.incr("a", 10, { ttl: 100 });
      clock.pass(100);
      expect(await client.incr("a", 1, { ttl: 50 })).toBe(1);
      expect(await client.ttl("a")).toBe(50);
    });

    it("are exact up to the last safe integers", async () => {
      const client = hits();
      expect(await client.incr("a", MAX)).toBe(MAX);
      expect(await client.get("a")).toBe("9007199254740991");
      expect(await client.decr("b", MAX)).toBe(-MAX);
      expect(await client.incr("b", MAX)).toBe(0);
      expect(await client.incr("b", MAX - 1)).toBe(MAX - 1);
      expect(await client.incr("b")).toBe(MAX);
    });

    it.each([
      ["1 past the largest", "9007199254740991", 1],
      ["1 below the least", "-9007199254740991", -1],
      ["twice the largest", "9007199254740991", MAX],
      ["twice the least", "-9007199254740991", -MAX],
      ["2 past the largest, which a float rounds", "9007199254740990", 3],
      ["a stored value past them, though the sum is not", "9007199254740992", -10],
      ["a stored value far past them", "-123456789012345678901234567890", 1],
    ])("reject a counter beyond them, and keep it and its TTL: %s", async (_name, stored, delta) => {
      const client = hits();
      await client.set("a", stored, { ttl: 100 });
      for (const call of [client.incr("a", delta), client.decr("a", -delta)]) {
        const error = await rejection<OverflowError>(call);
        expect(error).toBeInstanceOf(OverflowError);
        expect(error).toMatchObject({ code: "ERR_OVERFLOW", key: "a" });
      }
      expect(await client.get("a")).toBe(stored);
      expect(await client.ttl("a")).toBe(100);
    });

    it.each([
      "",
      " ",
      " 1",
      "1 ",
      "1.0",
      "+1",
      "01",
      "-0",
      "-",
      "00",
      "1e3",
      "0x1",
      "NaN",
      "Infinity",
      "１",
      "x",
      "1\n",
    ])("reject a value that is not a canonical decimal integer, and keep it and its TTL: %j", async (stored) => {
      const client = hits();
      await client.set("a", stored, { ttl: 100 });
      const error = await rejection<TypeMismatchError>(client.incr("a"));
      expect(error).toBeInstanceOf(TypeMismatchError);
      expect(error).toMatchObject({ code: "ERR_TYPE_MISMATCH", operation: "incr", key: "a" });
      await expect(client.decr("a")).rejects.toMatchObject({ code: "ERR_TYPE_MISMATCH", operation: "decr" });
      expect(await client.get("a")).toBe(stored);
      expect(await client.ttl("a")).toBe(100);
    });

    it("reject bytes that are not text", async () => {
      const client = hits();
      await client.withCodec(bytes).set("a", Uint8Array.of(0x31, 0xff));
      await expect(client.incr("a")).rejects.toBeInstanceOf(TypeMismatchError);
    });
  });
});

it("a driver never receives -0 as the delta", async () => {
  const { driver, calls } = recording();
  const client = new Client("app", "hits", { driver });
  await client.decr("a", 0);
  await client.incr("a", -0);
  expect(calls.map(({ args }) => Object.is(args[2], 0))).toEqual([true, true]);
});
