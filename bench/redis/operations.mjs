/**
 * What is measured.
 *
 * @typedef {object} Operation
 * @property {"find" | "set" | "setTTL" | "incr"} name - also of the subject's call; a subject without it is left out.
 * @property {string} title
 * @property {string} step - one call, as code. In scope are `subject`, `i` (0 to RESIDENT - 1, over and over), and what
 * `compile` in child.mjs hands in.
 * @property {readonly number[]} bars - the ratios on the baseline that namestore is to hold, one for each of FLIGHTS.
 */

/** How many calls are under way at once. */
export const FLIGHTS = [1, 50, 500];

/** @type {readonly Operation[]} */
export const operations = [
  { name: "find", title: "find", step: 'subject.find("user:" + i)', bars: [0.92, 1.4, 1.6] },
  { name: "set", title: "set", step: 'subject.set("user:" + i, values[i])', bars: [0.92, 1.2, 1.4] },
  {
    name: "setTTL",
    title: "set with a TTL",
    step: 'subject.setTTL("user:" + i, values[i], TTL)',
    bars: [0.85, 0.7, 0.65],
  },
  { name: "incr", title: "incr", step: 'subject.incr("count:" + i)', bars: [0.8, 0.8, 0.8] },
];
