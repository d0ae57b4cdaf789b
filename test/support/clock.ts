import { afterEach, beforeEach, vi } from "vitest";

/** Stops `Date` for each test of this file or group; `pass` moves it forward. Timers stay real. */
export function stoppedClock(): { pass(milliseconds: number): void } {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: NOON });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  return {
    pass(milliseconds) {
      vi.setSystemTime(Date.now() + milliseconds);
    },
  };
}

/** The time at which the clock of a test starts. */
export const NOON = Date.UTC(2025, 0, 1, 12);
