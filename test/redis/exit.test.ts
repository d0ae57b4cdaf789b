import { describe, expect, it, vi } from "vitest";
import { freePort } from "../support/free-port.js";
import { Program } from "../support/programs.js";
import { FaultProxy } from "../support/proxy.js";
import { eventually, settled } from "../support/waiting.js";
import { RedisCluster } from "./cluster-servers.js";
import { FakeServer } from "./fake.js";
import { NAME, RedisSentinels } from "./sentinel-servers.js";
import { RedisServer } from "./servers.js";

vi.setConfig({ testTimeout: 30_000 });

/** How long a program may go on after it printed "closed": far less than its driver's timeout. */
const SOON = 2_000;
const TIMEOUT = 10_000;

const server = await RedisServer.start();

/** Runs a program to its end, which must come soon after it printed "closed". */
async function ends(program: Program): Promise<void> {
  await program.printed("closed");
  const { value, error } = await settled(program.ended(), SOON);
  expect(error, program.output).toBeUndefined();
  expect(value).toMatchObject({ code: 0, errors: "" });
}

const OPEN = `
const driver = await RedisDriver.connect({ timeout: ${TIMEOUT}, ...given });
const client = new Client("app", "users", { driver, codec: text });
`;

describe("a process ends by itself after close", () => {
  it.concurrent("when nothing was called", async () => {
    await ends(new Program(`${OPEN} await driver.close(); console.log("closed");`, { url: server.url }));
  });

  it.concurrent("after calls of every kind", async () => {
    const source = `${OPEN}
      await client.set("a", "1", { ttl: "1h" });
      await Promise.all([client.find("a"), client.incr("b"), client.mGet(["a", "b"]), client.keys(), client.ttl("a")]);
      for await (const key of client.scan()) break;
      await client.clear();
      await driver.close();
      console.log("closed");`;
    await ends(new Program(source, { url: server.url }));
  });

  it.concurrent("with await using", async () => {
    const source = `${OPEN} await client.set("c", "1"); await driver[Symbol.asyncDispose](); console.log("closed");`;
    await ends(new Program(source, { url: server.url }));
  });

  it.concurrent("in the tick of calls, which are told", async () => {
    const source = `${OPEN}
      const calls = [client.set("d", "1"), client.find("d"), client.incr("e")].map((call) => call.catch((error) => error.code));
      await driver.close();
      for (const answer of await Promise.all(calls)) if (answer === "ERR_TIMEOUT") throw new Error(answer);
      console.log("closed");`;
    await ends(new Program(source, { url: server.url }));
  });

  it.concurrent("while a call waits for a server that is frozen", async () => {
    const frozen = await RedisServer.start();
    const source = `${OPEN}
      await client.set("a", "1");
      console.log("ready");
      await told;
      const pending = client.set("b", "1").catch((error) => error);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await driver.close();
      const error = await pending;
      if (error.code !== "ERR_UNAVAILABLE" || error.outcome !== "unknown") throw error;
      console.log("closed");`;
    const program = new Program(source, { url: frozen.url });
    await program.printed("ready");
    frozen.freeze();
    program.tell();
    await ends(program);
  });

  it.concurrent("while it tries to reconnect to a port that nobody listens on", async () => {
    const gone = await RedisServer.start();
    const source = `${OPEN}
      await client.set("a", "1");
      console.log("ready");
      await told;
      // It has heard of the end of the connection by then.
      await new Promise((resolve) => setTimeout(resolve, 200));
      const pending = client.set("b", "1").catch((error) => error);
      await new Promise((resolve) => setTimeout(resolve, 200));
      await driver.close();
      const error = await pending;
      if (error.code !== "ERR_UNAVAILABLE" || error.outcome !== "not-applied") throw error;
      console.log("closed");`;
    const program = new Program(source, { url: gone.url });
    await program.printed("ready");
    await gone.kill();
    program.tell();
    await ends(program);
  });

  it.concurrent("while it shakes hands with a server that is silent by now", async () => {
    const proxy = await FaultProxy.to(await RedisServer.start());
    const source = `${OPEN} console.log("ready"); await told; await driver.close(); console.log("closed");`;
    const program = new Program(source, { url: proxy.url });
    await program.printed("ready");
    proxy.request = () => {};
    proxy.reset();
    await eventually("a handshake that hangs", () => proxy.accepted === 2);
    program.tell();
    await ends(program);
  });

  it.concurrent("when it never connected", async () => {
    const silent = await FakeServer.start(() => "");
    for (const url of [`redis://127.0.0.1:${await freePort()}`, silent.url]) {
      const source = `await RedisDriver.connect({ ...given, timeout: 300 }).catch(() => console.log("closed"));`;
      await ends(new Program(source, { url }));
    }
  });

  it.concurrent("of a driver over node-redis, once its own client is closed", async () => {
    const source = `
      const { createClient } = await import("redis");
      const connection = await createClient(given).connect();
      const driver = new RedisDriver(connection, { timeout: ${TIMEOUT} });
      const client = new Client("app", "users", { driver, codec: text });
      await client.set("a", "1");
      const last = client.set("b", "1").catch(() => {});
      await driver.close();
      if (await connection.ping() !== "PONG") throw new Error("it closed what was handed in");
      connection.destroy();
      await last;
      console.log("closed");`;
    await ends(new Program(source, { url: server.url }));
  });

  it.concurrent("of a driver over ioredis, once its own client is closed", async () => {
    const source = `
      const { Redis } = await import("ioredis");
      const connection = new Redis(given.url, { autoResendUnfulfilledCommands: false });
      const driver = new RedisDriver(connection, { timeout: ${TIMEOUT} });
      const client = new Client("app", "users", { driver, codec: text });
      await client.set("a", "1");
      const last = client.set("b", "1").catch(() => {});
      await driver.close();
      if (await connection.ping() !== "PONG") throw new Error("it closed what was handed in");
      connection.disconnect();
      await last;
      console.log("closed");`;
    await ends(new Program(source, { url: server.url }));
  });

  it("of a Cluster's driver", async () => {
    const cluster = await RedisCluster.start();
    const source = `${OPEN}
      await client.mSet(new Map(Array.from({ length: 100 }, (_, at) => ["key " + at, "1"])));
      if ((await client.keys()).length !== 100) throw new Error("keys are missing");
      await client.clear();
      await driver.close();
      console.log("closed");`;
    await ends(new Program(source, { cluster: cluster.addresses }));
    const frozen = cluster.nodes[0] as RedisServer;
    const late = new Program(
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
    await late.printed("ready");
    frozen.freeze();
    late.tell();
    await ends(late);
  });

  it("of a driver behind Sentinels", async () => {
    const { addresses: nodes } = await RedisSentinels.start();
    const source = `${OPEN} await client.set("a", "1"); await driver.close(); console.log("closed");`;
    await ends(new Program(source, { sentinel: { name: NAME, nodes } }));
  });
});
