import { Keyv } from "keyv";

/**
 * A `namespace` each, over one Map.
 *
 * @type {import("./subject.mjs").Subject<Keyv<string>>}
 */
export const keyv = {
  name: "keyv",
  package: "keyv",
  open(names) {
    // Over a Map, `iterator` lists the namespace of the Keyv that was made last.
    const store = new Map();
    return names.map((name) => new Keyv({ store, namespace: `app-${name}` }));
  },
  calls: {
    find: (store, key) => store.get(key),
    set: (store, key, value) => store.set(key, value),
    setTTL: (store, key, value, ttl) => store.set(key, value, ttl),
    delete: (store, key) => store.delete(key),
    mGet: (store, keys) => store.getMany(keys),
    clear: (store) => store.clear(),
    keys: async (store) => {
      const keys = [];
      for await (const [key] of store.iterator?.(undefined) ?? []) keys.push(key);
      return keys;
    },
  },
};
