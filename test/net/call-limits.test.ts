import { describe, expect, it } from "vitest";
import { type Duration, InvalidArgumentError } from "../../src/index.js";
import { callLimitsOf } from "../../src/net/call-limits.js";

describe("callLimitsOf", () => {
  it("defaults to 5 s and 50,000 calls", () => {
    expect(callLimitsOf({})).toEqual({ timeout: 5_000, maxPending: 50_000 });
    expect(callLimitsOf({ timeout: undefined, maxPending: undefined })).toEqual({ timeout: 5_000, maxPending: 50_000 });
  });

  it("takes the timeout as any duration", () => {
    expect(callLimitsOf({ timeout: "2s", maxPending: 7 })).toEqual({ timeout: 2_000, maxPending: 7 });
    expect(callLimitsOf({ timeout: 0.5, maxPending: 1 })).toEqual({ timeout: 1, maxPending: 1 });
  });

  it.each<[string, unknown]>([
    ["0", 0],
    ["negative", -1],
    ["NaN", Number.NaN],
    ["infinite", Number.POSITIVE_INFINITY],
    ["malformed", "5 seconds"],
    ["longer than a timer can run", "25d"],
  ])("refuses a timeout that is %s", (_, timeout) => {
    expect(() => callLimitsOf({ timeout: timeout as Duration })).toThrow(InvalidArgumentError);
    expect(() => callLimitsOf({ timeout: timeout as Duration })).toThrow("timeout");
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "5"])("refuses a maxPending of %s", (maxPending) => {
    expect(() => callLimitsOf({ maxPending: maxPending as number })).toThrow(InvalidArgumentError);
    expect(() => callLimitsOf({ maxPending: maxPending as number })).toThrow("maxPending");
  });
});
