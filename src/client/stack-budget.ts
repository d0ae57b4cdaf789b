/**
 * Makes an error of a refused call. In one tick only the first few capture a stack trace: a flood of refused calls would
 * otherwise keep the event loop from the accepted ones until they time out.
 */
export function makeRefusal<T>(make: () => T): T {
  if (refusals++ === 0) {
    queueMicrotask(() => {
      refusals = 0;
    });
  }
  if (refusals <= WITH_STACK) return make();
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** A stack trace takes about 10 µs, and the rest of a refused call a tenth of that. */
const WITH_STACK = 10;

/** The refused calls of this tick. */
let refusals = 0;
