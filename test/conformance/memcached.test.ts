import { afterAll, describe, it } from "vitest";
import { MemcachedDriver } from "../../src/memcached/index.js";
import { conformance } from "../../src/testing/index.js";
import { limits } from "../memcached/limits.js";
import { MemcachedServer } from "../memcached/servers.js";

const { address } = await MemcachedServer.start();

conformance(
  { describe: describe.concurrent, it, after: afterAll },
  { name: "memcached", open: () => MemcachedDriver.connect(address), ...limits },
);
