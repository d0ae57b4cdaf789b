import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { type DriverError, NamestoreError, TimeoutError, UnavailableError } from "../../src/errors.js";
import { Ring } from "../../src/memcached/ring.js";
import { Load, type Texts } from "../support/load.js";
import { rejection } from "../support/promises.js";
import { byteByByte, cutAfter, delayed, FaultProxy, frozen, injected, type Tap } from "../support/proxy.js";
import { eventually, settled } from "../support/waiting.js";
import { FakeServer, opaqueOf } from "./fake.js";
import { open, TIMEOUT } from "./opening.js";
import { MemcachedServer } from "./servers.js";

vi.setConfig({ testTimeout: 30_000 });

/** The longest that calls may fail once the server can be reached again, in milliseconds. */
const RECOVERY = 2_000;

const server = await MemcachedServer.start();

const pass: Tap = (chunk, forward) => forward(chunk);

/** A client whose every byte passes through a proxy, and one that connects to the server itself. */
async function through(
  domain: string,
  timeout = TIMEOUT,
): Promise<{ proxy: FaultProxy; client: Texts; straight: Texts }> {
  const proxy = await FaultProxy.to(server);
  const root = await open({ servers: proxy.address, timeout });
  const straight = await open({ servers: server.address, timeout: 5_000 });
  return { proxy, client: root.client.domain(domain), straight: straight.client.domain(domain) };
}

/** A load on a server of its own. */
async function loaded(): Promise<{ target: MemcachedServer; client: Texts; load: Load }> {
  const target = await MemcachedServer.start();
  const { client } = await open({ servers: target.address, timeout: TIMEOUT });
  const load = new Load(client, { timeout: TIMEOUT });
  await load.successes(200);
  return { target, client, load };
}

describe("Under load", () => {
  it("no call is lost, applied twice or late when the server restarts, and its keys are misses", async () => {
    const { target, client, load } = await loaded();
    await client.set("before", "1");
    await target.kill();
    await load.failures(20);
    await target.up();
    expect(await load.successes(100)).toBeLessThan(RECOVERY);
    expect(await client.find("before")).toBeUndefined();
    expect(await client.incr("before")).toBe(1);
    expect(await load.problems(false)).toEqual([]);
  });

  it("no call is lost, applied twice or late when the server freezes for longer than the timeout", async () => {
    const { target, load } = await loaded();
    target.freeze();
    await load.failures(40);
    target.thaw();
    expect(await load.successes(100)).toBeLessThan(RECOVERY);
    expect(await load.problems(true)).toEqual([]);
    expect(Object.keys(load.failed).join()).toContain("ERR_TIMEOUT");
  });

  it("no call fails when the server freezes for less than the timeout", async () => {
    const { target, load } = await loaded();
    target.freeze();
    await sleep(TIMEOUT / 4);
    target.thaw();
    await load.successes(100);
    expect(await load.problems(true)).toEqual([]);
    expect(load.failed).toEqual({});
  });

  it("no call is lost, applied twice or late while connections are reset", async () => {
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

  it("no call is lost, applied twice or late while a connection is half open", async () => {
    const { proxy, client, straight } = await through("halfOpen");
    const load = new Load(client, { timeout: TIMEOUT });
    await load.successes(50);
    proxy.halfOpen();
    await load.failures(20);
    expect(await load.successes(50)).toBeLessThan(RECOVERY);
    expect(await load.problems(true, straight)).toEqual([]);
    expect(Object.keys(load.failed).join()).toContain("ERR_TIMEOUT");
  });

  it("no call is lost, applied twice or late while replies arrive after the timeout", async () => {
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
    expect(Object.keys(load.failed).join()).toContain("ERR_TIMEOUT");
  });

  it.each(["garbage\r\n", "EN\r\n", "HD O1\r\n", "VA 1 O3\r\nx\r\n", "ERROR\r\n"])(
    "no call is lost, applied twice or late while %j comes between replies",
    async (garbage) => {
      const { proxy, client, straight } = await through(`garbage ${JSON.stringify(garbage)}`, 300);
      const load = new Load(client, { timeout: 300 });
      for (let round = 0; round < 8; round++) {
        await load.successes(20);
        proxy.reply = injected(garbage, 0);
        await load.failures(1);
        proxy.reply = pass;
        expect(await load.successes(20)).toBeLessThan(RECOVERY);
      }
      expect(await load.problems(true, straight)).toEqual([]);
    },
  );
});

describe("A connection that is cut", () => {
  /** Calls whose replies differ from those of their neighbours. */
  const CALLS: readonly [string, (client: Texts, key: string) => Promise<unknown>][] = [
    ["incr", (client, key) => client.incr(`counter of ${key}`)],
    ["set", (client, key) => client.set(`plain ${key}`, `value of ${key}`)],
    ["getSet", (client, key) => client.getSet(`swapped ${key}`, `value of ${key}`)],
    ["setNX", (client, key) => client.setNX(`first ${key}`, `value of ${key}`)],
    ["find", (client, key) => client.find(`constant ${key}`)],
  ];

  it.each([
    ["requests", "request", range(0, 420, 3)],
    ["replies", "reply", range(0, 90, 1)],
  ] as const)("applies no call twice when %s are cut after any number of bytes", async (domain, direction, counts) => {
    const lanes = 6;
    const failed = await Promise.all(
      Array.from({ length: lanes }, (_, lane) => cutLane(domain, direction, counts, lane, lanes)),
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
    const { proxy, client, straight } = await through(`${domain}${lane}`, 2_000);
    let failed = 0;
    for (let at = lane; at < counts.length; at += lanes) {
      const bytes = counts[at] as number;
      const key = `k${bytes}`;
      await straight.set(`constant ${key}`, `constant of ${key}`);
      proxy[direction] = cutAfter(bytes);
      const answers = await Promise.all(CALLS.map(([, call]) => settled(call(client, key), 3_000)));
      proxy[direction] = pass;
      for (const [place, { error, value }] of answers.entries()) {
        const [name] = CALLS[place] as (typeof CALLS)[number];
        const what = `${name} with ${direction} cut after ${bytes} bytes`;
        if (error !== undefined) {
          failed++;
          expect(error, what).toBeInstanceOf(UnavailableError);
          const allowed = ["unknown", ...(/incr|getSet/.test(name) ? ["not-applied"] : [])];
          expect(allowed, what).toContain((error as UnavailableError).outcome);
        } else if (name === "find") expect(value, what).toBe(`constant of ${key}`);
      }
      await eventually("a call that succeeds", () => client.set("warm", key), RECOVERY);
      const count = Number((await straight.find(`counter of ${key}`)) ?? 0);
      const outcome = (answers[0]?.error as UnavailableError | undefined)?.outcome;
      const possible = outcome === undefined ? [1] : outcome === "unknown" ? [0, 1] : [0];
      expect(possible, `incr with ${direction} cut after ${bytes} bytes`).toContain(count);
      for (const kind of ["plain", "swapped", "first"]) {
        expect([undefined, `value of ${key}`]).toContain(await straight.find(`${kind} ${key}`));
      }
      expect(proxy.sent(`value of ${key}\r`), `values with ${direction} cut after ${bytes} bytes`).toBeLessThanOrEqual(
        3,
      );
    }
    return failed;
  }
});

describe("Replies in pieces", () => {
  it("are joined when every byte arrives alone", async () => {
    const { proxy, client } = await through("pieces", 5_000);
    const keys = Array.from({ length: 20 }, (_, at) => `key ${at}`);
    const textOf = (key: string): string => `value of ${key}, ${"é\r\nEN\r\n".repeat(3)}`;
    await client.mSet(keys.map((key) => [key, textOf(key)]));
    proxy.reply = byteByByte();
    const found = await Promise.all<unknown>([
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
      ...keys.map(textOf),
      ...[undefined, 2 ** 53 - 1, "ERR_TYPE_MISMATCH", "ERR_OVERFLOW", textOf("key 2"), -1],
      expect.toSatisfy((listed: string[]) => listed.length === 11),
    ]);
  });
});

describe("A call that times out", () => {
  it("was sent once, fails in time, and its late reply meets no other call", async () => {
    const { proxy, client, straight } = await through("held");
    await straight.mSet({ counter: "1", swapped: "old", other: "other's own" });
    const held = frozen();
    proxy.reply = held;
    const calls: [string, Promise<unknown>][] = [
      ["unknown", client.set("plain", "unique plain")],
      ["unknown", client.setNX("first", "unique first")],
      ["unknown", client.find("other")],
      // Only the read of these was sent.
      ["not-applied", client.incr("counter")],
      ["not-applied", client.getSet("swapped", "unique swapped")],
    ];
    for (const [outcome, call] of calls) {
      const { error, took } = await settled(call, TIMEOUT + 1_000);
      expect(error).toBeInstanceOf(NamestoreError);
      expect((error as DriverError).outcome).toBe(outcome);
      expect(took).toBeLessThan(TIMEOUT + 1_000);
    }
    proxy.reply = pass;
    const next = eventually("a call that succeeds", () => client.find("other"), RECOVERY);
    held.thaw();
    expect(await next).toBe("other's own");
    expect(await straight.mGet(["counter", "swapped", "first"])).toEqual(
      new Map(Object.entries({ counter: "1", swapped: "old", first: "unique first" })),
    );
    for (const [value, times] of [
      ["unique plain", 1],
      ["unique first", 1],
      ["unique swapped", 0],
    ] as const) {
      expect(proxy.sent(value)).toBe(times);
    }
  });

  it("has an unknown outcome when its write was sent", async () => {
    const { proxy, client, straight } = await through("heldWrite", 1_000);
    await straight.mSet({ counter: "1", swapped: "old" });
    proxy.request = (chunk, forward) => {
      if (/^(ma|ms) .* C\d+ /.test(chunk.toString("latin1"))) proxy.reply = frozen();
      forward(chunk);
    };
    const errors = await Promise.all([
      rejection<TimeoutError>(client.incr("counter")),
      rejection<TimeoutError>(client.getSet("swapped", "new")),
    ]);
    for (const error of errors) {
      // The first that times out takes the connection with it.
      expect(error.code).toMatch(/^ERR_(TIMEOUT|UNAVAILABLE)$/);
      expect(error.outcome).toBe("unknown");
    }
    expect(await straight.get("counter")).toBe("2");
    expect(await straight.get("swapped")).toBe("new");
  });

  it("was never sent when it waited at a busy key", async () => {
    const { proxy, client } = await through("busy");
    proxy.reply = frozen();
    const first = rejection(client.incr("counter"));
    const behind = [client.set("counter", "never sent"), client.getSet("counter", "never sent")];
    const errors = await Promise.all(behind.map((call) => settled(rejection<TimeoutError>(call), TIMEOUT + 1_000)));
    for (const { value } of errors) expect(value).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
    await first;
    expect(proxy.sent("never sent")).toBe(0);
  });

  it("was not applied when there was no connection", async () => {
    const { proxy, client } = await through("waiting", 300);
    const { address } = proxy;
    proxy.close();
    await eventually("the loss", async () => {
      const error = await rejection<TimeoutError>(client.set("a", "1"));
      return error instanceof TimeoutError && error.outcome === "not-applied";
    });
    const { error, took } = await settled(client.incr("a"), 1_300);
    const why = `${address}: not sent within 300 ms: no connection to Memcached (ECONNREFUSED)`;
    const message = expect.stringContaining(why);
    expect(error).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied", message });
    expect(took).toBeGreaterThan(250);
  });
});

describe("A call with less time left than a reply takes", () => {
  it("is not sent on a new connection, which stays for the others", async () => {
    const fake = await FakeServer.start((line) => (line.startsWith("md") ? `HD ${opaqueOf(line)}\r\n` : undefined));
    const { client } = await open({ servers: fake.address, timeout: 3_000 });
    await client.delete("first");
    fake.delay = 2_500;
    fake.hangUp();
    await eventually("the next connection", () => fake.accepted === 2);
    const late = rejection<TimeoutError>(client.delete("late"));
    await sleep(1_500);
    const early = client.delete("early");
    expect(await late).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
    expect(await early).toBe(true);
    await sleep(300);
    expect(fake.accepted).toBe(2);
    expect(fake.lines.map((line) => line.replace(/ O\d+$/, ""))).toEqual(["md app:users:first", "md app:users:early"]);
  });

  it("is not sent after a slow command, and neither is the next command of its own call", async () => {
    const fake = await FakeServer.start((line, socket) => {
      const opaque = opaqueOf(line);
      if (line.startsWith("md")) return `HD ${opaque}\r\n`;
      if (line.startsWith("mg")) setTimeout(() => socket.write(`VA 1 c1 t-1 ${opaque}\r\n1\r\n`), 2_050);
      return undefined;
    }, 900);
    const { client } = await open({ servers: fake.address, timeout: 2_400 });
    const calls = [
      client.incr("key"),
      client.set("key", "2"),
      client.set("key", "2", { ttl: "60d" }),
      client.getSet("key", "3"),
    ];
    for (const error of await Promise.all(calls.map((call) => rejection(call)))) {
      expect(error).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
    }
    expect(await client.delete("key")).toBe(true);
    await sleep(300);
    expect(fake.accepted).toBe(1);
    expect(fake.lines.map((line) => line.slice(0, 2))).toEqual(["mg", "md"]);
  });
});

describe("A lost connection", () => {
  it("is reported with the server and Node's error code", async () => {
    const fake = await FakeServer.start((line, socket) => {
      if (line.startsWith("mg")) socket.resetAndDestroy();
      return undefined;
    });
    const { client } = await open(fake.address);
    const message = `find "key": ${fake.address}: the connection was lost before the reply came (ECONNRESET)`;
    expect(await rejection(client.find("key"))).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown", message });
  });
});

describe("A dead idle connection", () => {
  it("is replaced within three timeouts although nobody calls", async () => {
    const { proxy, client } = await through("idle", TIMEOUT);
    await client.set("a", "1");
    proxy.halfOpen();
    await eventually("a new connection", () => proxy.accepted === 2, 3 * TIMEOUT + 1_000);
    const { error, took } = await settled(client.find("a"), RECOVERY);
    expect(error).toBeUndefined();
    expect(took).toBeLessThan(TIMEOUT);
  });
});

describe("A connection that is lost between a read and its write", () => {
  it("invalidates the CAS token, which a restarted server may issue again for another item", async () => {
    const fake = await FakeServer.start((line) => {
      const opaque = opaqueOf(line);
      if (line.startsWith("ma")) return `HD ${opaque}\r\n`;
      if (!line.startsWith("mg")) return undefined;
      // The read is answered, and what follows the reply ends the connection.
      return fake.accepted === 1 ? `VA 1 c7 t-1 ${opaque}\r\n1\r\ngarbage\r\n` : `VA 1 c7 t-1 ${opaque}\r\n5\r\n`;
    });
    const { client } = await open(fake.address);
    expect(await client.incr("key")).toBe(6);
    expect(fake.lines.map((line) => line.slice(0, 2))).toEqual(["mg", "mg", "ma"]);
  });

  it("is not replaced at once when the one before brought nothing but the handshake", async () => {
    let hangsUp = false;
    const fake = await FakeServer.start((line, socket) => {
      // Hangs up after every handshake.
      if (line === "mn" && hangsUp) setImmediate(() => socket.destroy());
      return undefined;
    });
    const { client } = await open({ servers: fake.address, timeout: TIMEOUT });
    hangsUp = true;
    fake.hangUp();
    await rejection(client.find("key"));
    await sleep(400);
    // Pauses of 20, 40, 80 ms and so on.
    expect(fake.accepted).toBeLessThan(10);
  });
});

describe("A reply that the command never has", () => {
  const CASES: readonly [string, (client: Texts) => Promise<unknown>, string][] = [
    ["find", (client) => client.find("key"), "mg"],
    ["exists", (client) => client.exists("key"), "mg"],
    ["ttl", (client) => client.ttl("key"), "mg"],
    ["set", (client) => client.set("key", "1"), "ms"],
    ["setNX", (client) => client.setNX("key", "1"), "ms"],
    ["delete", (client) => client.delete("key"), "md"],
    ["expire", (client) => client.expire("key", "1h"), "md"],
    ["incr", (client) => client.incr("key"), "mg"],
    ["getSet", (client) => client.getSet("key", "1"), "ms"],
  ];

  it.each(["ttl", "incr"] as const)("fails %s when the flags that it asked for are missing", async (method) => {
    const fake = await FakeServer.start((line) => (line.startsWith("mg") ? `HD ${opaqueOf(line)}\r\n` : undefined));
    const { client } = await open(fake.address);
    expect(await rejection(client[method]("key"))).toBeInstanceOf(UnavailableError);
  });

  it.each(CASES)("fails %s and drops the connection", async (_, call, command) => {
    for (const misfit of ["MN", "HD2", "HD O", "QQ", "NS", "STAT a b", "END"]) {
      const fake = await FakeServer.start((line) => {
        if (line.startsWith(command)) {
          const wrong = misfit === "NS" && / ME/.test(line) ? "EX" : misfit;
          return `${wrong} ${/ |END/.test(wrong) ? "" : opaqueOf(line)}`.trimEnd().concat("\r\n");
        }
        return line.startsWith("mg") ? `VA 1 c1 t-1 ${opaqueOf(line)}\r\n1\r\n` : undefined;
      });
      const { client } = await open(fake.address);
      const { error } = await settled(call(client), 1_500);
      expect(error, misfit).toBeInstanceOf(UnavailableError);
    }
  });
});

describe("An error line", () => {
  it.each([
    ["SERVER_ERROR out of memory storing object", true],
    ["SERVER_ERROR secret", false],
    ["CLIENT_ERROR secret", false],
    ["ERROR secret", false],
    ["secret", false],
  ])("%j is repeated only if it is safe, and drops a connection that may be out of step", async (said, known) => {
    const fake = await FakeServer.start((line) => (line.startsWith("ms") ? `${said}\r\n` : undefined));
    const { client } = await open({ servers: fake.address, timeout: TIMEOUT });
    const errors = await Promise.all([
      rejection<DriverError>(client.set("private key", "private value")),
      rejection<DriverError>(client.find("private key")),
    ]);
    expect(errors[0]).toMatchObject({ outcome: "unknown" });
    expect(errors[0]?.message.includes(said)).toBe(known);
    for (const { message } of errors) expect(message.replace('"private key"', "")).not.toMatch(/secret|private/);
    expect((errors[1] as { code: string }).code).toBe(
      said.startsWith("SERVER_ERROR") ? "ERR_TIMEOUT" : "ERR_UNAVAILABLE",
    );
  });
});

describe("Several servers", () => {
  it("keep working when one is dead, and calls about its keys fail in time", async () => {
    const servers = await Promise.all([1, 2, 3].map(() => MemcachedServer.start()));
    const { client } = await open({ servers: servers.map(({ address }) => address), timeout: TIMEOUT });
    const ring = new Ring(servers.map(({ port }) => ({ host: "127.0.0.1", port, weight: 1 })));
    const keys = Array.from({ length: 60 }, (_, at) => `key ${at}`);
    await client.mSet(keys.map((key) => [key, key]));
    await servers[1]?.kill();
    await sleep(50);
    const answers = await Promise.all(keys.map((key) => settled(client.find(key), TIMEOUT + 1_000)));
    for (const [at, { value, error }] of answers.entries()) {
      const key = keys[at] as string;
      if (ring.serverOf(`app:users:${key}`) !== 1) expect(value).toBe(key);
      else expect(error).toMatchObject({ code: expect.stringMatching(/ERR_(TIMEOUT|UNAVAILABLE)/) });
    }
    // A batch over all servers cannot succeed.
    expect(await rejection(client.mSet(keys.map((key) => [key, "new"])))).toMatchObject({ outcome: "unknown" });
    expect(await rejection(client.keys())).toBeInstanceOf(NamestoreError);
    const alone = keys.filter((key) => ring.serverOf(`app:users:${key}`) === 1);
    expect(await rejection(client.mDel(alone))).toMatchObject({ outcome: "not-applied" });
    await servers[1]?.up();
    await eventually("all of them", () => client.mSet(keys.map((key) => [key, "newer"])), RECOVERY);
    expect(new Set((await client.mGet(keys)).values())).toEqual(new Set(["newer"]));
  });
});

function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.ceil((to - from) / step) }, (_, at) => from + at * step);
}
