export { MemcachedDriver } from "./memcached-driver.js";
export type { MemcachedOptions, MemcachedServer } from "./options.js";
