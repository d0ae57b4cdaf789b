import { BentoCache, bentostore } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";

/**
 * A `namespace` each, on the memory layer alone. Its default of 1,000 items is raised to hold what is measured, and
 * where no TTL is meant, `setForever` stands for `set`, whose default is 30 seconds.
 *
 * @type {import("./subject.mjs").Subject<ReturnType<BentoCache<any>["namespace"]>>}
 */
export const bentocache = {
  name: "bentocache",
  package: "bentocache",
  open(names, capacity) {
    const memory = bentostore().useL1Layer(memoryDriver({ maxItems: capacity }));
    const cache = new BentoCache({ default: "memory", stores: { memory } });
    return names.map((name) => cache.namespace(`app:${name}`));
  },
  calls: {
    find: (store, key) => store.get({ key }),
    set: (store, key, value) => store.setForever({ key, value }),
    setTTL: (store, key, value, ttl) => store.set({ key, value, ttl }),
    clear: (store) => store.clear(),
    delete: (store, key) => store.delete({ key }),
    getOrSet: (store, key, compute) => store.getOrSetForever({ key, factory: compute }),
  },
};
