import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import {
  DriverError,
  InvalidArgumentError,
  type NamestoreError,
  NotSupportedError,
  TimeoutError,
  UnavailableError,
} from "../../src/errors.js";
import type { Texts } from "../support/load.js";
import { isSettled, rejection } from "../support/promises.js";
import { FaultProxy, frozen } from "../support/proxy.js";
import { eventually, settled } from "../support/waiting.js";
import { FakeServer, opaqueOf } from "./fake.js";
import { open, over } from "./opening.js";
import { MemcachedServer } from "./servers.js";

vi.setConfig({ testTimeout: 20_000 });

const server = await MemcachedServer.start();
const HOUR = 3_600_000;

/** How long the server itself says that a key lives, in seconds. */
async function secondsOf(name: string, from = server): Promise<number> {
  return Number(/ t(-?\d+)/.exec(await from.raw(`mg ${name} t\r\n`))?.[1]);
}

describe("calls of one tick", () => {
  it("go out in one write, in the order in which they were made", async () => {
    const proxy = await FaultProxy.to(server);
    const { client } = await open(proxy.address);
    let writes = 0;
    proxy.request = (chunk, forward) => {
      writes++;
      forward(chunk);
    };
    const order = client.domain("order");
    const answers = await Promise.all([
      order.set("a", "1"),
      order.find("a"),
      order.set("a", "zwei ä"),
      order.find("a"),
      order.set("b", "2", { ttl: "1h" }),
      order.exists("b"),
      order.delete("a"),
      order.find("a"),
      order.setNX("a", "8"),
      order.mGet(["a", "c", "b"]),
    ]);
    expect(answers).toEqual([
      ...[undefined, "1", undefined, "zwei ä", undefined, true, true, undefined, true],
      new Map(Object.entries({ a: "8", b: "2" })),
    ]);
    expect(writes).toBe(1);
  });

  it("keep their order where some of them take several round trips", async () => {
    const { client } = await open(server.address);
    const order = client.domain("order2");
    const answers = await Promise.all([
      order.incr("a"),
      order.find("a"),
      order.incr("a", 41),
      order.set("a", "x"),
      order.getSet("a", "y"),
      order.compareAndSwap("a", "y", "z"),
      order.find("a"),
      order.mSet({ a: "7", b: "1" }),
      order.decr("a", 8),
      order.mGet(["a", "b"]),
      order.compareAndDelete("a", "-1"),
      order.exists("a"),
      order.mDel(["a", "b"]),
      order.set("a", "1", { ttl: "60d" }),
      order.ttl("a"),
      order.expire("a", "90d"),
      order.ttl("a"),
      order.persist("a"),
      order.ttl("a"),
      order.delete("a"),
      order.setNX("a", "1", { ttl: "60d" }),
      order.find("a"),
    ]);
    const days = (count: number): unknown => expect.toSatisfy((ttl) => Math.abs(ttl - count * 24 * HOUR) <= 2_000);
    expect(answers).toEqual([
      ...[1, "1", 42, undefined, "x", true, "z", undefined, -1],
      new Map(Object.entries({ a: "-1", b: "1" })),
      ...[true, false, 1, undefined, days(60), undefined, days(90), undefined, -1, true, true, "1"],
    ]);
  });

  it("of 500 keys at once get their own answers, bytes and texts alike", async () => {
    const { client, driver } = await open(server.address);
    const bytes = client.withCodec<Uint8Array>({ format: "bytes", encode: (value) => value, decode: (value) => value });
    const keys = Array.from({ length: 500 }, (_, at) => `key ${at}`);
    await Promise.all(
      keys.map((key, at) =>
        at % 3 === 0
          ? bytes.set(key, Buffer.from(`bytes ${at}\r\n\0`))
          : client.set(key, `text ${at}${at % 3 === 1 ? "é" : ""}`),
      ),
    );
    const found = await Promise.all(keys.map(async (key) => String(await driver.get("app:users:", key))));
    expect(found).toEqual(
      keys.map((_, at) => (at % 3 === 0 ? `bytes ${at}\r\n\0` : `text ${at}${at % 3 === 1 ? "é" : ""}`)),
    );
  });
});

describe("TTLs", () => {
  it.each([
    [1, 2],
    [1_000, 2],
    [1_001, 3],
    [30 * 86_400_000 - 1_000, 30 * 86_400],
    [30 * 86_400_000, 30 * 86_400 + 1],
    [100 * 86_400_000, 100 * 86_400 + 1],
  ])("of %d ms are %d seconds, whatever gives them", async (ttl, seconds) => {
    const { client } = await open(server.address);
    const users = client.domain("ttls");
    const gives: readonly [string, () => Promise<unknown>][] = [
      ["set", () => users.set("key", "1", { ttl })],
      ["setNX", () => users.setNX("key", "1", { ttl })],
      ["mSet", () => users.mSet({ key: "1" }, { ttl })],
      ["incr", () => users.incr("key", 1, { ttl })],
      ["getSet of a missing key", () => users.getSet("key", "1", { ttl })],
      ["getSet", () => users.set("key", "1").then(() => users.getSet("key", "1", { ttl }))],
      ["compareAndSwap", () => users.set("key", "1").then(() => users.compareAndSwap("key", "1", "2", { ttl }))],
      ["expire", () => users.set("key", "1").then(() => users.expire("key", ttl))],
    ];
    for (const [what, give] of gives) {
      await users.delete("key");
      await give();
      const left = await secondsOf("app:ttls:key");
      // The server's clock may have ticked since.
      expect([seconds, seconds - 1], what).toContain(left);
    }
  });

  it("are kept as the date that they end, however often a key is written", async () => {
    const { client } = await open(server.address);
    const users = client.domain("kept");
    await users.set("key", "0", { ttl: "100s" });
    const dateOf = async (): Promise<number> =>
      Number(/key=app%3Akept%3Akey exp=(\d+)/.exec(await server.raw("lru_crawler metadump hash\r\n"))?.[1]);
    const date = await dateOf();
    const start = performance.now();
    let count = 0;
    // Some of it while the server's clock ticks.
    while (performance.now() - start < 1_500) {
      await users.getSet("key", String(count));
      await users.compareAndSwap("key", String(count), "-5");
      expect(await users.incr("key", 6)).toBe(1);
      expect(await users.decr("key", 2)).toBe(-1);
      count++;
    }
    expect(count).toBeGreaterThan(20);
    expect(await dateOf()).toBe(date);
  });

  it("are not kept from before an expire of another driver in the middle", async () => {
    const proxy = await FaultProxy.to(server);
    const [slow, other] = [await open({ servers: proxy.address, timeout: 5_000 }), await open(server.address)];
    await other.client.set("key", "old", { ttl: "1h" });
    const held = frozen();
    // The read, then the server's time and the item again, then the write.
    let requests = 0;
    proxy.request = (chunk, forward, connection) =>
      ++requests === 3 ? held(chunk, forward, connection) : forward(chunk);
    const swapped = slow.client.getSet("key", "new");
    await eventually("the write", () => requests === 3);
    await other.client.expire("key", "2h");
    held.thaw();
    expect(await swapped).toBe("old");
    expect(await other.client.ttl("key")).toBeGreaterThan(1.5 * HOUR);
  });

  it("that are long are counted from a time that is asked for once a server, and again behind a busy key", async () => {
    const servers = await Promise.all([1, 2].map(() => MemcachedServer.start()));
    const proxies = await Promise.all(servers.map((each) => FaultProxy.to(each)));
    const { client } = await open({ servers: proxies.map(({ address }) => address), timeout: 5_000 });
    const keys = Array.from({ length: 40 }, (_, at) => `key${at}`);
    await client.mSet(Object.fromEntries(keys.map((key) => [key, "1"])), { ttl: "60d" });
    for (const [at, proxy] of proxies.entries()) {
      expect(proxy.sent("stats\r\n")).toBe(1);
      expect(Number(await servers[at]?.stat("curr_items"))).toBeGreaterThan(0);
    }
    const asked = (): number => proxies.reduce((sum, proxy) => sum + proxy.sent("stats\r\n"), 0);
    const busy = [client.incr("key0"), client.incr("key0")];
    await client.mSet({ key0: "1", key1: "1", key2: "1" }, { ttl: "60d" });
    await Promise.all(busy);
    expect(asked()).toBeGreaterThan(3);
  });

  it.each([
    ["set", (client: Texts) => client.set("key", "1", { ttl: "60d" }), "ms"],
    ["getSet of a missing key", (client: Texts) => client.getSet("key", "1", { ttl: "60d" }), "ms"],
    ["expire", (client: Texts) => client.expire("key", "60d"), "md"],
  ] as const)("that are long are counted anew where %s has to wait for another connection", async (_, call, write) => {
    let time = 1_000;
    const fake = await FakeServer.start((line) => {
      const opaque = opaqueOf(line);
      if (line === "stats") {
        // What comes with the answer ends the connection.
        const more = time === 1_000 ? "garbage\r\n" : "";
        time += 500;
        return `STAT time ${time - 500}\r\nEND\r\n${more}`;
      }
      return line.startsWith("mg")
        ? `EN ${opaque}\r\n`
        : line.startsWith("m") && line !== "mn"
          ? `HD ${opaque}\r\n`
          : undefined;
    });
    const { client } = await open({ servers: fake.address, timeout: 2_000 });
    await call(client);
    const writes = fake.lines.filter((line) => line.startsWith(write));
    expect(writes).toEqual([expect.stringContaining(` T${1_500 + 60 * 86_400 + 1}`)]);
  });

  it.each(["t0", "t4294967295"])(
    "of an item that ends while the server looks at it (%s): it is missing",
    async (flag) => {
      const fake = await FakeServer.start((line) => {
        const opaque = opaqueOf(line);
        if (line.startsWith("mg"))
          return line.includes(" v ") ? `VA 1 c1 ${flag} ${opaque}\r\n1\r\n` : `HD ${flag} ${opaque}\r\n`;
        return line.startsWith("ms") ? `HD ${opaque}\r\n` : undefined;
      });
      const { client, driver } = await open(fake.address);
      expect(await driver.ttl("app:users:", "key")).toBeUndefined();
      expect(await client.incr("key", 5)).toBe(5);
      expect(await client.compareAndDelete("key", "1")).toBe(false);
      expect(fake.accepted).toBe(1);
    },
  );

  it("that are long: a store that the server refuses is told as one of another", async () => {
    const fake = await FakeServer.start((line) => {
      if (line === "stats") return "STAT time 1000\r\nEND\r\n";
      return line.startsWith("ms") ? "SERVER_ERROR out of memory storing object\r\n" : undefined;
    });
    const { client } = await open(fake.address);
    const error = await rejection(client.set("key", "1", { ttl: "60d" }));
    expect(error).toBeInstanceOf(DriverError);
    expect(error).toMatchObject({ outcome: "unknown" });
  });

  it("of a missing key are none", async () => {
    const { driver } = await open(server.address);
    expect(await driver.ttl("app:users:", "never set")).toBeUndefined();
  });

  it("past January 2038 are refused before anything is sent, and by the server's clock too", async () => {
    const { client } = await open(server.address);
    const ttl = 2 ** 31 * 1_000 - Date.now();
    await expect(client.set("late", "1", { ttl })).rejects.toBeInstanceOf(InvalidArgumentError);
    await client.set("late", "1", { ttl: ttl - 60_000 });
    expect(await client.ttl("late")).toBeGreaterThan(ttl - 70_000);

    const fake = await FakeServer.start((line) =>
      line === "stats" ? `STAT time ${2 ** 31 - 10}\r\nEND\r\n` : undefined,
    );
    const { client: ahead } = await open(fake.address);
    await expect(ahead.set("late", "1", { ttl: "60d" })).rejects.toBeInstanceOf(InvalidArgumentError);
    expect(fake.lines).toEqual(["stats"]);
  });
});

describe("values and the server's limit", () => {
  it.each([
    ["plain", "k", ["-I", "1m"], 1_048_576 - 59],
    ["a long plain key", "k".repeat(240), ["-I", "1m"], 1_048_576 - 59],
    ["an awkward key", "\n", ["-I", "2m", "-m", "256"], 2_097_152 - 59],
    ["no CAS tokens", "k", ["-C"], 1_048_576 - 51],
  ])(
    "%s: what fits is stored, and a byte more is refused by the driver, the old value left",
    async (_, key, extra, room) => {
      const small = await MemcachedServer.start(extra);
      const proxy = await FaultProxy.to(small);
      const { client, driver } = await open({ servers: proxy.address, timeout: 5_000 });
      const length = room - "app:users:".length - Buffer.byteLength(key);
      await client.set(key, "a".repeat(length));
      expect((await client.get(key)).length).toBe(length);
      const large = `${"é".repeat(1)}${"b".repeat(length - 1)}`;
      const calls = [
        client.set(key, large),
        client.setNX(key, large),
        client.mSet({ other: "1", [key]: large }),
        client.getSet(key, large),
        client.compareAndSwap(key, "a", large),
        (async () => driver.set("app:users:", key, Buffer.from(large), 0))(),
      ];
      for (const call of calls) {
        const error = await rejection(call);
        expect(error).toBeInstanceOf(InvalidArgumentError);
        expect(error.message).toContain(`${room} bytes together`);
      }
      expect(await client.mGet([key, "other"])).toEqual(new Map([[key, "a".repeat(length)]]));
      expect(proxy.sent("bbbb")).toBe(0);
    },
  );

  it("are read anew at every connect", async () => {
    const target = await MemcachedServer.start(["-I", "2m", "-m", "256"]);
    const { client } = await open({ servers: target.address, timeout: 5_000 });
    const value = "v".repeat(1_500_000);
    await client.set("key", value);
    await target.kill();
    await eventually("the loss", async () => (await settled(client.find("a"), 10).catch(() => false)) === false);
    // It is let in by the old limit, and waits for a server with another.
    const waiting = rejection(client.set("key", value));
    await target.up(["-I", "1m"]);
    expect(await waiting).toBeInstanceOf(InvalidArgumentError);
    await client.set("key", "v".repeat(1_000_000));
    await target.kill();
    await target.up(["-I", "4m", "-m", "256"]);
    await eventually("the new limit", () => client.set("key", "v".repeat(3_000_000)));
  });

  it("that the server refuses all the same: DriverError, unknown, and the connection goes on", async () => {
    const full = await MemcachedServer.start(["-M", "-m", "2"]);
    const proxy = await FaultProxy.to(full);
    const { client } = await open(proxy.address);
    let error: NamestoreError | undefined;
    for (let at = 0; at < 200 && error === undefined; at++) {
      await client.set(`key ${at}`, "v".repeat(100_000)).catch((reason: NamestoreError) => {
        error = reason;
      });
    }
    expect(error).toBeInstanceOf(DriverError);
    expect(error).toMatchObject({ outcome: "unknown", message: expect.stringContaining("SERVER_ERROR out of memory") });
    expect(await client.find("key 0")).toHaveLength(100_000);
    expect(proxy.accepted).toBe(1);
  });

  it("without CAS tokens on the server: what compares is NotSupportedError, and the rest works", async () => {
    const { client } = await open((await MemcachedServer.start(["-C"])).address);
    await client.set("key", "1", { ttl: "60d" });
    for (const call of [
      client.incr("key"),
      client.getSet("key", "2"),
      client.compareAndSwap("key", "1", "2"),
      client.compareAndDelete("key", "1"),
    ]) {
      const error = await rejection(call);
      expect(error).toBeInstanceOf(NotSupportedError);
      expect(error.message).toContain("-C");
    }
    expect(await client.get("key")).toBe("1");
  });
});

describe("maxPending", () => {
  it("refuses one call more at once, and counts a call once, whatever it takes", async () => {
    const proxy = await FaultProxy.to(server);
    const { client } = await open({ servers: proxy.address, maxPending: 4, timeout: 2_000 });
    const held = frozen();
    const { reply } = proxy;
    proxy.reply = held;
    const calls = [
      client.set("a", "1"),
      client.mGet(["a", "b", "c"]),
      client.incr("d"),
      client.mSet({ e: "1", f: "2" }),
    ];
    const error = await rejection<UnavailableError>(client.find("a"));
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error).toMatchObject({
      outcome: "not-applied",
      message: expect.stringContaining("4 calls are already pending"),
    });
    proxy.reply = reply;
    held.thaw();
    await Promise.all(calls);
    await Promise.all([client.find("a"), client.find("a"), client.find("a"), client.getSet("a", "2")]);
  });

  it("lets new calls in when others have failed", async () => {
    const { client, driver } = await open({ servers: server.address, maxPending: 2 });
    await client.set("words", "words");
    for (let round = 0; round < 5; round++) {
      await rejection(client.incr("words"));
      await rejection((async () => driver.set("app:users:", "words", "v".repeat(2_000_000), 0))());
      await rejection(client.mSet({ a: "1", b: "v".repeat(2_000_000) }));
      await rejection(client.set("k".repeat(300), "1"));
    }
    await Promise.all([client.find("words"), client.find("words")]);
  });
});

describe("an abort", () => {
  const reason = new Error("no longer wanted");

  it("in the tick of the call: it is withdrawn, and its neighbours are not", async () => {
    const proxy = await FaultProxy.to(server);
    const { client, driver } = await open(proxy.address);
    const abort = new AbortController();
    const first = client.set("a", "sent 1");
    const options = { signal: abort.signal };
    const withdrawn = [
      rejection(client.set("b", "never sent", options)),
      rejection(client.getSet("b", "never sent", options)),
      rejection(client.set("b", "never sent", { ttl: "60d", ...options })),
      rejection(client.mSet({ b: "never sent" }, options)),
      rejection(driver.set("app:users:", "b", "never sent", 0, options)),
      rejection(driver.incr("app:users:", "c", 1, 0, options)),
    ];
    const last = client.set("c", "sent 2");
    abort.abort(reason);
    expect(await Promise.all(withdrawn)).toEqual(withdrawn.map(() => reason));
    await Promise.all([first, last]);
    expect(await client.mGet(["a", "b", "c"])).toEqual(new Map(Object.entries({ a: "sent 1", c: "sent 2" })));
    expect(proxy.sent("never sent")).toBe(0);
  });

  it("behind a busy key, and between a read and its write: it is withdrawn", async () => {
    const proxy = await FaultProxy.to(server);
    const { client, driver } = await open({ servers: proxy.address, timeout: 5_000 });
    await client.set("busy", "1");
    const held = frozen();
    const { reply } = proxy;
    proxy.reply = held;
    const abort = new AbortController();
    const options = { signal: abort.signal };
    const withdrawn = [
      rejection(driver.incr("app:users:", "busy", 10, 0, options)),
      rejection(driver.set("app:users:", "busy", "never sent", 0, options)),
      rejection(driver.getSet("app:users:", "busy", "never sent", 0, true, options)),
    ];
    const kept = client.incr("busy");
    await eventually("the read", () => proxy.sent("busy v c t") === 1);
    abort.abort(reason);
    proxy.reply = reply;
    held.thaw();
    expect(await Promise.all(withdrawn)).toEqual(withdrawn.map(() => reason));
    expect(await kept).toBe(2);
    expect(proxy.sent("never sent")).toBe(0);
  });

  it("in flight: it rejects at once, its reply meets nobody, and it may take effect", async () => {
    const proxy = await FaultProxy.to(server);
    const { client } = await open(proxy.address);
    await client.mSet({ a: "value of a", b: "value of b" });
    const held = frozen();
    const { reply } = proxy;
    proxy.reply = held;
    const abort = new AbortController();
    const read = rejection(client.find("a", { signal: abort.signal }));
    const written = rejection(client.set("c", "written", { signal: abort.signal }));
    await eventually("the request", () => proxy.sent("written") === 1);
    abort.abort(reason);
    expect((await settled(Promise.all([read, written]), 100)).value).toEqual([reason, reason]);
    const next = client.find("b");
    proxy.reply = reply;
    held.thaw();
    expect(await next).toBe("value of b");
    expect(await client.find("c")).toBe("written");
  });

  it("has one listener, however many calls share the signal, and none when they are over", async () => {
    const { client } = await open(server.address);
    const { signal } = new AbortController();
    const calls = Array.from({ length: 100 }, (_, at) => client.find(`key ${at}`, { signal }));
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await Promise.all([...calls, client.keys("*", { signal })]);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});

describe("two drivers", () => {
  it("increment one counter, up and down, without a loss", async () => {
    const drivers = await Promise.all([1, 2, 3].map(() => open({ servers: server.address, timeout: 10_000 })));
    const clients = drivers.map(({ client }) => client.domain("shared"));
    const sums = await Promise.all(
      Array.from({ length: 150 }, (_, at) => (clients[at % 3] as (typeof clients)[0]).incr("counter", at % 2 ? 2 : -1)),
    );
    expect(await clients[0]?.get("counter")).toBe("75");
    expect(sums.filter((sum) => sum === 75).length).toBeGreaterThan(0);
  });

  it("that stand in one another's way: TimeoutError, not applied", async () => {
    // The item changes after every read.
    const fake = await FakeServer.start((line) => {
      if (line.startsWith("mg")) return `VA 1 c1 t-1 ${opaqueOf(line)}\r\n1\r\n`;
      if (line.startsWith("ma")) return `EX ${opaqueOf(line)}\r\n`;
      return undefined;
    });
    const { client } = await open({ servers: fake.address, timeout: 100 });
    const error = await rejection<TimeoutError>(client.incr("key"));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.outcome).toBe("not-applied");
    expect(error.message).toContain("others kept changing the key");
    expect(fake.lines.length).toBeGreaterThan(10);
  });

  it("of which none stood in the way: it is not said", async () => {
    // The connection goes with the read, late, and with it the token.
    const fake = await FakeServer.start((line, socket) => {
      if (!line.startsWith("mg")) return undefined;
      setTimeout(() => socket.write(`VA 1 c1 t-1 ${opaqueOf(line)}\r\n1\r\ngarbage\r\n`), 250);
      return "";
    });
    const { client } = await open({ servers: fake.address, timeout: 400 });
    const error = await rejection<TimeoutError>(client.incr("key"));
    expect(error).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
    expect(error.message).toContain("no time was left for another attempt");
  });

  it("of which a read is refused: DriverError, not applied", async () => {
    const fake = await FakeServer.start((line) =>
      line.startsWith("mg") ? "SERVER_ERROR out of memory\r\n" : undefined,
    );
    const { client } = await open(fake.address);
    const error = await rejection<DriverError>(client.incr("key"));
    expect(error).toBeInstanceOf(DriverError);
    expect(error.outcome).toBe("not-applied");
  });

  it("of which one creates the key while the other one does", async () => {
    let adds = 0;
    const fake = await FakeServer.start((line) => {
      if (line.startsWith("mg"))
        return adds === 0 ? `EN ${opaqueOf(line)}\r\n` : `VA 1 c1 t-1 ${opaqueOf(line)}\r\n4\r\n`;
      if (line.startsWith("ms") && line.includes(" ME")) return ++adds === 1 ? `NS ${opaqueOf(line)}\r\n` : undefined;
      return line.startsWith("ma") || line.startsWith("ms") ? `HD ${opaqueOf(line)}\r\n` : undefined;
    });
    const { client } = await open(fake.address);
    expect(await client.incr("key", 3)).toBe(7);
    adds = 0;
    expect(await client.getSet("key", "5")).toBe("4");
  });

  it("of which one writes while the other one swaps or deletes", async () => {
    let writes = 0;
    const fake = await FakeServer.start((line) => {
      const opaque = opaqueOf(line);
      if (line.startsWith("mg")) return `VA 1 c1 t-1 ${opaque}\r\n1\r\n`;
      if (line.startsWith("ms") || line.startsWith("md")) return `${++writes % 2 ? "EX" : "HD"} ${opaque}\r\n`;
      return undefined;
    });
    const { client } = await open(fake.address);
    expect(await client.compareAndSwap("key", "1", "2")).toBe(true);
    expect(writes).toBe(2);
    expect(await client.compareAndDelete("key", "1")).toBe(true);
    expect(writes).toBe(4);
    expect(await client.compareAndSwap("key", "2", "3")).toBe(false);
    expect(await client.compareAndDelete("key", "2")).toBe(false);
    expect(writes).toBe(4);
  });

  it("of which one changes or touches the item while the other finds out how long to keep it", async () => {
    let reads = 0;
    // The CAS token changes behind the first read; then the clock ticks between two looks; then the item is gone.
    const answers = [
      "c1 t50",
      "c2 t50",
      "c2 t50",
      "c2 t50",
      "c2 t50",
      "c2 t49",
      "c2 t49",
      "",
      "",
      "c2 t49",
      "c2 t49",
      "c2 t49",
    ];
    const fake = await FakeServer.start((line) => {
      const opaque = opaqueOf(line);
      if (line === "stats") return "STAT time 1000\r\nEND\r\n";
      if (line.startsWith("ms")) return `HD ${opaque}\r\n`;
      if (!line.startsWith("mg")) return undefined;
      const answer = answers[reads++];
      if (answer === "") return `EN ${opaque}\r\n`;
      return line.includes(" v ") ? `VA 1 ${answer} ${opaque}\r\n4\r\n` : `HD ${answer} ${opaque}\r\n`;
    });
    const { client } = await open(fake.address);
    expect(await client.getSet("key", "5")).toBe("4");
    expect(fake.lines.filter((line) => line.startsWith("ms"))).toEqual([expect.stringContaining(" T1049 C2")]);
    expect(reads).toBe(12);
  });
});

describe("close", () => {
  it("ends what is in flight and what waits, and refuses the rest, at once", async () => {
    const proxy = await FaultProxy.to(server);
    const { driver, client } = await open({ servers: proxy.address, timeout: 5_000 });
    proxy.reply = frozen();
    const flight = [client.set("a", "1"), client.incr("b"), client.mGet(["a"])];
    const waiting = client.incr("b");
    await eventually("the request", () => proxy.sent("users:a") > 1);
    const unsent = client.set("a", "2");
    driver.close();
    driver.close();
    await driver[Symbol.asyncDispose]();
    const errors = await Promise.all(
      [...flight, waiting, unsent, client.set("a", "3"), client.keys()].map((call) => rejection(call)),
    );
    expect(errors.map((error) => error instanceof UnavailableError && error.outcome)).toEqual([
      "unknown",
      // Only its read was sent.
      "not-applied",
      "unknown",
      ...["not-applied", "not-applied", "not-applied", "not-applied"],
    ]);
    expect(await isSettled(Promise.allSettled(flight))).toBe(true);
    await eventually("the end", () => proxy.connections === 0);
  });

  it("ends calls that wait for a connection", async () => {
    const target = await MemcachedServer.start();
    const { driver, client } = await open({ servers: target.address, timeout: 5_000 });
    await target.kill();
    await sleep(100);
    const error = rejection<UnavailableError>(client.set("a", "1"));
    await sleep(50);
    driver.close();
    expect(await error).toMatchObject({ outcome: "not-applied" });
  });
});

describe("namespaces", () => {
  it("cannot smuggle a command in", async () => {
    const { client, driver } = await open(server.address);
    await client.set("kept", "1");
    for (const evil of ["a\r\nflush_all\r\n", "a b\r\nmd app:users:kept\r\n", "x v\r\n", "\0\r\nflush_all"]) {
      const users = over(driver, evil.replaceAll(":", ";"), evil.replaceAll(":", ";"));
      await users.mSet({ [evil]: "2" });
      expect(await users.find(evil)).toBe("2");
      expect(await users.keys()).toEqual([evil]);
      await users.incr(evil);
      await users.clear();
    }
    expect(await client.find("kept")).toBe("1");
  });
});
