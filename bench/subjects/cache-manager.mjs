import { createCache } from "cache-manager";

/**
 * It has no namespaces: one cache behind a concatenated prefix.
 *
 * @type {import("./subject.mjs").Subject<{ cache: import("cache-manager").Cache, prefix: string }>}
 */
export const cacheManager = {
  name: "cache-manager",
  package: "cache-manager",
  open(names) {
    const cache = createCache();
    return names.map((name) => ({ cache, prefix: `app:${name}:` }));
  },
  calls: {
    find: (store, key) => store.cache.get(store.prefix + key),
    set: (store, key, value) => store.cache.set(store.prefix + key, value),
    setTTL: (store, key, value, ttl) => store.cache.set(store.prefix + key, value, ttl),
    delete: (store, key) => store.cache.del(store.prefix + key),
    mGet: (store, keys) => store.cache.mget(keys.map((key) => store.prefix + key)),
    getOrSet: (store, key, compute) => store.cache.wrap(store.prefix + key, compute),
  },
};
