import { describe, expect, it, vi } from "vitest";
import { LONG_TIMEOUT } from "../network/connecting.js";
import { ends, exitsOf } from "../network/exit.js";
import { Program } from "../support/programs.js";
import { RedisCluster } from "./cluster-servers.js";
import { NAME, RedisSentinels } from "./sentinel-servers.js";
import { RedisServer } from "./servers.js";
import { REDIS } from "./subject.js";

vi.setConfig({ testTimeout: 120_000 });

exitsOf(REDIS);

const OPEN = `
const driver = await RedisDriver.connect({ timeout: ${LONG_TIMEOUT}, ...given });
const client = new Client("app", "users", { driver, codec: text });
`;

describe("a process with a driver for Redis", () => {
  it.each([
    [
      "node-redis",
      `const { createClient } = await import("redis");
      const connection = await createClient(given).connect();`,
      "connection.destroy();",
    ],
    [
      "ioredis",
      `const { Redis } = await import("ioredis");
      const connection = new Redis(given.url, { autoResendUnfulfilledCommands: false });`,
      "connection.disconnect();",
    ],
  ])("ends once the client of %s that was passed in is closed too", async (_, connect, disconnect) => {
    const server = await RedisServer.start();
    const source = `${connect}
      const driver = new RedisDriver(connection, { timeout: ${LONG_TIMEOUT} });
      const client = new Client("app", "users", { driver, codec: text });
      await client.set("a", "1");
      const last = client.set("b", "1").catch(() => {});
      await driver.close();
      if (await connection.ping() !== "PONG") throw new Error("the driver closed a client that was passed in");
      ${disconnect}
      await last;
      console.log("closed");`;
    await ends(new Program(source, { url: server.url }));
  });

  it("ends once the driver of a Cluster is closed, also while a node is frozen", async () => {
    const cluster = await RedisCluster.start();
    const source = `${OPEN}
      await client.mSet(new Map(Array.from({ length: 100 }, (_, at) => ["key " + at, "1"])));
      if ((await client.keys()).length !== 100) throw new Error("keys are missing");
      await client.clear();
      await driver.close();
      console.log("closed");`;
    await ends(new Program(source, { cluster: cluster.addresses }));
    const frozen = cluster.nodes[0] as RedisServer;
    const waiting = new Program(
      `${OPEN}
      console.log("ready");
      await told;
      const pending = Array.from({ length: 60 }, (_, at) => client.incr("counter " + at));
      await Promise.race([new Promise((resolve) => setTimeout(resolve, 100)), Promise.allSettled(pending)]);
      await driver.close();
      await Promise.allSettled(pending);
      console.log("closed");`,
      { cluster: cluster.addresses },
    );
    await waiting.printed("ready");
    frozen.freeze();
    waiting.tell();
    await ends(waiting);
    expect(waiting.output).toContain("closed");
  });

  it("ends once a driver behind Sentinels is closed", async () => {
    const { addresses: nodes } = await RedisSentinels.start();
    const source = `${OPEN} await client.set("a", "1"); await driver.close(); console.log("closed");`;
    await ends(new Program(source, { sentinel: { name: NAME, nodes } }));
  });
});
