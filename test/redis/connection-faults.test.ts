import { describe, expect, it, vi } from "vitest";
import { type DriverError, NamestoreError, TimeoutError, UnavailableError } from "../../src/errors.js";
import { Load, type Texts } from "../support/load.js";
import { rejection } from "../support/promises.js";
import {
  byteByByte,
  type Connection,
  cutAfter,
  delayed,
  FaultProxy,
  frozen,
  injected,
  type Tap,
} from "../support/proxy.js";
import { eventually, settled } from "../support/waiting.js";
import { open, TIMEOUT } from "./opening.js";
import { RedisServer } from "./servers.js";

vi.setConfig({ testTimeout: 30_000 });

/** The longest that calls may fail once the way to the server is free, in milliseconds. */
const RECOVERY = 2_000;

const server = await RedisServer.start();

/** A client whose every byte goes through a proxy, and one that goes straight. */
async function through(
  domain: string,
  timeout = TIMEOUT,
): Promise<{ proxy: FaultProxy; client: Texts; straight: Texts }> {
  const proxy = await FaultProxy.to(server);
  const root = await open({ url: proxy.url, timeout });
  const straight = await open(server.url);
  return { proxy, client: root.client.domain(domain), straight: straight.client.domain(domain) };
}

describe("a connection that ends in the middle", () => {
  /** A call, and a reply that differs from those of its neighbours. */
  const CALLS: readonly [string, (client: Texts, key: string) => Promise<unknown>][] = [
    ["incr", (client, key) => client.incr(`counter of ${key}`)],
    ["set", (client, key) => client.set(`plain ${key}`, `value of ${key}`)],
    ["set with a TTL", (client, key) => client.set(`timed ${key}`, `value of ${key}`, { ttl: "1h" })],
    ["getSet", (client, key) => client.getSet(`swapped ${key}`, `value of ${key}`)],
    ["setNX", (client, key) => client.setNX(`first ${key}`, `value of ${key}`)],
    ["find", (client, key) => client.find(`constant ${key}`)],
  ];

  /** Bytes that pass until the cut: each place in the first command and its reply, and steps through all of them. */
  const REQUESTS = [...range(0, 170, 1), ...range(170, 800, 7)];
  const REPLIES = range(0, 100, 1);

  it.each([
    ["requests", "request", REQUESTS],
    ["replies", "reply", REPLIES],
  ] as const)("%s are cut after each number of bytes", async (domain, direction, counts) => {
    const lanes = 6;
    const cuts = await Promise.all(
      Array.from({ length: lanes }, (_, lane) => cutLane(domain, direction, counts, lane, lanes)),
    );
    // Else the cuts fell behind the bytes, and nothing was tried.
    expect(cuts.reduce((sum, each) => sum + each)).toBeGreaterThan(counts.length / 2);
  });

  /** Tries every so many-th of the cuts over a connection of its own; gives how many calls failed. */
  async function cutLane(
    domain: string,
    direction: "request" | "reply",
    counts: readonly number[],
    lane: number,
    lanes: number,
  ): Promise<number> {
    const { proxy, client, straight } = await through(`${domain}${lane}`, 2_000);
    await client.set("warm", "", { ttl: "1h" });
    await client.incr("warm up");
    let failed = 0;
    for (let at = lane; at < counts.length; at += lanes) {
      const bytes = counts[at] as number;
      const key = `k${bytes}`;
      await straight.set(`constant ${key}`, `constant of ${key}`);
      proxy[direction] = cutAfter(bytes);
      const calls = CALLS.map(([, call]) => settled(call(client, key), 3_000));
      const answers = await Promise.all(calls);
      proxy[direction] = pass;

      for (const [place, { error, value }] of answers.entries()) {
        const [name] = CALLS[place] as (typeof CALLS)[number];
        const what = `${name} with ${direction}s cut after ${bytes} bytes`;
        if (error !== undefined) {
          failed++;
          expect(error, what).toBeInstanceOf(UnavailableError);
          expect((error as UnavailableError).outcome, what).toBe("unknown");
        } else if (name === "find") expect(value, what).toBe(`constant of ${key}`);
      }
      // A cut right behind the last byte meets this call, or none.
      await eventually("a call that succeeds", () => client.set("warm", key, { ttl: "1h" }), RECOVERY);
      const count = Number((await straight.find(`counter of ${key}`)) ?? 0);
      expect(count, `incr with ${direction}s cut after ${bytes} bytes`).toBeLessThanOrEqual(1);
      if (answers[0]?.error === undefined) expect(count).toBe(1);
      for (const kind of ["plain", "timed", "swapped", "first"]) {
        expect([undefined, `value of ${key}`]).toContain(await straight.find(`${kind} ${key}`));
        // The key and its value go in one command: each of them was sent once at most.
        expect(proxy.sent(`:${kind} ${key}\r`), `${kind}, ${direction}s cut after ${bytes} bytes`).toBeLessThan(2);
      }
      expect(proxy.sent(`:counter of ${key}\r`)).toBeLessThan(2);
    }
    return failed;
  }

  it("an RST is no different", async () => {
    const { proxy, client, straight } = await through("resets");
    const load = new Load(client, { timeout: TIMEOUT });
    for (let round = 0; round < 10; round++) {
      await load.successes(50);
      proxy.reset();
      expect(await load.successes(50)).toBeLessThan(RECOVERY);
    }
    expect(await load.problems(true, straight)).toEqual([]);
    expect(load.failed).toHaveProperty("ERR_UNAVAILABLE unknown");
  });
});

describe("a listing", () => {
  it("goes on where its connection is lost between two steps, or in one", async () => {
    const { proxy, client, straight } = await through("listing");
    const keys = Array.from({ length: 3_000 }, (_, at) => `key ${at}`);
    await straight.mSet(keys.map((key) => [key, "1"]));
    for (const lose of [
      () => proxy.reset(),
      () => {
        proxy.reply = cutAfter(100);
      },
    ]) {
      const found = new Set<string>();
      for await (const key of client.scan()) {
        if (found.size === 0) lose();
        found.add(key);
      }
      expect(found).toEqual(new Set(keys));
    }
  });

  it("of clear goes on likewise", async () => {
    const { proxy, client, straight } = await through("clearing");
    await straight.mSet(Array.from({ length: 3_000 }, (_, at) => [`key ${at}`, "1"]));
    let replies = 0;
    proxy.reply = (chunk, forward, { client: socket }) => {
      // SCAN, UNLINK, and the next SCAN, whose reply is lost.
      if (++replies !== 3) return forward(chunk);
      socket.destroy();
    };
    await client.clear();
    proxy.reply = pass;
    expect(await straight.keys()).toEqual([]);
  });
});

describe("a link that is half open", () => {
  it("ends in TimeoutError, and the next connection serves", async () => {
    const { proxy, client, straight } = await through("halfOpen");
    const load = new Load(client, { timeout: TIMEOUT });
    await load.successes(50);
    proxy.halfOpen();
    await load.failures(20);
    expect(await load.successes(50)).toBeLessThan(RECOVERY);
    expect(await load.problems(true, straight)).toEqual([]);
    expect(load.failed).toHaveProperty("ERR_TIMEOUT unknown");
  });

  it("is found though nobody calls, within three timeouts", async () => {
    const { proxy, client } = await through("idle", 200);
    await client.set("a", "1");
    proxy.halfOpen();
    await eventually("a new connection", () => proxy.accepted === 2, 200 * 3 + 1_000);
    const { error, took } = await settled(client.find("a"), RECOVERY);
    expect(error).toBeUndefined();
    expect(took).toBeLessThan(200);
  });
});

describe("replies that come too late", () => {
  it("are discarded, and meet no other call", async () => {
    const { proxy, client, straight } = await through("late", 200);
    const load = new Load(client, { timeout: 200 });
    for (let round = 0; round < 4; round++) {
      await load.successes(50);
      proxy.reply = delayed(300);
      await load.failures(20);
      proxy.reply = pass;
      expect(await load.successes(50)).toBeLessThan(RECOVERY);
    }
    expect(await load.problems(true, straight)).toEqual([]);
    expect(load.failed).toHaveProperty("ERR_TIMEOUT unknown");
  });

  it("may be as late as the timeout allows", async () => {
    const { proxy, client, straight } = await through("slow", 1_000);
    const load = new Load(client, { timeout: 1_000 });
    proxy.reply = delayed(100);
    await load.successes(300);
    proxy.reply = pass;
    expect(await load.problems(true, straight)).toEqual([]);
    expect(load.failed).toEqual({});
  });

  it("a write whose reply was held is sent once", async () => {
    const { proxy, client, straight } = await through("held", 200);
    const held = frozen();
    proxy.reply = held;
    const calls: Promise<unknown>[] = [
      client.incr("counter"),
      client.set("plain", "unique plain"),
      client.set("timed", "unique timed", { ttl: "1h" }),
      client.getSet("swapped", "unique swapped"),
    ];
    for (const call of calls) {
      const { error } = await settled(call, 200 + 1_000);
      expect(error).toBeInstanceOf(NamestoreError);
      expect((error as DriverError).outcome).toBe("unknown");
    }
    proxy.reply = pass;
    held.thaw();
    await client.set("after", "1");
    expect(await straight.find("counter")).toBe("1");
    for (const value of ["unique plain", "unique timed", "unique swapped"]) expect(proxy.sent(value)).toBe(1);
    expect(proxy.sent(":counter\r")).toBe(1);
  });
});

describe("replies in pieces", () => {
  it("of a byte each are whole again", async () => {
    const { proxy, client } = await through("pieces", 5_000);
    const keys = Array.from({ length: 20 }, (_, at) => `key ${at}`);
    await client.mSet(keys.map((key) => [key, `value of ${key}, ${"é\r\n$-1".repeat(3)}`]));
    proxy.reply = byteByByte();
    const found = await Promise.all([
      ...keys.map((key) => client.find(key)),
      client.find("missing"),
      client.incr("counter", 2 ** 53 - 1),
      client.incr("key 1").catch((error: NamestoreError) => error.code),
      client.incr("counter").catch((error: NamestoreError) => error.code),
      client.getSet("key 2", "new"),
      client.ttl("key 3"),
      client.keys("key 1*"),
    ]);
    expect(found).toEqual([
      ...keys.map((key) => `value of ${key}, ${"é\r\n$-1".repeat(3)}`),
      undefined,
      2 ** 53 - 1,
      "ERR_TYPE_MISMATCH",
      "ERR_OVERFLOW",
      `value of key 2, ${"é\r\n$-1".repeat(3)}`,
      -1,
      expect.toSatisfy((listed: string[]) => listed.length === 11),
    ]);
  });

  it("split at every place are whole again", async () => {
    const { proxy, client } = await through("halves", 5_000);
    const value = "a\r\n$-1\r\n+OK";
    await client.mSet({ a: value, b: "2" });
    const length = await replyLength(proxy, client);
    expect(length).toBeGreaterThan(30);
    for (let at = 1; at < length; at++) {
      proxy.reply = splitAt(at);
      expect(
        await Promise.all([client.find("a"), client.find("missing"), client.find("b"), client.exists("a")]),
      ).toEqual([value, undefined, "2", true]);
    }
    expect(proxy.accepted).toBe(1);
  });

  async function replyLength(proxy: FaultProxy, client: Texts): Promise<number> {
    let length = 0;
    proxy.reply = (chunk, forward) => {
      length += chunk.length;
      forward(chunk);
    };
    await Promise.all([client.find("a"), client.find("missing"), client.find("b"), client.exists("a")]);
    return length;
  }

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
});

describe("garbage in a reply", () => {
  const GARBAGE: readonly [string, string | Buffer][] = [
    ["no type of the protocol", "garbage\r\n"],
    ["a page of HTTP", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"],
    ["zeros", Buffer.alloc(16)],
    ["a status more", "+OK\r\n"],
    ["a number more", ":1\r\n"],
    ["a nil more", "$-1\r\n"],
    ["a bulk string more", "$5\r\nother\r\n"],
    ["a list that is too short", "*0\r\n"],
    ["a list of another kind", "*1\r\n*1\r\n:1\r\n"],
    ["an error more", "-ERR unknown command 'x', with args beginning with: 'y'\r\n"],
    ["a map", "%1\r\n+a\r\n+b\r\n"],
    ["an error of no known kind", "-SECRET something\r\n"],
    ["half a line", "+O"],
  ];

  it.each(GARBAGE)("%s in front: no call gets the reply of another", async (_, garbage) => {
    const { proxy, client, straight } = await through("garbage", 300);
    const keys = Array.from({ length: 5 }, (_, at) => `key ${at}`);
    await straight.mSet(keys.map((key) => [key, `value of ${key}`]));
    await straight.delete("counter");
    await client.incr("counter");
    proxy.reply = injected(garbage);
    // Of several kinds, so that each goes in a command of its own.
    const reads = keys.map((key) => [
      settled(client.find(key), 2_000),
      settled(client.getSet(key, `value of ${key}`), 2_000),
    ]);
    const counts = [settled(client.incr("counter"), 2_000)];
    for (const [at, pair] of reads.entries()) {
      for (const one of pair) {
        const { value, error } = await one;
        if (error === undefined) expect(value).toBe(`value of ${keys[at]}`);
        else expect(error).toBeInstanceOf(NamestoreError);
      }
    }
    for (const one of counts) {
      const { value, error } = await one;
      if (error === undefined) expect(value).toBe(2);
    }
    const later = await Promise.all(keys.map((key) => settled(client.find(key), 2_000)));
    for (const [at, { value, error }] of later.entries()) {
      if (error === undefined) expect(value).toBe(`value of ${keys[at]}`);
    }
    await eventually("a connection in order", async () => (await client.find("key 0")) === "value of key 0", RECOVERY);
    expect(Number(await straight.find("counter"))).toBeLessThanOrEqual(2);
  });

  /** Calls, each with replies that Redis never gives to it, though any client can read them. */
  const MISFITS: readonly [string, (client: Texts) => Promise<unknown>, readonly string[]][] = [
    ["find", (client) => client.find("key 0"), ["+OK\r\n", ":1\r\n", "*1\r\n*0\r\n", "%0\r\n"]],
    ["several finds", findTwo, ["+OK\r\n", ":1\r\n", "*1\r\n$1\r\na\r\n", "*2\r\n:1\r\n:2\r\n", "_\r\n"]],
    ["mGet", (client) => client.mGet(["key 0", "key 2"]), ["+OK\r\n", ":1\r\n", "*3\r\n_\r\n_\r\n_\r\n", "_\r\n"]],
    ["set", (client) => client.set("key 0", "new"), [":1\r\n", "$5\r\nother\r\n", "*1\r\n:1\r\n", "_\r\n"]],
    ["setNX", (client) => client.setNX("key 9", "new"), [":1\r\n", "$5\r\nother\r\n", "*1\r\n:1\r\n"]],
    ["delete", (client) => client.delete("key 0"), ["+OK\r\n", "_\r\n", "$1\r\n1\r\n", "*1\r\n:1\r\n"]],
    ["ttl", (client) => client.ttl("key 0"), ["+OK\r\n", "_\r\n", "$1\r\n1\r\n", "*1\r\n:1\r\n"]],
    [
      "incr",
      (client) => client.incr("counter"),
      ["+OK\r\n", "$1\r\n1\r\n", "*0\r\n", "*2\r\n:1\r\n:2\r\n", "*1\r\n_\r\n"],
    ],
    ["getSet", (client) => client.getSet("key 0", "new"), ["+OK\r\n", ":1\r\n", "*1\r\n:1\r\n"]],
    ["compareAndSwap", (client) => client.compareAndSwap("key 0", "a", "b"), ["+OK\r\n", "_\r\n", "*1\r\n:1\r\n"]],
  ];

  it.each(MISFITS)(
    "a reply that does not fit %s: it fails, and its own reply meets no later call",
    async (_, call, misfits) => {
      const { proxy, client, straight } = await through("misfits", 400);
      for (const misfit of misfits) {
        await straight.mSet({ "key 0": "value of key 0", "key 1": "value of key 1", "key 2": "value of key 2" });
        await eventually("a connection", () => client.incr("counter"), RECOVERY);
        const held: (() => void)[] = [];
        let garbled: Connection | undefined;
        proxy.reply = (chunk, forward, connection) => {
          if (garbled === undefined) forward(Buffer.from(misfit));
          garbled ??= connection;
          // What comes on this connection comes late, in order.
          if (connection === garbled) held.push(() => forward(chunk));
          else forward(chunk);
        };
        const { value, error } = await settled(call(client), 1_400);
        const later = settled(client.find("key 1"), 1_400);
        // By itself, since of two replies in one chunk the second would be seen to be one too many.
        setTimeout(() => {
          held.shift()?.();
          proxy.reply = pass;
          setTimeout(() => {
            for (const each of held) each();
          }, 20);
        }, 20);
        const { value: found, error: failed } = await later;
        const what = JSON.stringify(misfit);
        expect([value, (error as DriverError | undefined)?.outcome], what).toEqual([undefined, "unknown"]);
        if (failed === undefined) expect(found, what).toBe("value of key 1");
      }
    },
  );

  it.each(["+OK\r\n", ":1\r\n", "*0\r\n", "*2\r\n$1\r\n0\r\n:1\r\n", "_\r\n"])(
    "a reply that does not fit a listing, %j: it is asked again, or fails",
    async (misfit) => {
      const { proxy, client, straight } = await through("misfitListing", 400);
      await straight.mSet({ "key 0": "0", "key 1": "1" });
      proxy.reply = (_, forward) => {
        forward(Buffer.from(misfit));
        proxy.reply = pass;
      };
      const { value, error } = await settled(client.keys(), 1_400);
      if (error === undefined) expect(value?.sort()).toEqual(["key 0", "key 1"]);
      else expect(error).toMatchObject({ code: "ERR_UNAVAILABLE" });
    },
  );

  async function findTwo(client: Texts): Promise<unknown> {
    return await Promise.all([client.find("key 0"), client.find("key 2")]);
  }

  it("under load: nothing is lost, applied twice or late, and no reply is another's", async () => {
    const { proxy, client, straight } = await through("garbageUnderLoad", 300);
    const load = new Load(client, { timeout: 300 });
    for (let round = 0; round < 20; round++) {
      await load.successes(20);
      proxy.reply = injected("garbage\r\n", round);
      await load.failures(1);
      proxy.reply = pass;
      expect(await load.successes(20)).toBeLessThan(RECOVERY);
    }
    expect(await load.problems(true, straight)).toEqual([]);
  });
});

describe("requests that wait", () => {
  it("behind a connection that is down are told not-applied at their timeout", async () => {
    const { proxy, client } = await through("waiting", 300);
    proxy.close();
    await eventually("the loss", async () => {
      const error = await rejection<TimeoutError>(client.set("a", "1"));
      return error instanceof TimeoutError && error.outcome === "not-applied";
    });
    const { error, took } = await settled(client.incr("a"), 1_300);
    expect(error).toBeInstanceOf(TimeoutError);
    expect((error as TimeoutError).outcome).toBe("not-applied");
    expect(took).toBeGreaterThan(250);
  });
});

function pass(chunk: Buffer, forward: (chunk: Buffer) => void): void {
  forward(chunk);
}

function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.ceil((to - from) / step) }, (_, at) => from + at * step);
}
