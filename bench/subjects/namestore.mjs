import { Client, MemoryDriver, text } from "../../dist/index.js";

/** @type {import("./subject.mjs").Subject<Client<string, string>>} */
export const namestore = {
  name: "namestore",
  package: "namestore",
  open(names) {
    const driver = new MemoryDriver();
    return names.map((name) => new Client("app", name, { driver, codec: text }));
  },
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
