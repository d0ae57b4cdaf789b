import { createStorage, prefixStorage } from "unstorage";

/**
 * `prefixStorage` over its memory driver, which knows no TTL.
 *
 * @type {import("./subject.mjs").Subject<import("unstorage").Storage<string>>}
 */
export const unstorage = {
  name: "unstorage",
  package: "unstorage",
  open(names) {
    /** @type {import("unstorage").Storage<string>} */
    const storage = createStorage();
    return names.map((name) => prefixStorage(storage, `app:${name}`));
  },
  calls: {
    find: (store, key) => store.getItem(key),
    set: (store, key, value) => store.setItem(key, value),
    delete: (store, key) => store.removeItem(key),
    mGet: (store, keys) => store.getItems(keys),
    keys: (store) => store.getKeys(),
    clear: (store) => store.clear(),
  },
};
