import { describe, expect, it } from "vitest";
import { Client } from "../../src/client/client.js";
import { text } from "../../src/codec/text.js";
import { NO_EXPIRY } from "../../src/driver/driver.js";
import { NotFoundError } from "../../src/errors.js";
import { stoppedClock } from "../support/clock.js";
import { ANSWERS, driverWhere } from "../support/driver.js";

const clock = stoppedClock();

describe.each(ANSWERS)("a driver that answers %s", (_, answer) => {
  const notes = () => new Client("app", "notes", { driver: driverWhere(answer), codec: text });

  describe("ttl", () => {
    it("resolves to the milliseconds left", async () => {
      const client = notes();
      await client.set("a", "one", { ttl: 100 });
      clock.pass(30);
      expect(await client.ttl("a")).toBe(70);
      clock.pass(69);
      expect(await client.ttl("a")).toBe(1);
    });

    it("resolves to NO_EXPIRY for a key without a TTL", async () => {
      const client = notes();
      await client.set("a", "one");
      expect(await client.ttl("a")).toBe(NO_EXPIRY);
      expect(NO_EXPIRY).toBe(-1);
    });

    it("rejects for a missing or expired key", async () => {
      const client = notes();
      await client.set("a", "one", { ttl: 100 });
      clock.pass(100);
      await expect(client.ttl("a")).rejects.toMatchObject({ code: "ERR_NOT_FOUND", operation: "ttl", key: "a" });
      await expect(client.ttl("b")).rejects.toBeInstanceOf(NotFoundError);
    });
  });

  describe("expire", () => {
    it("gives a live key a new TTL, counted from now, and keeps its value", async () => {
      const client = notes();
      await client.set("a", "one", { ttl: 100 });
      await client.set("b", "two");
      clock.pass(50);
      expect(await client.expire("a", "1s")).toBeUndefined();
      await client.expire("b", 1);
      expect(await client.ttl("a")).toBe(1000);
      expect(await client.get("a")).toBe("one");
      expect(await client.ttl("b")).toBe(1);
    });

    it.each([0, "0s", Number.NaN, -1, Number.POSITIVE_INFINITY, "36526d"] as const)(
      "refuses a TTL of %s, and names the bounds that hold for it",
      async (ttl) => {
        const client = notes();
        await client.set("a", "x");
        await expect(client.expire("a", ttl)).rejects.toMatchObject({
          code: "ERR_INVALID_ARGUMENT",
          message: expect.stringContaining(
            `ttl (persist removes it) is ${typeof ttl === "string" ? `"${ttl}"` : ttl}; allowed are 1 ms to 100 years, `,
          ),
        });
        expect(await client.ttl("a")).toBe(NO_EXPIRY);
      },
    );

    it("rejects for a missing or expired key, and creates nothing", async () => {
      const client = notes();
      await client.set("a", "one", { ttl: 100 });
      clock.pass(100);
      await expect(client.expire("a", 50)).rejects.toMatchObject({
        code: "ERR_NOT_FOUND",
        operation: "expire",
        key: "a",
      });
      await expect(client.expire("b", 50)).rejects.toBeInstanceOf(NotFoundError);
      expect(await client.keys()).toEqual([]);
    });
  });

  describe("persist", () => {
    it("removes the TTL and keeps the value", async () => {
      const client = notes();
      await client.set("a", "one", { ttl: 100 });
      expect(await client.persist("a")).toBeUndefined();
      expect(await client.ttl("a")).toBe(NO_EXPIRY);
      clock.pass(1000);
      expect(await client.get("a")).toBe("one");
    });

    it("resolves for a key without a TTL", async () => {
      const client = notes();
      await client.set("a", "one");
      await client.persist("a");
      expect(await client.ttl("a")).toBe(NO_EXPIRY);
    });

    it("rejects for a missing or expired key", async () => {
      const client = notes();
      await client.set("a", "one", { ttl: 100 });
      clock.pass(100);
      await expect(client.persist("a")).rejects.toMatchObject({
        code: "ERR_NOT_FOUND",
        operation: "persist",
        key: "a",
      });
      await expect(client.persist("b")).rejects.toBeInstanceOf(NotFoundError);
    });
  });
});
