import { afterAll, describe, it } from "vitest";
import { RedisDriver } from "../../src/redis/index.js";
import { conformance } from "../../src/testing/index.js";
import { NAME, RedisSentinels } from "../redis/sentinel-servers.js";

const { addresses: nodes } = await RedisSentinels.start();

conformance(
  { describe, it, after: afterAll },
  { name: "redis, Sentinel", open: () => RedisDriver.connect({ sentinel: { name: NAME, nodes } }) },
);
