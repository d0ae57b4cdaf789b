import type { Subject } from "../../src/testing/index.js";

/** The limits of Memcached. */
export const limits = {
  ttlResolution: 1_000,
  limits: {
    keyBytes: 250,
    awkwardKeyBytes: 186,
    valueBytes: 1_000_000,
    // January 2038.
    ttl: 2 ** 31 * 1_000 - Date.now(),
  },
} as const satisfies Partial<Subject>;
