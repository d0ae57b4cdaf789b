/** A timer of Node that is set for longer, in milliseconds, fires at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;
