import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { within } from "../../src/net/within.js";

vi.mock("../../src/net/clock.js", () => import("../support/fake-clock.js"));

describe("within", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("passes on a promise that settles in time, and leaves no timer", async () => {
    await expect(within(Promise.resolve("there"), 10)).resolves.toBe("there");
    await expect(within(Promise.reject(new Error("refused")), 10)).rejects.toThrow("refused");
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("rejects with a TimeoutError, not applied, when the promise is late", async () => {
    const late = expect(within(new Promise(() => {}), 10)).rejects.toMatchObject({
      code: "ERR_TIMEOUT",
      outcome: "not-applied",
    });
    await vi.advanceTimersByTimeAsync(9);
    expect(vi.getTimerCount()).toBe(1);
    // A turn of the event loop later, which counts as a millisecond.
    await vi.advanceTimersByTimeAsync(2);
    await late;
  });
});
