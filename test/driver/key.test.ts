import { describe, expect, it } from "vitest";
import { checkKey, namespacePrefix } from "../../src/driver/key.js";
import { InvalidKeyError, InvalidNamespaceError } from "../../src/errors.js";

describe("namespacePrefix", () => {
  it.each(["a", "app", " ", "\n", "*", "[a]", "\\", "{tag}", "é", "😀", "__proto__", "a.b/c-d", "\u0000", "\ufeff"])(
    "takes %j for either name",
    (name) => {
      expect(namespacePrefix(name, "b")).toBe(`${name}:b:`);
      expect(namespacePrefix("a", name)).toBe(`a:${name}:`);
    },
  );

  it.each(["", ":", "a:b", ":a", "a:", "::", "\ud800", "a\udfff"])(
    "refuses %j for either name, and says which",
    (name) => {
      expect(() => namespacePrefix(name, "b")).toThrow(InvalidNamespaceError);
      expect(() => namespacePrefix(name, "b")).toThrow("rootNS");
      expect(() => namespacePrefix("a", name)).toThrow(InvalidNamespaceError);
      expect(() => namespacePrefix("a", name)).toThrow("domain");
    },
  );

  it("throws for anything but a string", () => {
    for (const name of [null, undefined, 5, {}, ["a"], Symbol("a"), new String("a")]) {
      expect(() => namespacePrefix(name as never, "b")).toThrow(InvalidNamespaceError);
      expect(() => namespacePrefix("a", name as never)).toThrow(InvalidNamespaceError);
    }
  });
});

describe("checkKey", () => {
  it.each(["a", " ", ":", "a:b", "*", "\n", "é", "😀", "__proto__", "\u0000", "\uffff", "k".repeat(100_000)])(
    "passes a well-formed key: %.20j",
    (key) => {
      expect(() => checkKey(key)).not.toThrow();
    },
  );

  it.each(["", "\ud800", "\udc00", "a\ud83d", "\udc00\ud800"])("throws for %j", (key) => {
    expect(() => checkKey(key)).toThrow(InvalidKeyError);
  });

  it("throws for anything but a string", () => {
    for (const key of [null, undefined, 5, {}, ["a"], Symbol("a"), new String("a")]) {
      expect(() => checkKey(key)).toThrow(InvalidKeyError);
    }
  });
});
