import { afterAll, describe, it } from "vitest";
import { RedisDriver } from "../../src/redis/index.js";
import { conformance } from "../../src/testing/index.js";
import { RedisServer } from "../redis/servers.js";

const { url } = await RedisServer.start();

conformance({ describe, it, after: afterAll }, { name: "redis, standalone", open: () => RedisDriver.connect(url) });
