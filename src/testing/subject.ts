import type { Awaitable, Driver } from "../driver/driver.js";

/**
 * The driver to test, and the limits of its store. What it cannot do is data on the driver itself: see
 * `Driver.supports`. Nothing of this skips a case; the suite checks that the driver behaves as declared.
 *
 * @example
 * ```ts
 * const memcached: Subject = {
 *   name: "memcached",
 *   open: () => MemcachedDriver.connect("localhost:11211"),
 *   ttlResolution: 1_000,
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
  /** The name in the titles, such as `"redis cluster"`. */
  readonly name: string;
  /**
   * Opens a driver. It is called once for all cases, when the first one runs, and again by the few cases that close
   * theirs. The suite closes what it opened. The store may be shared: the suite writes only into random namespaces, and
   * removes what it wrote.
   */
  open(): Awaitable<Driver>;
  /**
   * The unit of the store's TTLs, in milliseconds: a key may outlive its TTL by up to twice this, and must never expire
   * early. Default: 1.
   */
  readonly ttlResolution?: number | undefined;
  /**
   * How long a case may take, in milliseconds; a case that takes longer fails with a message that names the pending calls
   * of the driver. Raise it for a slow store. The suite tells the runner to allow a little more than this, so the runner's
   * own limit need not be raised. Default: 30,000.
   */
  readonly caseLimit?: number | undefined;
  /** What the store cannot hold. Default: no limits that the suite would reach. */
  readonly limits?: Limits | undefined;
}

/** Limits of a store. Each is checked from both sides: what is within it works, and what is beyond it is rejected. */
export interface Limits {
  /**
   * The longest storage key, `rootNS:domain:key`, in bytes; the suite needs 150. One byte more must be
   * `InvalidKeyError`.
   */
  readonly keyBytes?: number | undefined;
  /** The same for a storage key with a space or a character beyond printable ASCII. Default: `keyBytes`. */
  readonly awkwardKeyBytes?: number | undefined;
  /** The longest value in bytes; the suite needs 20,000. Twice as many must be `InvalidArgumentError`. */
  readonly valueBytes?: number | undefined;
  /** The longest TTL in milliseconds, accurate to one per cent. A longer one must be `InvalidArgumentError`. */
  readonly ttl?: number | undefined;
}
