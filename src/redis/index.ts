export type { IoRedisClient, NodeRedisClient, NodeRedisCluster, RedisConnection } from "./handed-in.js";
export type { HandedInOptions, RedisOptions, SentinelOptions } from "./options.js";
export { RedisDriver } from "./redis-driver.js";
