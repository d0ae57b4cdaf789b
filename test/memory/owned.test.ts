import { describe, expect, it } from "vitest";
import { MemoryDriver, type MemoryOptions } from "../../src/index.js";

const A = "app:a:";

/** How many bytes of memory the value under the key keeps alive. */
function bytesKeptAlive(driver: MemoryDriver): number {
  return (driver.get(A, "k") as Uint8Array).buffer.byteLength;
}

describe.each<[string, MemoryOptions]>([
  ["without options", {}],
  ["with bounds", { maxEntries: 10 }],
])("a memory driver %s", (_name, options) => {
  const view = (): Uint8Array => new Uint8Array(new ArrayBuffer(8_192), 100, 3).fill(7);

  it.each<[string, (driver: MemoryDriver) => unknown]>([
    ["set", (driver) => driver.set(A, "k", view(), 0)],
    ["set with a TTL", (driver) => driver.set(A, "k", view(), 1_000)],
    ["setNX", (driver) => driver.setNX(A, "k", view(), 0)],
    ["mSet", (driver) => driver.mSet(A, [["k", view()]], 0)],
    ["getSet", (driver) => driver.set(A, "k", "v", 1_000) ?? driver.getSet(A, "k", view(), 0, true)],
    ["compareAndSwap", (driver) => driver.set(A, "k", "v", 0) ?? driver.compareAndSwap(A, "k", "v", view(), 0, true)],
  ])("keeps only the value alive, not the larger buffer it is a view into, in %s", (_name, write) => {
    const driver = new MemoryDriver(options);
    write(driver);
    expect(driver.get(A, "k")).toEqual(Uint8Array.of(7, 7, 7));
    expect(bytesKeptAlive(driver)).toBe(3);
  });

  it("stores an array that fills its buffer without copying it", () => {
    const driver = new MemoryDriver(options);
    const whole = Uint8Array.of(1, 2);
    driver.set(A, "k", whole, 0);
    expect(driver.get(A, "k")).toBe(whole);
  });
});
