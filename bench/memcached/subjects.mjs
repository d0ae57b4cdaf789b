import { KeyvMemcache } from "@keyv/memcache";
import { Keyv } from "keyv";
import { Memcache } from "memcache";
import Memcached from "memcached";
import memjs from "memjs";
import { Client, text } from "../../dist/index.js";
import { MemcachedDriver } from "../../dist/memcached.js";

/**
 * One library on a Memcached of this machine. The raw clients prefix their keys by hand, as part of the call. The calls are
 * source text: each subject's loop is compiled by itself.
 *
 * @typedef {{ name: string, package: string, find: string, set: string, open(port: number): Promise<{ store: any, close(): unknown }> }} Subject
 */

/** @type {readonly Subject[]} */
export const subjects = [
  {
    name: "namestore",
    package: "namestore",
    find: "store.find(key)",
    set: "store.set(key, value)",
    async open(port) {
      const driver = await MemcachedDriver.connect(`127.0.0.1:${port}`);
      return { store: new Client("app", "users", { driver, codec: text }), close: () => driver.close() };
    },
  },
  {
    name: "memjs",
    package: "memjs",
    find: "store.get('app:users:' + key).then(({ value }) => value?.toString())",
    set: "store.set('app:users:' + key, value, {})",
    async open(port) {
      const store = memjs.Client.create(`127.0.0.1:${port}`);
      return { store, close: () => store.close() };
    },
  },
  {
    name: "memcached",
    package: "memcached",
    find: "new Promise((yes, no) => store.get('app:users:' + key, (error, found) => error ? no(error) : yes(found)))",
    set: "new Promise((yes, no) => store.set('app:users:' + key, value, 0, (error) => error ? no(error) : yes()))",
    async open(port) {
      const store = new Memcached(`127.0.0.1:${port}`);
      return { store, close: () => store.end() };
    },
  },
  {
    name: "memcache",
    package: "memcache",
    find: "store.get('app:users:' + key)",
    set: "store.set('app:users:' + key, value)",
    async open(port) {
      const store = new Memcache({ nodes: [`127.0.0.1:${port}`] });
      await store.connect();
      return { store, close: () => store.disconnect() };
    },
  },
  {
    name: "keyv",
    package: "@keyv/memcache",
    find: "store.get(key)",
    set: "store.set(key, value)",
    async open(port) {
      const store = new Keyv({ store: new KeyvMemcache(`127.0.0.1:${port}`), namespace: "app-users" });
      return { store, close: () => store.disconnect() };
    },
  },
];
