import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StoredValue } from "../../src/memory/entry.js";
import { PlainNamespace } from "../../src/memory/plain-namespace.js";
import { checkProperty, PROPERTY_TIMEOUT } from "../properties/check-property.js";

describe("PlainNamespace", () => {
  it("stores, replaces and deletes entries", () => {
    const namespace = new PlainNamespace();
    expect(namespace.empty).toBe(true);
    namespace.set("a", "1");
    namespace.set("b", "2");
    namespace.set("a", "3");
    expect(namespace.get("a")).toBe("3");
    expect(namespace.keys().sort()).toEqual(["a", "b"]);
    namespace.delete("a");
    namespace.delete("missing");
    expect(namespace.get("a")).toBeUndefined();
    expect(namespace.empty).toBe(false);
    namespace.delete("b");
    expect(namespace.empty).toBe(true);
    expect(namespace.keys()).toEqual([]);
  });

  it("holds more entries than fit in one Map", () => {
    const namespace = new PlainNamespace(2);
    for (let n = 0; n < 7; n++) namespace.set(`k${n}`, `${n}`);
    for (let n = 0; n < 7; n++) expect(namespace.get(`k${n}`)).toBe(`${n}`);
    expect(namespace.get("missing")).toBeUndefined();
    expect(namespace.keys().sort()).toEqual(["k0", "k1", "k2", "k3", "k4", "k5", "k6"]);
    namespace.set("k6", "six");
    expect(namespace.get("k6")).toBe("six");
    expect(namespace.keys()).toHaveLength(7);
    for (let n = 6; n >= 0; n--) namespace.delete(`k${n}`);
    expect(namespace.empty).toBe(true);
  });

  it("reuses the room in a Map that was full, and holds each key once", () => {
    const namespace = new PlainNamespace(2);
    for (const key of ["a", "b", "c"]) namespace.set(key, "old");
    namespace.delete("a");
    namespace.set("c", "new");
    namespace.set("d", "new");
    expect(namespace.keys().sort()).toEqual(["b", "c", "d"]);
    namespace.delete("c");
    expect(namespace.get("c")).toBeUndefined();
    namespace.delete("missing");
    expect(namespace.empty).toBe(false);
  });

  it("behaves like one Map, whatever the limit", { timeout: PROPERTY_TIMEOUT }, async () => {
    const KEYS = ["a", "b", "c", "d", "e", "f", "__proto__"];
    const key = fc.constantFrom(...KEYS);
    const step = fc.oneof(
      fc.record({ type: fc.constant("set" as const), key, value: fc.string() }),
      fc.record({ type: fc.constant("delete" as const), key }),
    );
    await checkProperty(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 40 }), (limit, steps) => {
        const namespace = new PlainNamespace(limit);
        const model = new Map<string, StoredValue>();
        for (const step of steps) {
          if (step.type === "set") {
            namespace.set(step.key, step.value);
            model.set(step.key, step.value);
          } else {
            namespace.delete(step.key);
            model.delete(step.key);
          }
          for (const key of KEYS) expect(namespace.get(key)).toBe(model.get(key));
          expect(namespace.empty).toBe(model.size === 0);
          expect(namespace.keys().sort()).toEqual([...model.keys()].sort());
          expect(new Map(namespace.entries())).toEqual(model);
        }
      }),
      { runs: 300 },
    );
  });
});
