import { createClient } from "redis";
import { afterAll, describe, it } from "vitest";
import { RedisDriver } from "../../src/redis/index.js";
import { conformance } from "../../src/testing/index.js";
import { RedisServer } from "../redis/servers.js";

const { url } = await RedisServer.start();
const client = await createClient({ url }).connect();
afterAll(() => client.destroy());

conformance({ describe, it, after: afterAll }, { name: "redis, node-redis", open: () => new RedisDriver(client) });
