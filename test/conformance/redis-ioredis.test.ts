import { Redis } from "ioredis";
import { afterAll, describe, it } from "vitest";
import { RedisDriver } from "../../src/redis/index.js";
import { conformance } from "../../src/testing/index.js";
import { RedisServer } from "../redis/servers.js";

const { url } = await RedisServer.start();
const client = new Redis(url, { autoResendUnfulfilledCommands: false });
afterAll(() => client.disconnect());

conformance({ describe, it, after: afterAll }, { name: "redis, ioredis", open: () => new RedisDriver(client) });
