import { Client, MemoryDriver, text } from "../../dist/index.js";

/** @typedef {import("./subject.mjs").Subject<Client<string, string>>} Namestore */

/** @type {Namestore} */
export const namestore = {
  name: "namestore",
  package: "namestore",
  open: (names) => clients(names, new MemoryDriver()),
  calls: {
    find: (store, key) => store.find(key),
    set: (store, key, value) => store.set(key, value),
    setTTL: (store, key, value, ttl) => store.set(key, value, { ttl }),
    setNX: (store, key, value) => store.setNX(key, value),
    delete: (store, key) => store.delete(key),
    incr: (store, key) => store.incr(key),
    mGet: (store, keys) => store.mGet(keys),
    compareAndSwap: (store, key, oldValue, newValue) => store.compareAndSwap(key, oldValue, newValue),
    keys: (store) => store.keys(),
    clear: (store) => store.clear(),
    getOrSet: (store, key, compute) => store.getOrSet(key, compute),
  },
};

/**
 * It holds as many entries as it is told to, and never more bytes than there are.
 *
 * @type {Namestore}
 */
export const bounded = {
  ...namestore,
  name: "namestore, bounded",
  open: (names, maxEntries) => clients(names, new MemoryDriver({ maxEntries, maxBytes: Number.MAX_SAFE_INTEGER })),
};

/** @type {Namestore} */
export const swept = {
  ...namestore,
  name: "namestore, swept",
  open: (names) => clients(names, new MemoryDriver({ sweepInterval: "10s" })),
};

function clients(/** @type {readonly string[]} */ names, /** @type {MemoryDriver} */ driver) {
  return names.map((name) => new Client("app", name, { driver, codec: text }));
}
