import { describe, expect, it, vi } from "vitest";
import { Program } from "../support/programs.js";
import { eventually, settled } from "../support/waiting.js";
import { FakeServer } from "./fake.js";
import { MemcachedServer } from "./servers.js";

vi.setConfig({ testTimeout: 30_000 });

/** How long a program may go on after it printed "closed": far less than its driver's timeout. */
const SOON = 5_000;

const server = await MemcachedServer.start();

const OPEN = `
const driver = await MemcachedDriver.connect({ timeout: 10_000, servers: given });
const client = new Client("app", "users", { driver, codec: text });
`;

/** Runs a program to its end, which must come soon after it printed "closed". */
async function ends(program: Program): Promise<void> {
  await program.printed("closed");
  const { value, error } = await settled(program.ended(), SOON);
  expect(error, program.output).toBeUndefined();
  expect(value).toMatchObject({ code: 0, errors: "" });
}

describe("A process whose driver is closed", () => {
  it.concurrent("ends after calls of every kind", async () => {
    const source = `${OPEN}
      await client.set("a", "1", { ttl: "1h" });
      await Promise.all([client.find("a"), client.incr("b"), client.mGet(["a", "b"]), client.keys(), client.ttl("a")]);
      for await (const key of client.scan()) break;
      await client.clear();
      await driver.close();
      console.log("closed");`;
    await ends(new Program(source, server.address));
  });

  it.concurrent("ends while a call and a listing wait for a frozen server", async () => {
    const frozen = await MemcachedServer.start();
    const source = `${OPEN}
      await client.set("a", "1");
      console.log("ready");
      await told;
      const pending = [client.set("b", "1"), client.keys()].map((call) => call.catch((error) => error));
      await new Promise((resolve) => setTimeout(resolve, 50));
      await driver.close();
      for (const error of await Promise.all(pending))
        if (error.code !== "ERR_UNAVAILABLE" || error.outcome !== "unknown") throw error;
      console.log("closed");`;
    const program = new Program(source, frozen.address);
    await program.printed("ready");
    frozen.freeze();
    program.tell();
    await ends(program);
  });

  it.concurrent("ends while the driver tries to reconnect", async () => {
    const gone = await MemcachedServer.start();
    const source = `${OPEN}
      console.log("ready");
      await told;
      await new Promise((resolve) => setTimeout(resolve, 200));
      const pending = client.set("b", "1").catch((error) => error);
      await new Promise((resolve) => setTimeout(resolve, 200));
      await driver.close();
      const error = await pending;
      if (error.code !== "ERR_UNAVAILABLE" || error.outcome !== "not-applied") throw error;
      console.log("closed");`;
    const program = new Program(source, gone.address);
    await program.printed("ready");
    await gone.kill();
    program.tell();
    await ends(program);
  });

  it.concurrent("ends during a handshake with a server that is silent", async () => {
    let silent = false;
    const fake = await FakeServer.start(() => (silent ? "" : undefined));
    const source = `${OPEN} console.log("ready"); await told; await driver.close(); console.log("closed");`;
    const program = new Program(source, fake.address);
    await program.printed("ready");
    silent = true;
    fake.hangUp();
    await eventually("a handshake that hangs", () => fake.accepted === 2);
    program.tell();
    await ends(program);
  });

  it.concurrent("ends when the driver never connected", async () => {
    const silent = await FakeServer.start(() => "");
    const source = `
      await MemcachedDriver.connect({ timeout: 200, servers: given }).catch((error) => console.log(error.code));
      console.log("closed");`;
    await ends(new Program(source, silent.address));
  });
});
