import { afterAll, describe, it } from "vitest";
import { RedisDriver } from "../../src/redis/index.js";
import { conformance } from "../../src/testing/index.js";
import { RedisCluster } from "../redis/cluster-servers.js";

const { addresses } = await RedisCluster.start();

conformance(
  { describe, it, after: afterAll },
  {
    name: "redis, Cluster",
    open: () => RedisDriver.connect({ cluster: addresses }),
  },
);
