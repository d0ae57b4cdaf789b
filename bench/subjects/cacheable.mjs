import { Cacheable } from "cacheable";

/**
 * Its `namespace` is one for a whole store: one cache behind a concatenated prefix.
 *
 * @type {import("./subject.mjs").Subject<{ cache: Cacheable, prefix: string }>}
 */
export const cacheable = {
  name: "cacheable",
  package: "cacheable",
  open(names) {
    const cache = new Cacheable();
    return names.map((name) => ({ cache, prefix: `app:${name}:` }));
  },
  calls: {
    find: (store, key) => store.cache.get(store.prefix + key),
    set: (store, key, value) => store.cache.set(store.prefix + key, value),
    setTTL: (store, key, value, ttl) => store.cache.set(store.prefix + key, value, ttl),
    delete: (store, key) => store.cache.delete(store.prefix + key),
    mGet: (store, keys) => store.cache.getMany(keys.map((key) => store.prefix + key)),
    getOrSet: (store, key, compute) => store.cache.getOrSet(store.prefix + key, compute),
  },
};
