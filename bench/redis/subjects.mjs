import KeyvRedis from "@keyv/redis";
import { BentoCache, bentostore } from "bentocache";
import { redisDriver } from "bentocache/drivers/redis";
import { Redis } from "ioredis";
import { Keyv } from "keyv";
import { createClient } from "redis";
import { createStorage, prefixStorage } from "unstorage";
import unstorageRedis from "unstorage/drivers/redis";
import { Client, text } from "../../dist/index.js";
import { RedisDriver } from "../../dist/redis.js";

/**
 * One library on a Redis of this machine: its calls on texts and counters, and how to end it. The raw clients prefix
 * their keys by hand, all others in their own way.
 *
 * @typedef {object} Opened
 * @property {(key: string) => Promise<unknown>} find
 * @property {(key: string, value: string) => Promise<unknown>} set
 * @property {((key: string, value: string, ttl: number) => Promise<unknown>)=} setTTL - milliseconds.
 * @property {((key: string) => Promise<number>)=} incr
 * @property {() => unknown} close
 *
 * @typedef {{ name: string, package: string, open(port: number): Promise<Opened> }} Subject
 */

const PREFIX = "app:users:";

/** The baseline: without the timer and the AbortSignal that node-redis makes for every command. */
export const baseline = nodeRedis("node-redis, timers off", { commandOptions: { timeout: undefined } });

/** @type {Subject} */
export const namestore = {
  name: "namestore",
  package: "namestore",
  async open(port) {
    const driver = await RedisDriver.connect(`redis://127.0.0.1:${port}`);
    const users = new Client("app", "users", { driver, codec: text });
    return {
      find: (key) => users.find(key),
      set: (key, value) => users.set(key, value),
      setTTL: (key, value, ttl) => users.set(key, value, { ttl }),
      incr: (key) => users.incr(key),
      close: () => driver.close(),
    };
  },
};

/** @type {readonly Subject[]} */
export const peers = [
  nodeRedis("node-redis, as it comes", {}),
  ioredis("ioredis", {}),
  ioredis("ioredis, auto-pipelined", { enableAutoPipelining: true }),
  {
    name: "keyv",
    package: "keyv",
    async open(port) {
      const keyv = new Keyv({ store: new KeyvRedis(`redis://127.0.0.1:${port}`), namespace: "app-users" });
      return {
        find: (key) => keyv.get(key),
        set: (key, value) => keyv.set(key, value),
        setTTL: (key, value, ttl) => keyv.set(key, value, ttl),
        close: () => keyv.disconnect(),
      };
    },
  },
  {
    name: "unstorage",
    package: "unstorage",
    async open(port) {
      const storage = createStorage({ driver: unstorageRedis({ host: "127.0.0.1", port }) });
      const users = prefixStorage(storage, "app:users");
      return {
        find: (key) => users.getItem(key),
        set: (key, value) => users.setItem(key, value),
        setTTL: (key, value, ttl) => users.setItem(key, value, { ttl: ttl / 1_000 }),
        close: () => storage.dispose(),
      };
    },
  },
  {
    name: "bentocache",
    package: "bentocache",
    async open(port) {
      const store = bentostore().useL2Layer(redisDriver({ connection: { host: "127.0.0.1", port } }));
      const cache = new BentoCache({ default: "redis", stores: { redis: store } });
      const users = cache.namespace("users");
      return {
        find: (key) => users.get({ key }),
        set: (key, value) => users.setForever({ key, value }),
        setTTL: (key, value, ttl) => users.set({ key, value, ttl }),
        close: () => cache.disconnectAll(),
      };
    },
  },
];

/** All of them, the baseline first. */
export const subjects = [baseline, namestore, ...peers];

/** The subject of this name. */
export function named(/** @type {string} */ name) {
  const subject = subjects.find((subject) => subject.name === name);
  if (subject === undefined) throw new Error(`no subject is called ${name}`);
  return subject;
}

/**
 * @param {string} name
 * @param {object} options
 * @returns {Subject}
 */
function nodeRedis(name, options) {
  return {
    name,
    package: "redis",
    async open(port) {
      const client = await createClient({ url: `redis://127.0.0.1:${port}`, ...options }).connect();
      return {
        find: (key) => client.get(PREFIX + key),
        set: (key, value) => client.set(PREFIX + key, value),
        setTTL: (key, value, ttl) => client.set(PREFIX + key, value, { expiration: { type: "PX", value: ttl } }),
        incr: (key) => client.incr(PREFIX + key),
        close: () => client.destroy(),
      };
    },
  };
}

/**
 * @param {string} name
 * @param {object} options
 * @returns {Subject}
 */
function ioredis(name, options) {
  return {
    name,
    package: "ioredis",
    async open(port) {
      const client = new Redis({ port, host: "127.0.0.1", ...options });
      return {
        find: (key) => client.get(PREFIX + key),
        set: (key, value) => client.set(PREFIX + key, value),
        setTTL: (key, value, ttl) => client.set(PREFIX + key, value, "PX", ttl),
        incr: (key) => client.incr(PREFIX + key),
        close: () => client.disconnect(),
      };
    },
  };
}
