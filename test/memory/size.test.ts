import { describe, expect, it } from "vitest";
import { MemoryDriver, type MemoryOptions } from "../../src/index.js";

const A = "app:a:";

/** How much memory the value under the key keeps alive. */
function kept(driver: MemoryDriver): number {
  return (driver.get(A, "k") as Uint8Array).buffer.byteLength;
}

describe.each<[string, MemoryOptions]>([
  ["without options", {}],
  ["with bounds", { maxEntries: 10 }],
])("a memory driver %s keeps of bytes", (_name, options) => {
  const part = (): Uint8Array => new Uint8Array(new ArrayBuffer(8_192), 100, 3).fill(7);

  it.each<[string, (driver: MemoryDriver) => unknown]>([
    ["set", (driver) => driver.set(A, "k", part(), 0)],
    ["set with a TTL", (driver) => driver.set(A, "k", part(), 1_000)],
    ["setNX", (driver) => driver.setNX(A, "k", part(), 0)],
    ["mSet", (driver) => driver.mSet(A, [["k", part()]], 0)],
    ["getSet", (driver) => driver.set(A, "k", "v", 1_000) ?? driver.getSet(A, "k", part(), 0, true)],
    ["compareAndSwap", (driver) => driver.set(A, "k", "v", 0) ?? driver.compareAndSwap(A, "k", "v", part(), 0, true)],
  ])("just the value, though it was a part of a larger buffer: %s", (_name, write) => {
    const driver = new MemoryDriver(options);
    write(driver);
    expect(driver.get(A, "k")).toEqual(Uint8Array.of(7, 7, 7));
    expect(kept(driver)).toBe(3);
  });

  it("the very array where that is all of its buffer", () => {
    const driver = new MemoryDriver(options);
    const whole = Uint8Array.of(1, 2);
    driver.set(A, "k", whole, 0);
    expect(driver.get(A, "k")).toBe(whole);
  });
});
