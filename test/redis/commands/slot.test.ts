import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SLOTS, slotOf } from "../../../src/redis/commands/slot.js";
import { RedisServer } from "../servers.js";

describe("the slot of a key", () => {
  it.each([
    ["123456789", 12_739],
    ["foo", 12_182],
    ["", 0],
    ["{foo}bar", 12_182],
    ["bar{foo}", 12_182],
    ["a{foo}b{bar}c", 12_182],
    ["{}foo", slotOf(Buffer.from("{}foo"))],
  ])("of %j is %d", (key, slot) => {
    expect(slotOf(key)).toBe(slot);
    expect(slotOf(Buffer.from(key))).toBe(slot);
  });

  it("is what Redis says, whatever the key", async () => {
    const server = await RedisServer.start({ "cluster-enabled": "yes", "cluster-port": 0 });
    const bracy = fc.array(fc.constantFrom("{", "}", "a", "b", "é", "𝄞", ":", "\0", "\r\n"), { maxLength: 12 });
    const keys = [
      ...fc.sample(bracy, 500).map((parts) => parts.join("")),
      ...fc.sample(fc.string({ unit: "binary", maxLength: 40 }), 500),
      ...["{", "}", "{}", "}{", "{{}}", "{{a}}", "{a", "a}", "{}{a}", "{a}{}", "}{a}", "{a}}", "{ }"],
    ].filter((key) => key.isWellFormed());
    const slots = await server.commands(keys.map((key) => ["CLUSTER", "KEYSLOT", key]));
    expect(keys.map(slotOf)).toEqual(slots);
    expect(keys.length).toBeGreaterThan(900);
    expect(Math.max(...(slots as number[]))).toBeLessThan(SLOTS);
  });
});
