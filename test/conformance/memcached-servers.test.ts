import { afterAll, describe, it } from "vitest";
import { MemcachedDriver } from "../../src/memcached/index.js";
import { conformance } from "../../src/testing/index.js";
import { limits } from "../memcached/limits.js";
import { MemcachedServer } from "../memcached/servers.js";

const servers = await Promise.all([1, 2, 3].map(() => MemcachedServer.start()));

conformance(
  { describe: describe.concurrent, it, after: afterAll },
  {
    name: "memcached, three servers",
    open: () => MemcachedDriver.connect(servers.map(({ address }) => address)),
    ...limits,
  },
);
