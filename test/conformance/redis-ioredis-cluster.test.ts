import { Cluster } from "ioredis";
import { afterAll, describe, it } from "vitest";
import { RedisDriver } from "../../src/redis/index.js";
import { conformance } from "../../src/testing/index.js";
import { RedisCluster } from "../redis/cluster-servers.js";

const { nodes } = await RedisCluster.start();
const cluster = new Cluster(
  nodes.map(({ port }) => ({ host: "127.0.0.1", port })),
  { retryDelayOnFailover: 0 },
);
afterAll(() => cluster.disconnect());

conformance(
  { describe, it, after: afterAll },
  {
    name: "redis, an ioredis cluster",
    open: () => new RedisDriver(cluster),
  },
);
