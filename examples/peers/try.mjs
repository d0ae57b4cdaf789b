// What the README says of other packages, tried: npm ci --prefix examples/peers && node examples/peers/try.mjs
import { BentoCache, bentostore } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";
import { createCache } from "cache-manager";
import { Cacheable } from "cacheable";
import { Keyv } from "keyv";
import { LRUCache } from "lru-cache";
import { createStorage, prefixStorage } from "unstorage";

const bento = () => new BentoCache({ default: "memory", stores: { memory: bentostore().useL1Layer(memoryDriver()) } });
const PEERS = {
  keyv: new Keyv(),
  unstorage: createStorage(),
  "cache-manager": createCache(),
  bentocache: bento(),
  cacheable: new Cacheable(),
  "lru-cache": new LRUCache({ max: 100 }),
};

/** The names of an object's methods, inherited ones included. */
function methods(object) {
  const names = new Set();
  for (let at = object; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === "function") names.add(name);
    }
  }
  return [...names];
}

function having(...wanted) {
  const found = Object.entries(PEERS).map(([peer, object]) => [
    peer,
    methods(object).filter((m) => wanted.includes(m)),
  ]);
  return Object.fromEntries(found.filter(([, names]) => names.length > 0));
}

/** How often 20 callers at once make a function compute. */
async function computations(call) {
  let count = 0;
  const compute = async () => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    return ++count;
  };
  await Promise.all(Array.from({ length: 20 }, () => call(compute)));
  return count;
}

const CLAIMS = {
  "who has an atomic counter, compare-and-swap, set-if-missing or get-and-set": () =>
    having(
      ...["incr", "increment", "decr", "decrement", "compareAndSwap", "cas", "compareAndDelete"],
      ...["setNX", "setnx", "setIfMissing", "setIfNotExists", "add", "getSet", "getAndSet"],
    ),
  "who reads a key's TTL": () => having("ttl", "getRaw", "getRemainingTTL"),
  "who changes a key's TTL (bentocache's expire makes a value stale; cacheable's setTtl sets its default)": () =>
    having("expire", "persist", "touch", "setTTL", "setTtl"),
  "who lists keys": () => having("keys", "getKeys", "iterator", "scan"),
  "who computes a missing value": () => having("getOrSet", "wrap", "fetch"),

  'keyv, namespace "a": x after set("x", 1), set("a:x", 2)': async () => {
    const keyv = new Keyv({ namespace: "a" });
    await keyv.set("x", 1);
    await keyv.set("a:x", 2);
    return keyv.get("x");
  },
  'keyv, two namespaces over one Map: "b" after clear() of "a"': async () => {
    const store = new Map();
    const [a, b] = [new Keyv({ store, namespace: "a" }), new Keyv({ store, namespace: "b" })];
    await b.set("x", 1);
    await a.clear();
    return b.get("x");
  },
  'cacheable, namespace "a": x after set("x", 1), set("a:x", 2)': async () => {
    const cache = new Cacheable({ namespace: "a" });
    await cache.set("x", 1);
    await cache.set("a:x", 2);
    return cache.get("x");
  },
  'bentocache: namespace "a", key "b:x" after namespace "a:b" stored x': async () => {
    const cache = bento();
    await cache.namespace("a:b").set({ key: "x", value: "of a:b" });
    return cache.namespace("a").get({ key: "b:x" });
  },
  'unstorage: x of prefix "a" after clear() of that prefix': async () => {
    const storage = prefixStorage(createStorage(), "a");
    await storage.setItem("x", "still there");
    await storage.clear();
    return storage.getItem("x");
  },
  'unstorage: keys "a:x" and "q?2" after "a/x" and "q?1" were stored': async () => {
    const storage = createStorage();
    await storage.setItem("a/x", "under a/x");
    await storage.setItem("q?1", "under q?1");
    return [await storage.getItem("a:x"), await storage.getItem("q?2")];
  },
  'unstorage: the strings "true" and "1e3", stored and read': async () => {
    const storage = createStorage();
    await storage.setItem("a", "true");
    await storage.setItem("b", "1e3");
    return [await storage.getItem("a"), await storage.getItem("b")];
  },
  "unstorage, memory: a value 50 ms after it was stored with a TTL of 1 ms": async () => {
    const storage = createStorage();
    await storage.setItem("a", "still there", { ttl: 0.001 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    return storage.getItem("a");
  },

  "20 callers at once compute: cache-manager": () =>
    computations((compute) => PEERS["cache-manager"].wrap("k", compute)),
  "20 callers at once compute: bentocache": () =>
    computations((compute) => PEERS.bentocache.getOrSet({ key: "k", factory: compute })),
  "20 callers at once compute: cacheable": () => computations((compute) => PEERS.cacheable.getOrSet("k", compute)),
  "20 callers at once compute: lru-cache": () =>
    computations((compute) => {
      PEERS.lru ??= new LRUCache({ max: 100, fetchMethod: compute });
      return PEERS.lru.fetch("k");
    }),
};

for (const [claim, seen] of Object.entries(CLAIMS)) console.log(`${claim}\n  ->`, await seen());
await PEERS.bentocache.disconnect();
