export type { IoRedisClient } from "./clients/ioredis.js";
export type { NodeRedisClient, NodeRedisCluster } from "./clients/node-redis.js";
export type { ExternalOptions, RedisOptions, SentinelOptions } from "./options.js";
export { RedisDriver } from "./redis-driver.js";
export type { RedisConnection } from "./routing/external.js";
