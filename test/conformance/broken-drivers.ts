import { counters } from "./broken/counters.js";
import type { Faults } from "./broken/fault.js";
import { misses } from "./broken/misses.js";
import { namespaces } from "./broken/namespaces.js";
import { swaps } from "./broken/swaps.js";
import { ttls } from "./broken/ttls.js";
import { values } from "./broken/values.js";

/** Every fault by name: how it is made, and which case of the suite catches it. */
export const faults: Faults = { ...misses, ...ttls, ...counters, ...swaps, ...values, ...namespaces };
