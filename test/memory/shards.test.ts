import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Shards } from "../../src/memory/shards.js";

function filled(limit: number, count: number): Shards<number> {
  const shards = new Shards<number>(limit);
  for (let n = 0; n < count; n++) shards.add(`user:${n}`, n);
  return shards;
}

describe("Shards", () => {
  it("hold every entry once, however often they were split", () => {
    const shards = filled(4, 1_000);
    expect(shards.size).toBe(1_000);
    for (let n = 0; n < 1_000; n++) expect(shards.get(`user:${n}`)).toBe(n);
    expect(shards.get("user:1000")).toBeUndefined();
    expect(new Set(shards.keys()).size).toBe(1_000);
    expect(shards.keys()).toHaveLength(1_000);
    expect([...shards.values()].sort((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
  });

  it("give up entries, down to none", () => {
    const shards = filled(4, 100);
    for (let n = 0; n < 100; n++) shards.delete(`user:${n}`);
    expect(shards.size).toBe(0);
    expect(shards.keys()).toEqual([]);
  });

  it("stop splitting where it no longer helps", () => {
    // A limit of none asks for a split at every entry.
    const shards = filled(0, 40);
    expect(shards.size).toBe(40);
    for (let n = 0; n < 40; n++) expect(shards.get(`user:${n}`)).toBe(n);
  });

  it("are a Map, whatever the limit", () => {
    const key = fc.oneof(fc.constantFrom("a", "b", "__proto__", "é😀"), fc.string({ maxLength: 3 }));
    const step = fc.tuple(fc.boolean(), key, fc.nat());
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 60 }), (limit, steps) => {
        const shards = new Shards<number>(limit);
        const model = new Map<string, number>();
        for (const [adds, key, value] of steps) {
          if (adds && !model.has(key)) {
            shards.add(key, value);
            model.set(key, value);
          } else if (!adds && model.has(key)) {
            shards.delete(key);
            model.delete(key);
          }
          expect(shards.size).toBe(model.size);
          for (const [key] of [...model, ["a"], ["b"]] as [string][]) expect(shards.get(key)).toBe(model.get(key));
        }
        expect(shards.keys().sort()).toEqual([...model.keys()].sort());
      }),
    );
  });
});
