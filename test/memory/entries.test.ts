import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Entries } from "../../src/memory/entries.js";
import type { Slot } from "../../src/memory/store.js";

describe("Entries", () => {
  it("keep, replace and remove", () => {
    const entries = new Entries();
    expect(entries.empty).toBe(true);
    entries.set("a", "1");
    entries.set("b", "2");
    entries.set("a", "3");
    expect(entries.get("a")).toBe("3");
    expect(entries.keys().sort()).toEqual(["a", "b"]);
    entries.delete("a");
    entries.delete("missing");
    expect(entries.get("a")).toBeUndefined();
    expect(entries.empty).toBe(false);
    entries.delete("b");
    expect(entries.empty).toBe(true);
    expect(entries.keys()).toEqual([]);
  });

  it("go on past the limit of one Map", () => {
    const entries = new Entries(2);
    for (let n = 0; n < 7; n++) entries.set(`k${n}`, `${n}`);
    for (let n = 0; n < 7; n++) expect(entries.get(`k${n}`)).toBe(`${n}`);
    expect(entries.get("missing")).toBeUndefined();
    expect(entries.keys().sort()).toEqual(["k0", "k1", "k2", "k3", "k4", "k5", "k6"]);
    entries.set("k6", "six");
    expect(entries.get("k6")).toBe("six");
    expect(entries.keys()).toHaveLength(7);
    for (let n = 6; n >= 0; n--) entries.delete(`k${n}`);
    expect(entries.empty).toBe(true);
  });

  it("fill the gaps of a full Map, and hold each key once", () => {
    const entries = new Entries(2);
    for (const key of ["a", "b", "c"]) entries.set(key, "old");
    entries.delete("a");
    entries.set("c", "new");
    entries.set("d", "new");
    expect(entries.keys().sort()).toEqual(["b", "c", "d"]);
    entries.delete("c");
    expect(entries.get("c")).toBeUndefined();
    entries.delete("missing");
    expect(entries.empty).toBe(false);
  });

  it("are a Map, whatever the limit", () => {
    const key = fc.constantFrom("a", "b", "c", "d", "e", "f", "__proto__");
    const step = fc.oneof(
      fc.record({ type: fc.constant("set" as const), key, slot: fc.string() }),
      fc.record({ type: fc.constant("delete" as const), key }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 40 }), (limit, steps) => {
        const entries = new Entries(limit);
        const model = new Map<string, Slot>();
        for (const step of steps) {
          if (step.type === "set") {
            entries.set(step.key, step.slot);
            model.set(step.key, step.slot);
          } else {
            entries.delete(step.key);
            model.delete(step.key);
          }
          for (const key of ["a", "b", "c", "d", "e", "f", "__proto__"]) expect(entries.get(key)).toBe(model.get(key));
          expect(entries.empty).toBe(model.size === 0);
          expect(entries.keys().sort()).toEqual([...model.keys()].sort());
        }
      }),
      { numRuns: 300 },
    );
  });
});
