export type { RedisOptions, SentinelOptions } from "./options.js";
export { RedisDriver } from "./redis-driver.js";
