import type { Suite } from "../suite.js";
import { abort } from "./abort.js";
import { basic } from "./basic.js";
import { batch } from "./batch.js";
import { cache } from "./cache.js";
import { closing } from "./closing.js";
import { concurrency } from "./concurrency.js";
import { counters } from "./counters.js";
import { errors } from "./errors.js";
import { expiry } from "./expiry.js";
import { isolation } from "./isolation.js";
import { limits } from "./limits.js";
import { listing } from "./listing.js";
import { missing } from "./missing.js";
import { model } from "./model.js";
import { names } from "./names.js";
import { patterns } from "./patterns.js";
import { seam } from "./seam.js";
import { swap } from "./swap.js";
import { ttl } from "./ttl.js";
import { values } from "./values.js";

/** The suites by topic, in the order in which they run. */
export const suites: Readonly<Record<string, (suite: Suite) => void>> = {
  basic,
  missing,
  batch,
  ttl,
  expiry,
  counters,
  swap,
  values,
  listing,
  patterns,
  isolation,
  names,
  concurrency,
  cache,
  errors,
  abort,
  closing,
  limits,
  seam,
  model,
};
