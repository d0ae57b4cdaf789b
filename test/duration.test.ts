import { describe, expect, it } from "vitest";
import { type Duration, milliseconds } from "../src/duration.js";
import { InvalidArgumentError } from "../src/errors.js";

const CENTURY = 36_525 * 86_400_000;

describe("milliseconds", () => {
  it.each<[Duration, number]>([
    [0, 0],
    [-0, 0],
    [1, 1],
    [1500, 1500],
    [CENTURY, CENTURY],
    ["0ms", 0],
    ["-0s", 0],
    ["250ms", 250],
    ["30s", 30_000],
    ["15m", 900_000],
    ["1h", 3_600_000],
    ["7d", 604_800_000],
    ["2w", 1_209_600_000],
    ["1.5s", 1500],
    ["0.5h", 1_800_000],
    [".5s", 500],
    ["5.s", 5000],
    ["+5s", 5000],
    ["1e3ms", 1000],
    ["1E3ms", 1000],
    ["1e+3ms", 1000],
    ["1e-3s", 1],
    ["1000e-3s", 1000],
    ["007s", 7000],
    ["36525d", CENTURY],
  ])("converts %j to %d ms", (duration, expected) => {
    const given = milliseconds(duration, "ttl");
    expect(given).toBe(expected);
    expect(Object.is(given, -0)).toBe(false);
  });

  it.each<[Duration, number]>([
    [0.1, 1],
    [0.000_001, 1],
    [Number.MIN_VALUE, 1],
    [1.000_001, 2],
    [999.5, 1000],
    ["0.1ms", 1],
    ["0.0001s", 1],
    ["1.0001s", 1001],
    ["1.2345678s", 1235],
    ["0.00000001w", 7],
    ["1e-9ms", 1],
    ["1e-400ms", 1],
    ["1000000000.0000001s", 1_000_000_000_001],
    ["3155759999999.0001ms", CENTURY],
  ])("rounds %j up to %d ms", (duration, expected) => {
    expect(milliseconds(duration, "ttl")).toBe(expected);
  });

  it.each<[Duration, number]>([
    ["1.1s", 1100],
    ["2.3s", 2300],
    ["4.35s", 4350],
    ["0.07s", 70],
    ["1.005s", 1005],
    ["1.1m", 66_000],
    ["0.1h", 360_000],
    ["0.7d", 60_480_000],
    ["1.1w", 665_280_000],
  ])("converts %j, which binary fractions would miss, to %d ms", (duration, expected) => {
    expect(milliseconds(duration, "ttl")).toBe(expected);
  });

  it.each([
    -1,
    -0.001,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    CENTURY + 1,
    CENTURY + 0.5,
    "-1s",
    "-0.001ms",
    "36526d",
    "36525.0000001d",
    "3155760000000.001ms",
    "1e400s",
    "1e99999999999ms",
    "",
    "5",
    "s",
    ".s",
    "5 s",
    " 5s",
    "5s ",
    "5s\n",
    "5S",
    "5x",
    "5sec",
    "5ms5",
    "1h30m",
    "1,5s",
    "1_000s",
    "0x10s",
    "NaNs",
    "Infinitys",
    "1e5",
    "e5s",
    "1es",
    "--1s",
    "５s",
    `${"0".repeat(50)}1s`,
    null,
    undefined,
    true,
    5n,
    {},
    [],
    ["5s"],
    new Date(0),
    Symbol("5s"),
    () => 5,
  ])("refuses %s, and names the argument", (duration) => {
    expect(() => milliseconds(duration as never, "the time")).toThrow(InvalidArgumentError);
    expect(() => milliseconds(duration as never, "the time")).toThrow(/^the time is .*; allowed are /);
  });

  it("refuses what is longer than a shorter maximum, and names that", () => {
    const longest = 2 ** 31 - 1;
    expect(milliseconds(longest, "timeout", longest)).toBe(longest);
    for (const duration of ["25d", longest + 1, "36526d", "soon"] as Duration[]) {
      expect(() => milliseconds(duration, "timeout", longest)).toThrow(
        `timeout is ${JSON.stringify(duration)}; allowed are 0 to 2147483647 ms (about 25 days), as milliseconds or`,
      );
    }
    expect(() => milliseconds(-1, "ttl")).toThrow("allowed are 0 to 100 years, as milliseconds or");
  });

  it("refuses 0 where that is too short, and names the bounds", () => {
    for (const duration of [0, -0, "0s", "0.0w", Number.NaN, -1, "36526d", "soon"] as Duration[]) {
      expect(() => milliseconds(duration, "ttl", undefined, 1)).toThrow(
        "; allowed are 1 ms to 100 years, as milliseconds",
      );
    }
    expect(milliseconds(0.1, "ttl", undefined, 1)).toBe(1);
    expect(milliseconds("0.1ms", "ttl", undefined, 1)).toBe(1);
  });

  it("returns the same result again, however many other durations were parsed in between", () => {
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < 250; n++) expect(milliseconds(`${n}s`, "ttl")).toBe(n * 1000);
      expect(() => milliseconds("5x" as never, "ttl")).toThrow(InvalidArgumentError);
    }
  });
});
