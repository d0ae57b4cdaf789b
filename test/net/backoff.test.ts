import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Backoff } from "../../src/net/backoff.js";

vi.mock("../../src/net/clock.js", () => import("../support/fake-clock.js"));

describe("Backoff", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** How long the next pause lasts, in milliseconds. */
  async function pause(backoff: Backoff): Promise<number> {
    const start = Date.now();
    let ended = false;
    const pausing = backoff.pause().then(() => {
      ended = true;
    });
    while (!ended) await vi.advanceTimersByTimeAsync(1);
    await pausing;
    return Date.now() - start;
  }

  it("doubles its pauses, with jitter, from 20 ms to a second", async () => {
    const backoff = new Backoff();
    for (const wait of [20, 40, 80, 160, 320, 640, 1_000, 1_000]) {
      const lasted = await pause(backoff);
      expect(lasted).toBeGreaterThanOrEqual(wait * 0.75 - 1);
      expect(lasted).toBeLessThanOrEqual(Math.min(1_000, wait * 1.25) + 1);
    }
  });

  it("starts again with the shortest pause after a reset", async () => {
    const backoff = new Backoff();
    for (let attempt = 0; attempt < 5; attempt++) await pause(backoff);
    backoff.reset();
    expect(await pause(backoff)).toBeLessThanOrEqual(26);
  });

  it("ends the pause in progress at once, and leaves no timer", async () => {
    const backoff = new Backoff();
    const pausing = backoff.pause();
    backoff.end();
    await pausing;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("has nothing to end before its first pause", () => {
    expect(() => new Backoff().end()).not.toThrow();
  });
});
