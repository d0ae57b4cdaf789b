import { describe, expect, it } from "vitest";
import { InvalidKeyError } from "../../src/errors.js";
import { itemKey } from "../../src/memcached/key.js";
import { rejection } from "../support/promises.js";

const PREFIX = "app:users:";

describe("itemKey", () => {
  it("sends a storage key of printable ASCII unchanged", () => {
    const name = `${PREFIX}!"#$%&'()*+,-./09:;<=>?@AZ[\\]^_\`az{|}~`;
    expect(itemKey(PREFIX, name.slice(PREFIX.length))).toEqual({ name, text: name, flag: "", byteLength: name.length });
  });

  it.each([" ", "a b", "a\r\nflush_all", "\0", "\x1f", "\x7f", "é", "\u00a0", "\ufeffa", "😀", "\u2028"])(
    "sends a storage key with %j in it as base64, which no other word of the protocol resembles",
    (key) => {
      const { name, text, flag, byteLength } = itemKey(PREFIX, key);
      expect(name).toBe(PREFIX + key);
      expect(text).toMatch(/^[A-Za-z0-9+/]+={0,2}$/);
      expect(Buffer.from(text, "base64").toString()).toBe(PREFIX + key);
      expect([flag, byteLength]).toEqual([" b", Buffer.byteLength(PREFIX + key)]);
    },
  );

  it("sends a storage key with spaces in its prefix as base64", () => {
    expect(itemKey("a b:c:", "key").flag).toBe(" b");
  });

  it.each([
    ["k", 250],
    ["\n", 186],
    ["é", 186],
  ])("refuses a storage key of too many %j, and names the limit", async (letter, limit) => {
    const bytes = Buffer.byteLength(letter);
    const longest = letter.repeat((limit - PREFIX.length) / bytes);
    expect(itemKey(PREFIX, longest).text.length).toBeLessThanOrEqual(250);
    const error = await rejection((async () => itemKey(PREFIX, longest + letter))());
    expect(error).toBeInstanceOf(InvalidKeyError);
    expect(error.message).toContain(`${limit + bytes} bytes long`);
    expect(error.message).toContain(`up to ${limit}`);
  });
});
