import { afterAll, describe, it, vi } from "vitest";
import { MemcachedDriver } from "../../src/memcached/index.js";
import { conformance } from "../../src/testing/index.js";
import { limits } from "../memcached/limits.js";
import { MemcachedServer } from "../memcached/servers.js";

vi.setConfig({ testTimeout: 20_000 });

const { address } = await MemcachedServer.start();

conformance(
  { describe, it, after: afterAll },
  { name: "memcached", open: () => MemcachedDriver.connect(address), ...limits },
);
