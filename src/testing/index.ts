export { conformance } from "./conformance.js";
export type { Runner } from "./runner.js";
export type { Limits, Subject } from "./subject.js";
