import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/errors.js";
import { MemoryDriver, type MemoryOptions } from "../../src/index.js";

/** The message that refuses the options, or "accepted". */
const outcome = (options: unknown): string => {
  try {
    new MemoryDriver(options as MemoryOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidArgumentError);
    return (error as Error).message;
  }
  return "accepted";
};

describe("the constructor of a memory driver", () => {
  it.each([[{}], [{ maxEntries: undefined, maxBytes: undefined, sweepInterval: undefined }], [undefined]])(
    "accepts %o, which sets no option",
    (options) => {
      expect(outcome(options)).toBe("accepted");
    },
  );

  it.each([
    { maxEntries: 1 },
    { maxBytes: 1 },
    { maxEntries: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER },
    { sweepInterval: 1 },
    { sweepInterval: "250ms" as const },
    { sweepInterval: 2 ** 31 - 1 },
  ])("accepts %o", (options) => {
    expect(outcome(options)).toBe("accepted");
  });

  it.each([null, 5, "1000", [1]])("refuses %o, which is not an options object", (options) => {
    expect(outcome(options)).toMatch(/^options is .+; allowed is an object such as/);
  });

  const invalidBounds: [given: unknown, shown: string][] = [
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
  describe.each(["maxEntries", "maxBytes"])("the option %s", (option) => {
    it.each(invalidBounds)("refuses %s", (given, shown) => {
      expect(outcome({ [option]: given })).toBe(`${option} is ${shown}; allowed is a whole number from 1 to 2^53−1`);
    });
  });

  it.each([
    [0, "0"],
    ["0s", '"0s"'],
    [2 ** 31, "2147483648"],
    ["25d", '"25d"'],
    [-1, "-1"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "Infinity"],
    ["soon", '"soon"'],
    ["10", '"10"'],
    [null, "null"],
    [{}, "an object"],
  ])("refuses a sweepInterval of %o, and says what a timer can wait", (given, shown) => {
    const prefix = `sweepInterval (omit it for no sweep) is ${shown}; allowed are 1 ms to 2147483647 ms (about 25 days), `;
    expect(outcome({ sweepInterval: given }).slice(0, prefix.length)).toBe(prefix);
  });

  it("copies the options", () => {
    const options: MemoryOptions = { maxEntries: 1 };
    const driver = new MemoryDriver(options);
    options.maxEntries = 2;
    driver.set("a:b:", "k", "v", 0);
    driver.set("a:b:", "l", "v", 0);
    expect(driver.stats().entries).toBe(1);
  });
});
