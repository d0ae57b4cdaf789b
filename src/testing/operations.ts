import type { WriteOptions } from "../client/options.js";
import { collect } from "./assertions.js";
import type { Texts } from "./scope.js";

/** Calls one method of a client on this key, which may hold "41". */
export type Operation = (client: Texts, key: string, options?: WriteOptions) => Promise<unknown>;

/** The client's methods about one key. */
export const ofOneKey = {
  set: (client, key, options) => client.set(key, "new", options),
  setNX: (client, key, options) => client.setNX(key, "new", options),
  get: (client, key, options) => client.get(key, options),
  find: (client, key, options) => client.find(key, options),
  delete: (client, key, options) => client.delete(key, options),
  exists: (client, key, options) => client.exists(key, options),
  ttl: (client, key, options) => client.ttl(key, options),
  expire: (client, key, options) => client.expire(key, "1h", options),
  persist: (client, key, options) => client.persist(key, options),
  incr: (client, key, options) => client.incr(key, 1, options),
  decr: (client, key, options) => client.decr(key, 1, options),
  getSet: (client, key, options) => client.getSet(key, "new", options),
  compareAndSwap: (client, key, options) => client.compareAndSwap(key, "41", "new", options),
  compareAndDelete: (client, key, options) => client.compareAndDelete(key, "41", options),
  getOrSet: (client, key, options) => client.getOrSet(key, () => "new", options),
} as const satisfies Record<string, Operation>;

/** The client's methods about several keys. */
export const ofSeveralKeys = {
  mGet: (client, key, options) => client.mGet([key, "other"], options),
  mSet: (client, key, options) => client.mSet(new Map([["other", "new"]]).set(key, "new"), options),
  mDel: (client, key, options) => client.mDel([key, "other"], options),
} as const satisfies Record<string, Operation>;

/** The client's methods about the whole namespace. */
export const ofAllKeys = {
  keys: (client, _key, options) => client.keys("*", options),
  scan: (client, _key, options) => collect(client.scan("*", options)),
  clear: (client, _key, options) => client.clear(options),
} as const satisfies Record<string, Operation>;

/** All of them. */
export const operations: Readonly<Record<string, Operation>> = { ...ofOneKey, ...ofSeveralKeys, ...ofAllKeys };

/** Returns the key that an error of this method names: `undefined` if the method is not about one key. */
export function named(operation: string, key: string): string | undefined {
  return operation in ofOneKey ? key : undefined;
}

/** The methods that store a value and have a `ttl`. `getOrSet` is not one: a failure to store is only a warning there. */
export const writes: Readonly<Record<string, Operation>> = {
  set: ofOneKey.set,
  setNX: ofOneKey.setNX,
  mSet: ofSeveralKeys.mSet,
  incr: ofOneKey.incr,
  decr: ofOneKey.decr,
  getSet: ofOneKey.getSet,
  compareAndSwap: ofOneKey.compareAndSwap,
};
