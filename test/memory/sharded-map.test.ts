import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ShardedMap } from "../../src/memory/sharded-map.js";
import { checkProperty, PROPERTY_TIMEOUT } from "../properties/check-property.js";

function filled(limit: number, count: number): ShardedMap<number> {
  const map = new ShardedMap<number>(limit);
  for (let n = 0; n < count; n++) map.add(`user:${n}`, n);
  return map;
}

describe("ShardedMap", () => {
  it("holds every entry once, however often it was split", () => {
    const map = filled(4, 1_000);
    expect(map.size).toBe(1_000);
    for (let n = 0; n < 1_000; n++) expect(map.get(`user:${n}`)).toBe(n);
    expect(map.get("user:1000")).toBeUndefined();
    expect(new Set(map.keys()).size).toBe(1_000);
    expect(map.keys()).toHaveLength(1_000);
    expect([...map.values()].sort((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
  });

  it("is empty after every entry was deleted", () => {
    const map = filled(4, 100);
    for (let n = 0; n < 100; n++) map.delete(`user:${n}`);
    expect(map.size).toBe(0);
    expect(map.keys()).toEqual([]);
  });

  it("stops splitting at the maximum depth", () => {
    // A limit of 0 asks for a split at every entry.
    const map = filled(0, 40);
    expect(map.size).toBe(40);
    for (let n = 0; n < 40; n++) expect(map.get(`user:${n}`)).toBe(n);
  });

  it("behaves like one Map, whatever the limit", { timeout: PROPERTY_TIMEOUT }, async () => {
    const key = fc.oneof(fc.constantFrom("a", "b", "__proto__", "é😀"), fc.string({ maxLength: 3 }));
    const step = fc.tuple(fc.boolean(), key, fc.nat());
    await checkProperty(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 60 }), (limit, steps) => {
        const map = new ShardedMap<number>(limit);
        const model = new Map<string, number>();
        for (const [adds, key, value] of steps) {
          if (adds && !model.has(key)) {
            map.add(key, value);
            model.set(key, value);
          } else if (!adds && model.has(key)) {
            map.delete(key);
            model.delete(key);
          }
          expect(map.size).toBe(model.size);
          for (const [key] of [...model, ["a"], ["b"]] as [string][]) expect(map.get(key)).toBe(model.get(key));
        }
        expect(map.keys().sort()).toEqual([...model.keys()].sort());
      }),
      { runs: 100 },
    );
  });
});
