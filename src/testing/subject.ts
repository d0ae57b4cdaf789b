import type { Awaitable, Driver } from "../driver/driver.js";

/**
 * The driver to prove, and what its store cannot do. What is declared here is checked, not skipped.
 *
 * @example
 * ```ts
 * const memcached: Subject = {
 *   name: "memcached",
 *   open: () => MemcachedDriver.connect("localhost:11211"),
 *   ttlResolution: 1_000,
 *   cannot: { atomicMSet: "it stores one key at a time" },
 *   limits: {
 *     keyBytes: 250,
 *     awkwardKeyBytes: 186,
 *     valueBytes: 1_000_000,
 *     ttl: Date.UTC(2038, 0, 19) - Date.now(),
 *   },
 * };
 * ```
 */
export interface Subject {
  /** In the titles, such as `"redis cluster"`. */
  readonly name: string;
  /**
   * Opens a driver. It is called once for all cases, when the first one runs, and again by the few that close
   * theirs; the suite closes what it opened. The store may be shared: the suite writes into random namespaces only,
   * and removes what it wrote.
   */
  open(): Awaitable<Driver>;
  /**
   * The unit of the store's TTLs, in milliseconds: a key may outlive its TTL by up to twice this, and is never gone
   * early. Default: 1.
   */
  readonly ttlResolution?: number | undefined;
  /** What it cannot do, each with the reason. Default: it can do everything. */
  readonly cannot?: Cannot | undefined;
  /** What it cannot hold. Default: no limits that the suite would meet. */
  readonly limits?: Limits | undefined;
}

/** What a driver cannot do, each with the reason, which the titles repeat. */
export interface Cannot {
  /** Listing: `keys` and `scan` then have to reject with `NotSupportedError`. */
  readonly scan?: string | undefined;
  /** `clear` then has to reject with `NotSupportedError`. */
  readonly clear?: string | undefined;
  /** `mSet` is not all or nothing: then each key by itself has to hold what one caller wrote. */
  readonly atomicMSet?: string | undefined;
}

/** Limits of a store. Each is checked from both sides: what lies within works, and what lies past it is refused. */
export interface Limits {
  /** The longest storage key, `rootNS:domain:key`, in bytes; the suite needs 150. One byte more is `InvalidKeyError`. */
  readonly keyBytes?: number | undefined;
  /** The same for a storage key that is not all printable ASCII without a space. Default: `keyBytes`. */
  readonly awkwardKeyBytes?: number | undefined;
  /** The longest value in bytes; the suite needs 20,000. Twice as many are `InvalidArgumentError`. */
  readonly valueBytes?: number | undefined;
  /** The longest TTL in milliseconds, give or take one per cent. A longer one is `InvalidArgumentError`. */
  readonly ttl?: number | undefined;
}
