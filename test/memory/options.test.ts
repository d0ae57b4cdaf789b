import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/errors.js";
import { MemoryDriver, type MemoryOptions } from "../../src/index.js";

const refusal = (options: unknown): string => {
  try {
    new MemoryDriver(options as MemoryOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidArgumentError);
    return (error as Error).message;
  }
  return "accepted";
};

describe("a memory driver", () => {
  it.each([[{}], [{ maxEntries: undefined, maxBytes: undefined, sweepInterval: undefined }], [undefined]])(
    "takes %o: no bounds and no sweep",
    (options) => {
      expect(refusal(options)).toBe("accepted");
    },
  );

  it.each([
    { maxEntries: 1 },
    { maxBytes: 1 },
    { maxEntries: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER },
    { sweepInterval: 1 },
    { sweepInterval: "250ms" as const },
    { sweepInterval: 2 ** 31 - 1 },
  ])("takes %o", (options) => {
    expect(refusal(options)).toBe("accepted");
  });

  it.each([null, 5, "1000", [1]])("refuses options that are none: %o", (options) => {
    expect(refusal(options)).toMatch(/^options is .+; allowed is an object such as/);
  });

  const nonsense: [given: unknown, shown: string][] = [
    [0, "0"],
    [-1, "-1"],
    [1.5, "1.5"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "Infinity"],
    [2 ** 53, "9007199254740992"],
    ["10", "a string"],
    [null, "null"],
    [10n, "a bigint"],
  ];
  describe.each(["maxEntries", "maxBytes"])("refuses as %s", (option) => {
    it.each(nonsense)("%s", (given, shown) => {
      expect(refusal({ [option]: given })).toBe(`${option} is ${shown}; allowed is a whole number from 1 to 2^53−1`);
    });
  });

  it.each([0, "0s", 2 ** 31, "25d"])("refuses a sweepInterval that no timer can wait: %s", (given) => {
    expect(refusal({ sweepInterval: given })).toMatch(/^sweepInterval is \d+ ms; allowed are 1 to 2147483647 ms/);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, "soon", "10", null, {}])(
    "refuses a sweepInterval that is no duration: %o",
    (given) => {
      expect(refusal({ sweepInterval: given })).toMatch(/^sweepInterval is .+; allowed are/);
    },
  );

  it("copies its options", () => {
    const options: MemoryOptions = { maxEntries: 1 };
    const driver = new MemoryDriver(options);
    options.maxEntries = 2;
    driver.set("a:b:", "k", "v", 0);
    driver.set("a:b:", "l", "v", 0);
    expect(driver.stats().entries).toBe(1);
  });
});
