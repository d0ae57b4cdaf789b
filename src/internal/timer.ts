/** The longest wait of a timer, in milliseconds. Node fires a longer one at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;
