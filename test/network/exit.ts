import { describe, expect, it } from "vitest";
import { freePort } from "../support/free-port.js";
import { Program } from "../support/programs.js";
import { FaultProxy } from "../support/proxy.js";
import { eventually, settled } from "../support/waiting.js";
import { LONG_TIMEOUT } from "./connecting.js";
import type { ServerProcess } from "./server-process.js";
import type { NetworkSubject } from "./subject.js";

/** Tests that a process ends by itself once its driver is closed, whatever the driver was doing. */
export function exitsOf(subject: NetworkSubject): void {
  const open = `
    const driver = await ${subject.connect};
    const client = new Client("app", "users", { driver, codec: text });`;
  const program = ({ address }: { readonly address: string }, source: string): Program =>
    new Program(open + source, { address, timeout: LONG_TIMEOUT });
  let shared: Promise<ServerProcess> | undefined;
  const server = (): Promise<ServerProcess> => {
    shared ??= subject.startServer();
    return shared;
  };

  describe("a process whose driver is closed", () => {
    it.concurrent("ends when nothing was called", async () => {
      await ends(program(await server(), `await driver.close(); console.log("closed");`));
    });

    it.concurrent("ends after calls of every kind", async () => {
      const source = `
        await client.set("a", "1", { ttl: "1h" });
        await Promise.all([client.find("a"), client.incr("b"), client.mGet(["a", "b"]), client.keys(), client.ttl("a")]);
        for await (const key of client.scan()) break;
        await client.clear();
        await driver.close();
        console.log("closed");`;
      await ends(program(await server(), source));
    });

    it.concurrent("ends after await using", async () => {
      const source = `await client.set("c", "1"); await driver[Symbol.asyncDispose](); console.log("closed");`;
      await ends(program(await server(), source));
    });

    it.concurrent("ends when it is closed in the tick of calls, which do not time out", async () => {
      const source = `
        const calls = [client.set("d", "1"), client.find("d"), client.incr("e")];
        const codes = calls.map((call) => call.catch((error) => error.code));
        await driver.close();
        for (const code of await Promise.all(codes)) if (code === "ERR_TIMEOUT") throw new Error(code);
        console.log("closed");`;
      await ends(program(await server(), source));
    });

    it.concurrent("ends while a call and a listing wait for a frozen server", async () => {
      const frozen = await subject.startServer();
      const source = `
        await client.set("a", "1");
        console.log("ready");
        await told;
        const pending = [client.set("b", "1"), client.keys()].map((call) => call.catch((error) => error));
        await new Promise((resolve) => setTimeout(resolve, 50));
        await driver.close();
        for (const error of await Promise.all(pending))
          if (error.code !== "ERR_UNAVAILABLE" || error.outcome !== "unknown") throw error;
        console.log("closed");`;
      const waiting = program(frozen, source);
      await waiting.printed("ready");
      frozen.freeze();
      waiting.tell();
      await ends(waiting);
    });

    it.concurrent("ends while the driver reconnects to a port that nobody listens on", async () => {
      const gone = await subject.startServer();
      const source = `
        await client.set("a", "1");
        console.log("ready");
        await told;
        // The connection is gone once its socket is.
        while (process.getActiveResourcesInfo().includes("TCPSocketWrap"))
          await new Promise((resolve) => setTimeout(resolve, 5));
        await new Promise((resolve) => setTimeout(resolve, 50));
        const pending = client.set("b", "1").catch((error) => error);
        await new Promise((resolve) => setTimeout(resolve, 200));
        await driver.close();
        const error = await pending;
        if (error.code !== "ERR_UNAVAILABLE" || error.outcome !== "not-applied") throw error;
        console.log("closed");`;
      const reconnecting = program(gone, source);
      await reconnecting.printed("ready");
      await gone.kill();
      reconnecting.tell();
      await ends(reconnecting);
    });

    it.concurrent("ends during a handshake that the server does not answer", async () => {
      const proxy = await FaultProxy.to(await server());
      const shaking = program(proxy, `console.log("ready"); await told; await driver.close(); console.log("closed");`);
      await shaking.printed("ready");
      proxy.request = () => {};
      proxy.reset();
      await eventually("a handshake that hangs", () => proxy.accepted === 2);
      shaking.tell();
      await ends(shaking);
    });

    it.concurrent("ends when the driver never connected", async () => {
      const silent = await FaultProxy.to(await server());
      silent.request = () => {};
      for (const address of [`127.0.0.1:${await freePort()}`, silent.address]) {
        const source = `await ${subject.connect}.catch((error) => console.log(error.code, "closed"));`;
        const never = new Program(source, { address, timeout: 300 });
        await ends(never);
        expect(never.output).toMatch(/^ERR_(UNAVAILABLE|TIMEOUT) closed/);
      }
    });
  });
}

/** Waits for the end of a program, which must come soon after it has printed "closed". */
export async function ends(program: Program): Promise<void> {
  await program.printed("closed");
  const { value, error } = await settled(program.ended(), SOON);
  expect(error, program.output).toBeUndefined();
  expect(value).toMatchObject({ code: 0, errors: "" });
}

/** How long a program may go on after it has printed "closed", in milliseconds: far less than its driver's timeout. */
const SOON = LONG_TIMEOUT / 3;
