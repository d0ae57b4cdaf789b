import { describe, expect, it } from "vitest";
import { InvalidKeyError } from "../../src/errors.js";
import { keyOf } from "../../src/memcached/key.js";
import { rejection } from "../support/promises.js";

const PREFIX = "app:users:";

describe("a storage key", () => {
  it("of printable ASCII is sent as it is", () => {
    const name = `${PREFIX}!"#$%&'()*+,-./09:;<=>?@AZ[\\]^_\`az{|}~`;
    expect(keyOf(PREFIX, name.slice(PREFIX.length))).toEqual({ name, sent: name, flag: "", bytes: name.length });
  });

  it.each([" ", "a b", "a\r\nflush_all", "\0", "\x1f", "\x7f", "é", "\u00a0", "\ufeffa", "😀", "\u2028"])(
    "with %j in it is sent as base64, of a form that no protocol word has",
    (key) => {
      const { name, sent, flag, bytes } = keyOf(PREFIX, key);
      expect(name).toBe(PREFIX + key);
      expect(sent).toMatch(/^[A-Za-z0-9+/]+={0,2}$/);
      expect(Buffer.from(sent, "base64").toString()).toBe(PREFIX + key);
      expect([flag, bytes]).toEqual([" b", Buffer.byteLength(PREFIX + key)]);
    },
  );

  it("may have spaces in its prefix", () => {
    expect(keyOf("a b:c:", "key").flag).toBe(" b");
  });

  it.each([
    ["k", 250],
    ["\n", 186],
    ["é", 186],
  ])("of %j has a limit, which the error names", async (letter, limit) => {
    const bytes = Buffer.byteLength(letter);
    const longest = letter.repeat((limit - PREFIX.length) / bytes);
    expect(keyOf(PREFIX, longest).sent.length).toBeLessThanOrEqual(250);
    const error = await rejection((async () => keyOf(PREFIX, longest + letter))());
    expect(error).toBeInstanceOf(InvalidKeyError);
    expect(error.message).toContain(`${limit + bytes} bytes long`);
    expect(error.message).toContain(`up to ${limit}`);
  });
});
