import { describe, expect, it, onTestFinished, vi } from "vitest";
import { InvalidArgumentError } from "../../src/errors.js";
import {
  absoluteTtlFlag,
  checkTtl,
  isShortTtl,
  relativeTtlFlag,
  remainingTtlFlag,
} from "../../src/memcached/expiry.js";

const MONTH = 30 * 86_400;

describe("The T flag", () => {
  it.each([
    [0, ""],
    [1, " T2"],
    [1_000, " T2"],
    [1_001, " T3"],
    [(MONTH - 1) * 1_000, ` T${MONTH}`],
  ])("sends a TTL of %d ms as %j: whole seconds and one more", (ttl, sent) => {
    expect(isShortTtl(ttl)).toBe(true);
    expect(relativeTtlFlag(ttl)).toBe(sent);
  });

  it("is a date when the TTL is longer than the server takes as seconds", () => {
    expect(isShortTtl((MONTH - 1) * 1_000 + 1)).toBe(false);
    expect(absoluteTtlFlag(1_000, MONTH * 1_000)).toBe(` T${1_000 + MONTH + 1}`);
    expect(remainingTtlFlag(1_000, 7)).toBe(" T1007");
  });

  it("refuses a TTL that ends after January 2038", () => {
    expect(absoluteTtlFlag(2 ** 31 - 1 - 11, 10_000)).toBe(` T${2 ** 31 - 1}`);
    expect(() => absoluteTtlFlag(2 ** 31 - 1 - 10, 10_000)).toThrow(InvalidArgumentError);
    expect(() => checkTtl(2 ** 31 * 1_000 - Date.now())).toThrow(InvalidArgumentError);
    expect(() => checkTtl(2 ** 31 * 1_000 - Date.now() - 5_000)).not.toThrow();
  });

  it("accepts no TTL even when the clock is past January 2038", () => {
    vi.spyOn(Date, "now").mockReturnValue(2 ** 31 * 1_000);
    onTestFinished(() => void vi.restoreAllMocks());
    expect(() => checkTtl(0)).not.toThrow();
    expect(() => checkTtl(1)).toThrow(InvalidArgumentError);
  });
});
