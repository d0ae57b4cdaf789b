/**
 * The clock and the timers of network drivers. They are the real ones, taken when this module loads: tests that install
 * fake timers replace the global ones later, and sockets do not follow a fake clock.
 */
const { clearInterval, clearTimeout, performance, setImmediate, setInterval, setTimeout } = globalThis;

/** Milliseconds by a clock that only moves forward. */
export const now: () => number = performance.now.bind(performance);

/** What the timers below return. */
export type Timer = ReturnType<typeof setTimeout>;

/** Calls back once after so many milliseconds. By default it does not keep the process alive. */
export function startTimer(callback: () => void, milliseconds: number, keepAlive = false): Timer {
  const timer = setTimeout(callback, milliseconds);
  return keepAlive ? timer : unref(timer);
}

export function stopTimer(timer: Timer | undefined): void {
  clearTimeout(timer);
}

/** Calls back every so many milliseconds. It does not keep the process alive. */
export function startInterval(callback: () => void, milliseconds: number): Timer {
  return unref(setInterval(callback, milliseconds));
}

export function stopInterval(timer: Timer | undefined): void {
  clearInterval(timer);
}

/** Calls back at the end of this tick, after the promise callbacks. Jest's fake timers replace `process.nextTick` too. */
export const nextTick: (callback: () => void) => void = process.nextTick.bind(process);

/** Calls back once the event loop has read what arrived while it was blocked. */
export function afterReads(callback: () => void): void {
  setImmediate(callback);
}

/** Resolves after so many milliseconds. It does not keep the process alive. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    startTimer(resolve, milliseconds);
  });
}

/** Timers of some runtimes have no `unref`. */
function unref(timer: Timer): Timer {
  (timer as Partial<Timer>).unref?.();
  return timer;
}
