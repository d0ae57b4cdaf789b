import { createCluster } from "redis";
import { afterAll, describe, it } from "vitest";
import { RedisDriver } from "../../src/redis/index.js";
import { conformance } from "../../src/testing/index.js";
import { RedisCluster } from "../redis/cluster-servers.js";

const { nodes } = await RedisCluster.start();
const cluster = await createCluster({ rootNodes: nodes.map(({ url }) => ({ url })) }).connect();
afterAll(() => cluster.destroy());

conformance(
  { describe, it, after: afterAll },
  {
    name: "redis, a node-redis cluster",
    open: () => new RedisDriver(cluster),
  },
);
