import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { UnavailableError } from "../../src/errors.js";
import { rejection } from "../support/promises.js";
import { FaultProxy } from "../support/proxy.js";
import { eventually, settled } from "../support/waiting.js";
import { LONG_TIMEOUT, SHORT_TIMEOUT } from "./connecting.js";
import type { ServerProcess } from "./server-process.js";
import type { NetworkSubject } from "./subject.js";

/** Tests of what a driver does while its server is down, and while its process is busy or under fake timers. */
export function outagesOf(subject: NetworkSubject): void {
  describe("while the server is down", () => {
    it("calls reject at once, not applied, once connecting has failed for failFastAfter", async () => {
      const server = await subject.startServer();
      const client = await subject.open(server.address, { failFastAfter: 100 });
      await client.set("a", "1");
      await server.kill();
      // The first calls may have to wait, but not for their timeout.
      const error = await eventually("a call that fails fast", async () => {
        const reason = await rejection<UnavailableError>(client.find("a"));
        if (!reason.down) throw reason;
        return reason;
      });
      expect(error).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
      expect(error.message).toContain(`${server.address}: unreachable for`);
      expect(error.message).toContain(subject.refused);
      const { took } = await settled(rejection(client.incr("a")), LONG_TIMEOUT);
      expect(took).toBeLessThan(LONG_TIMEOUT / 2);
      await server.restart();
      await eventually("a connection", () => client.set("a", "2"));
      expect(await client.find("a")).toBe("2");
    });

    it("waiting calls reject as soon as failFastAfter has passed", async () => {
      const server = await subject.startServer();
      const client = await subject.open(server.address, { failFastAfter: 500 });
      await client.set("a", "1");
      await server.kill();
      await rejection(client.find("a"));
      const { error, took } = await settled(client.find("a"), LONG_TIMEOUT);
      expect(error).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
      expect(took).toBeLessThan(LONG_TIMEOUT / 2);
    });

    it("every kind of call rejects at once, and says that the server is known to be down", async () => {
      const server = await subject.startServer();
      await server.kill();
      const client = await subject.open(server.address, { timeout: LONG_TIMEOUT, lazy: true, failFastAfter: 100 });
      await eventually("a call that fails fast", async () => {
        if (!(await rejection<UnavailableError>(client.find("a"))).down) throw new Error("not yet");
      });
      const calls = [
        () => client.incr("a"),
        () => client.set("a", "1", { ttl: "60d" }),
        () => client.clear(),
        () => client.keys(),
        () => client.getSet("a", "1"),
        () => client.mDel(["a"]),
      ];
      for (const call of calls) {
        const { error, took } = await settled<unknown>(call(), LONG_TIMEOUT);
        expect(error).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied", down: true });
        expect(took).toBeLessThan(LONG_TIMEOUT / 2);
      }
    });

    it("calls reject after failFastAfter although an attempt to connect is still in progress", async () => {
      const server = await subject.startServer();
      await freeze(server);
      const client = await subject.open(server.address, { timeout: LONG_TIMEOUT, lazy: true, failFastAfter: 300 });
      const { error, took } = await settled(client.find("a"), LONG_TIMEOUT);
      expect(error).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied", down: true });
      expect(took).toBeLessThan(LONG_TIMEOUT / 2);
      server.resume();
      await eventually("a connection", () => client.set("a", "1"));
    });

    it("calls that are aborted while they wait make room for others at once", async () => {
      const server = await subject.startServer();
      await server.kill();
      const client = await subject.open(server.address, {
        ...{ timeout: LONG_TIMEOUT, lazy: true, failFastAfter: false, maxPending: 3 },
      });
      for (let round = 0; round < 5; round++) {
        const controller = new AbortController();
        const { signal } = controller;
        const calls = ["a", "b", "c"].map((key) => client.find(key, { signal }));
        const reasons = calls.map((call) => rejection(call));
        await sleep(1);
        controller.abort("enough");
        expect(await Promise.all(reasons)).toEqual(["enough", "enough", "enough"]);
      }
    });

    it("a lazy driver opens, and sends its calls once the server is up", async () => {
      const server = await subject.startServer();
      await server.kill();
      const client = await subject.open(server.address, { lazy: true });
      const call = client.incr("lazy");
      await server.restart();
      expect(await call).toBe(1);
    });
  });

  describe("while the event loop is blocked", () => {
    it("connect succeeds if the server has answered in time", async () => {
      const server = await subject.startServer();
      await oneOf(5, async (round) => {
        const opening = subject.open(server.address, { timeout: SHORT_TIMEOUT, once: true });
        block();
        expect(await (await opening).find(`round ${round}`)).toBeUndefined();
      });
    });

    it("calls succeed if the server has answered in time", async () => {
      const server = await subject.startServer();
      await oneOf(5, async (round) => {
        const client = await subject.open(server.address, { timeout: SHORT_TIMEOUT });
        const call = client.setNX(`round ${round}`, "1");
        // It has been sent.
        await sleep(1);
        block();
        expect(await call).toBe(true);
      });
    });
  });

  describe("under fake timers", () => {
    afterEach(() => {
      vi.useRealTimers();
    });

    it("calls still time out, and do so once real timers are back", async () => {
      const server = await subject.startServer();
      const client = await subject.open(server.address, { timeout: SHORT_TIMEOUT });
      await client.set("a", "1");
      vi.useFakeTimers({ shouldAdvanceTime: true });
      expect(await client.find("a")).toBe("1");
      vi.useRealTimers();
      await freeze(server);
      expect(await rejection(client.find("a"))).toMatchObject({ code: "ERR_TIMEOUT", outcome: "unknown" });
      server.resume();
      vi.useFakeTimers();
      await vi.waitFor(async () => expect(await client.find("a")).toBe("1"), { timeout: 10_000 });
      await freeze(server);
      expect(await rejection(client.find("a"))).toMatchObject({ code: "ERR_TIMEOUT", outcome: "unknown" });
      server.resume();
    });

    it("a call that was made while even nextTick was faked does no harm", async () => {
      const server = await subject.startServer();
      const client = await subject.open(server.address);
      await client.set("a", "1");
      // As Jest's fake timers do by default.
      const nextTick = vi.spyOn(process, "nextTick").mockImplementation(() => {});
      const call = client.find("a");
      nextTick.mockRestore();
      expect(await call).toBe("1");
      expect(await client.find("a")).toBe("1");
    });

    it("a lost connection reconnects, at the latest once real timers are back", async () => {
      const server = await subject.startServer();
      const proxy = await FaultProxy.to(server);
      const client = await subject.open(proxy.address, { timeout: SHORT_TIMEOUT });
      await eventually("a write", () => client.set("a", "1"));
      vi.useFakeTimers();
      proxy.reset();
      await Promise.allSettled([client.find("a"), client.find("a")]);
      vi.useRealTimers();
      expect(await eventually("a read", () => client.find("a"))).toBe("1");
    });
  });
}

/** Freezes a server, and waits until it has stopped: on a busy machine it may reply once more. */
async function freeze(server: ServerProcess): Promise<void> {
  server.freeze();
  // Not faked: it does not come from the global object.
  await sleep(200);
}

/** Blocks the event loop for longer than the timeout. */
function block(): void {
  const end = performance.now() + SHORT_TIMEOUT * 1.5;
  while (performance.now() < end);
}

/** Passes if one of so many rounds does: on a busy machine the server itself may be late in some. */
async function oneOf(rounds: number, attempt: (round: number) => Promise<void>): Promise<void> {
  for (let round = 1; ; round++) {
    try {
      return await attempt(round);
    } catch (error) {
      if (round === rounds) throw error;
    }
  }
}
