/**
 * The limit: a bare Map under prefixed keys, and one promise a call. It checks nothing, encodes nothing, and knows no
 * namespace but the prefix.
 *
 * @type {import("./subject.mjs").Subject<{ map: Map<string, string>, prefix: string }>}
 */
export const map = {
  name: "Map",
  package: "",
  open(names) {
    const map = new Map();
    return names.map((name) => ({ map, prefix: `app:${name}:` }));
  },
  calls: {
    find: (store, key) => Promise.resolve(store.map.get(store.prefix + key)),
    set: (store, key, value) => {
      store.map.set(store.prefix + key, value);
      return Promise.resolve();
    },
    setNX: (store, key, value) => {
      const storageKey = store.prefix + key;
      if (store.map.has(storageKey)) return Promise.resolve(false);
      store.map.set(storageKey, value);
      return Promise.resolve(true);
    },
    delete: (store, key) => Promise.resolve(store.map.delete(store.prefix + key)),
    // Read, parse, add, write as text.
    incr: (store, key) => {
      const storageKey = store.prefix + key;
      const sum = Number(store.map.get(storageKey) ?? 0) + 1;
      store.map.set(storageKey, String(sum));
      return Promise.resolve(sum);
    },
    mGet: (store, keys) => {
      const found = new Map();
      for (const key of keys) {
        const value = store.map.get(store.prefix + key);
        if (value !== undefined) found.set(key, value);
      }
      return Promise.resolve(found);
    },
    compareAndSwap: (store, key, oldValue, newValue) => {
      const storageKey = store.prefix + key;
      if (store.map.get(storageKey) !== oldValue) return Promise.resolve(false);
      store.map.set(storageKey, newValue);
      return Promise.resolve(true);
    },
    getOrSet: (store, key, compute) => {
      const storageKey = store.prefix + key;
      const value = store.map.get(storageKey);
      if (value !== undefined) return Promise.resolve(value);
      return compute().then((computed) => {
        store.map.set(storageKey, computed);
        return computed;
      });
    },
  },
};

/**
 * The limit of a write with a TTL: the same Map of values with a deadline, as whoever adds TTLs to a Map would write it.
 *
 * @type {import("./subject.mjs").Subject<{ map: Map<string, { value: string, expires: number }>, prefix: string }>}
 */
export const mapWithDeadlines = {
  name: "Map",
  package: "",
  open(names) {
    const map = new Map();
    return names.map((name) => ({ map, prefix: `app:${name}:` }));
  },
  calls: {
    find: (store, key) => {
      const entry = store.map.get(store.prefix + key);
      return Promise.resolve(entry !== undefined && Date.now() < entry.expires ? entry.value : undefined);
    },
    set: (store, key, value) => {
      store.map.set(store.prefix + key, { value, expires: Number.POSITIVE_INFINITY });
      return Promise.resolve();
    },
    setTTL: (store, key, value, ttl) => {
      store.map.set(store.prefix + key, { value, expires: Date.now() + ttl });
      return Promise.resolve();
    },
  },
};

/**
 * The limit of a listing: a Map that holds exactly the one namespace, read into an array. (A scan of the flat Map above
 * would be no limit.)
 *
 * @type {import("./subject.mjs").Subject<Map<string, string>>}
 */
export const mapOfOneNamespace = {
  name: "Map",
  package: "",
  open: (names) => names.map(() => new Map()),
  calls: {
    find: (store, key) => Promise.resolve(store.get(key)),
    set: (store, key, value) => {
      store.set(key, value);
      return Promise.resolve();
    },
    keys: (store) => Promise.resolve([...store.keys()]),
    clear: (store) => {
      store.clear();
      return Promise.resolve();
    },
  },
};
