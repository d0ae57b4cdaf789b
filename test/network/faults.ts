import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type NamestoreError, type OutcomeError, type TimeoutError, UnavailableError } from "../../src/errors.js";
import { Load, type Texts } from "../support/load.js";
import { rejection } from "../support/promises.js";
import { byteByByte, cutAfter, delayed, FaultProxy, frozen, injected, type Tap } from "../support/proxy.js";
import { eventually, settled } from "../support/waiting.js";
import { LONG_TIMEOUT, PATIENCE, RECOVERY, SHORT_TIMEOUT } from "./connecting.js";
import type { ServerProcess } from "./server-process.js";
import type { NetworkSubject } from "./subject.js";

/** Tests of what calls do while a network, a connection or a server fails. They run side by side. */
export function faultsOf(subject: NetworkSubject): void {
  let shared: Promise<ServerProcess> | undefined;

  /** A client whose every byte passes through a proxy, and one that is connected to the server itself. */
  async function through(
    domain: string,
    timeout = SHORT_TIMEOUT,
  ): Promise<{ proxy: FaultProxy; client: Texts; straight: Texts; root: string }> {
    shared ??= subject.startServer();
    const server = await shared;
    const proxy = await FaultProxy.to(server);
    const [client, straight] = await Promise.all([
      subject.open(proxy.address, { timeout }),
      subject.open(server.address),
    ]);
    return { proxy, client: client.domain(domain), straight: straight.domain(domain), root: `app:${domain}:` };
  }

  /** A load on a server of its own. */
  async function loaded(timeout = SHORT_TIMEOUT): Promise<{ server: ServerProcess; client: Texts; load: Load }> {
    const server = await subject.startServer();
    const client = await subject.open(server.address, { timeout });
    const load = loadOn(client, timeout);
    await load.successes(200);
    return { server, client, load };
  }

  describe.concurrent("calls under load", () => {
    it("are neither lost, applied twice nor late when the server is killed and restarts", async () => {
      const { server, client, load } = await loaded();
      await eventually("a write", () => client.set("before", "1"));
      await server.kill();
      await load.failures(20);
      await server.restart();
      expect(await load.successes(100)).toBeLessThan(RECOVERY);
      const before = await eventually("a read", async () => ({ value: await client.find("before") }));
      expect(before.value).toBe(subject.durable ? "1" : undefined);
      expect(await load.problems(subject.durable)).toEqual([]);
    });

    it("are neither lost, applied twice nor late when the server freezes for longer than the timeout", async () => {
      const { server, load } = await loaded();
      server.freeze();
      await load.failures(40);
      server.resume();
      expect(await load.successes(100)).toBeLessThan(RECOVERY);
      expect(await load.problems(true)).toEqual([]);
      expect(Object.keys(load.failed).join()).toContain("ERR_TIMEOUT");
    });

    it("succeed when the server freezes for less than the timeout", async () => {
      const { server, load } = await loaded(LONG_TIMEOUT);
      server.freeze();
      await sleep(500);
      server.resume();
      await load.successes(100);
      expect(await load.problems(true)).toEqual([]);
      expect(load.failed).toEqual({});
    });

    it("are neither lost, applied twice nor late while connections are reset", async () => {
      const { proxy, client, straight } = await through("resets");
      const load = loadOn(client);
      for (let round = 0; round < 10; round++) {
        await load.successes(50);
        proxy.reset();
        expect(await load.successes(50)).toBeLessThan(RECOVERY);
      }
      expect(await load.problems(true, straight)).toEqual([]);
      expect(load.failed).toHaveProperty("ERR_UNAVAILABLE unknown");
    });

    it("are neither lost, applied twice nor late while a connection is half open", async () => {
      const { proxy, client, straight } = await through("halfOpen");
      const load = loadOn(client);
      await load.successes(50);
      proxy.halfOpen();
      await load.failures(20);
      expect(await load.successes(50)).toBeLessThan(RECOVERY);
      expect(await load.problems(true, straight)).toEqual([]);
      expect(Object.keys(load.failed).join()).toContain("ERR_TIMEOUT");
    });

    it("are neither lost, applied twice nor late while replies arrive after the timeout", async () => {
      const { proxy, client, straight } = await through("late");
      const load = loadOn(client);
      for (let round = 0; round < 4; round++) {
        await load.successes(50);
        proxy.reply = delayed(SHORT_TIMEOUT + 400);
        await load.failures(20);
        proxy.reply = pass;
        expect(await load.successes(50)).toBeLessThan(RECOVERY);
      }
      expect(await load.problems(true, straight)).toEqual([]);
      expect(Object.keys(load.failed).join()).toContain("ERR_TIMEOUT");
    });

    it("succeed while replies are slow, but come before the timeout", async () => {
      const { proxy, client, straight } = await through("slow", LONG_TIMEOUT);
      const load = loadOn(client, LONG_TIMEOUT);
      proxy.reply = delayed(100);
      await load.successes(300);
      proxy.reply = pass;
      expect(await load.problems(true, straight)).toEqual([]);
      expect(load.failed).toEqual({});
    });

    it.each(subject.garbage)(
      "are neither lost, applied twice nor late while the server sends %s",
      async (title, bytes) => {
        const { proxy, client, straight } = await through(`garbage ${title}`);
        const load = loadOn(client);
        for (let round = 0; round < 8; round++) {
          await load.successes(20);
          proxy.reply = injected(bytes);
          await load.failures(1);
          proxy.reply = pass;
          expect(await load.successes(20)).toBeLessThan(RECOVERY);
        }
        expect(await load.problems(true, straight)).toEqual([]);
      },
    );
  });

  describe.concurrent("a connection that is cut", () => {
    it.each([
      ["requests", "request"],
      ["replies", "reply"],
    ] as const)("loses no call and applies none twice after any number of bytes of %s", async (name, direction) => {
      const counts = subject.cuts[name];
      const lanes = 6;
      const failed = await Promise.all(
        Array.from({ length: lanes }, (_, lane) => cutLane(name, direction, counts, lane, lanes)),
      );
      // Otherwise the cuts came after the last byte, and nothing was tested.
      expect(failed.reduce((sum, each) => sum + each)).toBeGreaterThan(counts.length / 2);
    });

    /** Tries one in `lanes` of the cuts over a connection of its own. Returns how many calls failed. */
    async function cutLane(
      domain: string,
      direction: "request" | "reply",
      counts: readonly number[],
      lane: number,
      lanes: number,
    ): Promise<number> {
      const { proxy, client, straight, root } = await through(`${domain}${lane}`, LONG_TIMEOUT);
      await client.set("warm", "", { ttl: "1h" });
      await client.incr("warm-up");
      let failed = 0;
      for (let at = lane; at < counts.length; at += lanes) {
        const bytes = counts[at] as number;
        const key = `k${bytes}`;
        const cut = `${domain} cut after ${bytes} bytes`;
        await straight.set(`constant-${key}`, `constant of ${key}`);
        proxy[direction] = cutAfter(bytes);
        const calls = CALLS.map(([, call]) => settled(call(client, key), LONG_TIMEOUT));
        const answers = await Promise.all(calls);
        proxy[direction] = pass;

        for (const [place, { error, value }] of answers.entries()) {
          const [name] = CALLS[place] as (typeof CALLS)[number];
          const what = `${name}, ${cut}`;
          if (error !== undefined) {
            failed++;
            expect(error, what).toBeInstanceOf(UnavailableError);
            const possible = subject.readFirst.includes(name) ? ["unknown", "not-applied"] : ["unknown"];
            expect(possible, what).toContain((error as UnavailableError).outcome);
          } else if (name === "find") expect(value, what).toBe(`constant of ${key}`);
        }
        // A cut right after the last byte fails this call, or none.
        await eventually("a call that succeeds", () => client.set("warm", key, { ttl: "1h" }), RECOVERY);
        const count = Number((await straight.find(`counter-of-${key}`)) ?? 0);
        const outcome = (answers[0]?.error as UnavailableError | undefined)?.outcome;
        const possible = outcome === undefined ? [1] : outcome === "unknown" ? [0, 1] : [0];
        expect(possible, `incr, ${cut}`).toContain(count);
        expect(proxy.sent(subject.incrementOf(`${root}counter-of-${key}`)), `incr, ${cut}`).toBeLessThan(2);
        for (const kind of ["plain", "timed", "swapped", "first"]) {
          const value = `${kind} value of ${key}`;
          expect([undefined, value], `${kind}, ${cut}`).toContain(await straight.find(`${kind}-${key}`));
          expect(proxy.sent(`${value}\r`), `${kind}, ${cut}`).toBeLessThan(2);
        }
      }
      return failed;
    }
  });

  describe.concurrent("replies in pieces", () => {
    it("are joined when every byte arrives alone", async () => {
      const { proxy, client } = await through("pieces", LONG_TIMEOUT);
      const keys = Array.from({ length: 20 }, (_, at) => `key ${at}`);
      const textOf = (key: string): string => `value of ${key}, ${"é\r\nEN\r\n$-1".repeat(3)}`;
      await client.mSet(keys.map((key) => [key, textOf(key)]));
      proxy.reply = byteByByte();
      const code = (error: NamestoreError): string => error.code;
      const found = await Promise.all<unknown>([
        ...keys.map((key) => client.find(key)),
        client.find("missing"),
        client.incr("counter", 2 ** 53 - 1),
        client.incr("key 1").catch(code),
        client.incr("counter").catch(code),
        client.getSet("key 2", "new"),
        client.ttl("key 3"),
        client.keys("key 1*"),
      ]);
      expect(found).toEqual([
        ...keys.map(textOf),
        ...[undefined, 2 ** 53 - 1, "ERR_TYPE_MISMATCH", "ERR_OVERFLOW", textOf("key 2"), -1],
        expect.toSatisfy((listed: string[]) => listed.length === 11),
      ]);
    });

    it("are joined wherever they are split", async () => {
      const { proxy, client } = await through("halves", LONG_TIMEOUT);
      const value = "a\r\n$-1\r\nEN\r\n+OK";
      await client.mSet({ a: value, b: "2" });
      const read = (): Promise<unknown[]> =>
        Promise.all([client.find("a"), client.find("missing"), client.find("b"), client.exists("a")]);
      let length = 0;
      proxy.reply = (chunk, forward) => {
        length += chunk.length;
        forward(chunk);
      };
      await read();
      expect(length).toBeGreaterThan(30);
      for (let at = 1; at < length; at++) {
        proxy.reply = splitAt(at);
        expect(await read()).toEqual([value, undefined, "2", true]);
      }
      expect(proxy.accepted).toBe(1);
    });
  });

  describe.concurrent("a call that times out", () => {
    it("was sent once, and its late reply meets no other call", async () => {
      const { proxy, client, straight } = await through("held");
      await straight.mSet({ counter: "1", swapped: "old", other: "other's own" });
      const held = frozen();
      proxy.reply = held;
      const calls: [string, Promise<unknown>][] = [
        ["set", client.set("plain", "unique plain")],
        ["set", client.set("timed", "unique timed", { ttl: "1h" })],
        ["setNX", client.setNX("first", "unique first")],
        ["find", client.find("other")],
        ["incr", client.incr("counter")],
        ["getSet", client.getSet("swapped", "unique swapped")],
      ];
      const applied = (method: string): boolean => !subject.readFirst.includes(method);
      for (const [method, call] of calls) {
        const { error } = await settled(call, SHORT_TIMEOUT + PATIENCE);
        // The first that times out takes the connection with it.
        expect((error as NamestoreError).code, method).toMatch(/^ERR_(TIMEOUT|UNAVAILABLE)$/);
        expect((error as OutcomeError).outcome, method).toBe(applied(method) ? "unknown" : "not-applied");
      }
      proxy.reply = pass;
      const next = eventually("a call that succeeds", () => client.find("other"), RECOVERY);
      held.thaw();
      expect(await next).toBe("other's own");
      const stored = {
        ...{ counter: applied("incr") ? "2" : "1", swapped: applied("getSet") ? "unique swapped" : "old" },
        ...{ plain: "unique plain", timed: "unique timed", first: "unique first" },
      };
      await eventually("the writes", async () => {
        expect(await straight.mGet(Object.keys(stored))).toEqual(new Map(Object.entries(stored)));
      });
      for (const value of ["unique plain", "unique timed", "unique first"]) expect(proxy.sent(value)).toBe(1);
      expect(proxy.sent("unique swapped")).toBe(applied("getSet") ? 1 : 0);
    });

    it("was not applied when there was no connection, and its error names the server and the reason", async () => {
      const server = await subject.startServer();
      const client = await subject.open(server.address, { timeout: SHORT_TIMEOUT, failFastAfter: false });
      await server.kill();
      await eventually("the loss", async () => {
        const error = await rejection<TimeoutError>(client.set("a", "1"));
        return error.code === "ERR_TIMEOUT" && error.outcome === "not-applied";
      });
      const { error, took } = await settled(client.incr("a"), SHORT_TIMEOUT + PATIENCE);
      expect(error).toMatchObject({
        ...{ code: "ERR_TIMEOUT", outcome: "not-applied" },
        message: `incr "a": ${server.address}: not sent within ${SHORT_TIMEOUT} ms: ${subject.refused}`,
      });
      expect(took).toBeGreaterThan(SHORT_TIMEOUT - 50);
    });
  });

  describe.concurrent("an idle connection that is dead", () => {
    it("is replaced although nobody calls", async () => {
      const { proxy, client } = await through("idle");
      await eventually("a write", () => client.set("a", "1"));
      const { accepted } = proxy;
      proxy.halfOpen();
      await eventually("a new connection", () => proxy.accepted > accepted);
      expect(await eventually("a read", () => client.find("a"), RECOVERY)).toBe("1");
    });
  });
}

/** A load whose calls may stay pending for a while longer than their timeout, as on a busy machine. */
export function loadOn(client: Texts, timeout = SHORT_TIMEOUT, prefix = ""): Load {
  return new Load(client, { timeout: timeout + PATIENCE, prefix });
}

/** Forwards every byte. */
export const pass: Tap = (chunk, forward) => forward(chunk);

/** Calls whose replies differ from those of their neighbours. */
const CALLS: readonly [string, (client: Texts, key: string) => Promise<unknown>][] = [
  ["incr", (client, key) => client.incr(`counter-of-${key}`)],
  ["set", (client, key) => client.set(`plain-${key}`, `plain value of ${key}`)],
  ["set with a TTL", (client, key) => client.set(`timed-${key}`, `timed value of ${key}`, { ttl: "1h" })],
  ["getSet", (client, key) => client.getSet(`swapped-${key}`, `swapped value of ${key}`)],
  ["setNX", (client, key) => client.setNX(`first-${key}`, `first value of ${key}`)],
  ["find", (client, key) => client.find(`constant-${key}`)],
];

/** The reply in two parts, the second a little later. */
function splitAt(at: number): Tap {
  let sent = 0;
  return (chunk, forward) => {
    const here = Math.max(0, Math.min(chunk.length, at - sent));
    sent += chunk.length;
    if (here > 0) forward(chunk.subarray(0, here));
    setImmediate(() => setImmediate(() => forward(chunk.subarray(here))));
  };
}
