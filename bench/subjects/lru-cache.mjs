import { LRUCache } from "lru-cache";

/**
 * It is synchronous and has no namespaces: one cache behind a concatenated prefix and one promise a call. Its `fetch`
 * stands for `getOrSet`.
 *
 * @type {import("./subject.mjs").Subject<{ cache: LRUCache<string, string, () => Promise<string>>, prefix: string }>}
 */
export const lruCache = {
  name: "lru-cache",
  package: "lru-cache",
  open(names, capacity) {
    /** @type {LRUCache<string, string, () => Promise<string>>} */
    const cache = new LRUCache({ max: capacity, fetchMethod: (_key, _stale, { context }) => context() });
    return names.map((name) => ({ cache, prefix: `app:${name}:` }));
  },
  calls: {
    find: (store, key) => Promise.resolve(store.cache.get(store.prefix + key)),
    set: (store, key, value) => {
      store.cache.set(store.prefix + key, value);
      return Promise.resolve();
    },
    setTTL: (store, key, value, ttl) => {
      store.cache.set(store.prefix + key, value, { ttl });
      return Promise.resolve();
    },
    delete: (store, key) => Promise.resolve(store.cache.delete(store.prefix + key)),
    getOrSet: (store, key, compute) => store.cache.fetch(store.prefix + key, { context: compute }),
  },
};
