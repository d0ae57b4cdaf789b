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

describe("a TTL as it is sent", () => {
  it.each([
    [0, ""],
    [1, " T2"],
    [1_000, " T2"],
    [1_001, " T3"],
    [(MONTH - 1) * 1_000, ` T${MONTH}`],
  ])("of %d ms is %j: whole seconds and one more", (ttl, sent) => {
    expect(isShortTtl(ttl)).toBe(true);
    expect(relativeTtlFlag(ttl)).toBe(sent);
  });

  it("is a date where it is longer than the server takes as seconds", () => {
    expect(isShortTtl((MONTH - 1) * 1_000 + 1)).toBe(false);
    expect(absoluteTtlFlag(1_000, MONTH * 1_000)).toBe(` T${1_000 + MONTH + 1}`);
    expect(remainingTtlFlag(1_000, 7)).toBe(" T1007");
  });

  it("ends before February 2038", () => {
    expect(absoluteTtlFlag(2 ** 31 - 1 - 11, 10_000)).toBe(` T${2 ** 31 - 1}`);
    expect(() => absoluteTtlFlag(2 ** 31 - 1 - 10, 10_000)).toThrow(InvalidArgumentError);
    expect(() => checkTtl(2 ** 31 * 1_000 - Date.now())).toThrow(InvalidArgumentError);
    expect(() => checkTtl(2 ** 31 * 1_000 - Date.now() - 5_000)).not.toThrow();
  });

  it("that is none is none by a clock past January 2038 too", () => {
    vi.spyOn(Date, "now").mockReturnValue(2 ** 31 * 1_000);
    onTestFinished(() => void vi.restoreAllMocks());
    expect(() => checkTtl(0)).not.toThrow();
    expect(() => checkTtl(1)).toThrow(InvalidArgumentError);
  });
});
