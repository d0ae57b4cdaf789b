import { getEventListeners } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { NamestoreError, UnavailableError } from "../../src/errors.js";
import { PATIENCE, RECOVERY, SHORT_TIMEOUT } from "../network/connecting.js";
import type { Texts } from "../support/load.js";
import { isSettled, rejection } from "../support/promises.js";
import { FaultProxy, frozen } from "../support/proxy.js";
import { eventually, settled } from "../support/waiting.js";
import { FakeServer } from "./fake.js";
import { open, over } from "./opening.js";
import { RedisServer } from "./servers.js";

vi.setConfig({ testTimeout: 120_000 });

const server = await RedisServer.start();

describe("the bound on pending calls", () => {
  it("lets 50,000 of 100,000 calls of one tick through, and refuses the others at once, not applied", async () => {
    const { client } = await open(server.url);
    await server.command("FLUSHALL");
    let refused = 0;
    let served = 0;
    let repliesSeen = false;
    const calls = Array.from({ length: 100_000 }, (_, at) =>
      client.incr(`counter ${at % 1_000}`).then(
        () => {
          served++;
        },
        (error: UnavailableError) => {
          refused++;
          if (!(error instanceof UnavailableError) || error.outcome !== "not-applied") throw error;
          if (repliesSeen || served > 0) throw new Error("the refusal waited for replies");
        },
      ),
    );
    await new Promise((resolve) => setImmediate(resolve));
    repliesSeen = true;
    expect(refused).toBe(50_000);
    await Promise.all(calls);
    expect(served).toBe(50_000);
    const counts = await client.mGet(Array.from({ length: 1_000 }, (_, at) => `counter ${at}`));
    expect([...counts.values()].reduce((sum, each) => sum + Number(each), 0)).toBe(50_000);
    await client.incr("counter 0");
  });

  it("lets maxPending calls through while the server does not reply, and others once these have timed out", async () => {
    const proxy = await FaultProxy.to(server);
    const { client } = await open({ url: proxy.url, timeout: SHORT_TIMEOUT, maxPending: 10 });
    const reply = proxy.reply;
    proxy.reply = () => {};
    const calls = Array.from({ length: 25 }, (_, at) => client.find(`key ${at}`));
    const pending = calls.slice(0, 10).map((call) => settled(call, SHORT_TIMEOUT + PATIENCE));
    for (const refused of calls.slice(10).map((call) => rejection(call))) {
      expect(await isSettled(refused)).toBe(true);
      expect(await refused).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    }
    const codes = (await Promise.all(pending)).map(({ error }) => (error as NamestoreError).code);
    expect(codes.every((code) => code === "ERR_TIMEOUT" || code === "ERR_UNAVAILABLE")).toBe(true);
    proxy.reply = reply;
    await eventually("a call that succeeds", () => client.find("key 0"), RECOVERY);
    await Promise.all(Array.from({ length: 10 }, (_, at) => client.find(`key ${at}`)));
  });

  it("does not count calls that were aborted before they were sent", async () => {
    const { client } = await open({ url: server.url, maxPending: 10 });
    for (let round = 0; round < 5; round++) {
      const abort = new AbortController();
      const calls = Array.from({ length: 10 }, () => rejection(client.set("a", "1", { signal: abort.signal })));
      abort.abort(new Error("enough"));
      await Promise.all(calls);
      await eventually("room", () => client.set("a", "2"));
    }
  });
});

describe("an abort", () => {
  const reason = new Error("no longer wanted");

  it("before a call prevents it", async () => {
    const proxy = await FaultProxy.to(server);
    const { client } = await open(proxy.url);
    expect(await rejection(client.set("a", "never sent", { signal: AbortSignal.abort(reason) }))).toBe(reason);
    await client.set("a", "1");
    expect(proxy.sent("never sent")).toBe(0);
  });

  it("in the tick of a call withdraws it, and not its neighbours", async () => {
    const proxy = await FaultProxy.to(server);
    const { client } = await open(proxy.url);
    const abort = new AbortController();
    const first = client.set("a", "sent 1");
    const withdrawn = [
      rejection(client.set("b", "never sent", { signal: abort.signal })),
      rejection(client.getSet("b", "never sent", { signal: abort.signal })),
      rejection(client.set("b", "never sent", { ttl: "1h", signal: abort.signal })),
      rejection(client.mSet({ b: "never sent" }, { signal: abort.signal })),
    ];
    const last = client.set("c", "sent 2");
    abort.abort(reason);
    expect(await Promise.all(withdrawn)).toEqual([reason, reason, reason, reason]);
    await Promise.all([first, last]);
    expect(await client.mGet(["a", "b", "c"])).toEqual(
      new Map([
        ["a", "sent 1"],
        ["c", "sent 2"],
      ]),
    );
    expect(proxy.sent("never sent")).toBe(0);
  });

  it("withdraws a call that waits for a connection", async () => {
    const target = await RedisServer.start();
    const proxy = await FaultProxy.to(target);
    const { client } = await open(proxy.url);
    await target.kill();
    await eventually("an attempt to reconnect", () => proxy.accepted > 1);
    const abort = new AbortController();
    const withdrawn = rejection(client.set("a", "never sent", { signal: abort.signal }));
    const kept = client.set("b", "sent");
    await new Promise((resolve) => setTimeout(resolve, 50));
    abort.abort(reason);
    expect(await isSettled(withdrawn)).toBe(true);
    expect(await withdrawn).toBe(reason);
    await target.restart();
    await kept;
    expect(proxy.sent("never sent")).toBe(0);
    expect(proxy.sent("sent")).toBe(1);
  });

  it("rejects a call in flight at once; the call may take effect, and its reply meets no other call", async () => {
    const proxy = await FaultProxy.to(server);
    const { client } = await open(proxy.url);
    await client.mSet({ a: "value of a", b: "value of b" });
    const reply = proxy.reply;
    const held = frozen();
    proxy.reply = held;
    const abort = new AbortController();
    const read = rejection(client.find("a", { signal: abort.signal }));
    const written = rejection(client.set("c", "written", { signal: abort.signal }));
    await eventually("the request", () => proxy.sent("written") === 1);
    abort.abort(reason);
    expect(await isSettled(Promise.all([read, written]))).toBe(true);
    expect(await Promise.all([read, written])).toEqual([reason, reason]);
    const next = client.find("b");
    held.thaw();
    proxy.reply = reply;
    expect(await next).toBe("value of b");
    expect(await client.find("c")).toBe("written");
  });

  it("ends a listing, or clear, with its reason", async () => {
    const { client } = await open(server.url);
    const many = client.domain("many");
    for (let from = 0; from < 5_000; from += 1_000) {
      await many.mSet(Array.from({ length: 1_000 }, (_, at) => [`key ${from + at}`, "1"]));
    }
    const abort = new AbortController();
    const listing = (async () => {
      for await (const _ of many.scan("*", { signal: abort.signal })) abort.abort(reason);
    })();
    expect(await rejection(listing)).toBe(reason);
    const second = new AbortController();
    const cleared = rejection(many.clear({ signal: second.signal }));
    second.abort(reason);
    expect(await cleared).toBe(reason);
    await many.clear();
  });

  it("has one listener for all calls that share its signal, and none once they have settled", async () => {
    const { client } = await open(server.url);
    const { signal } = new AbortController();
    const calls = Array.from({ length: 1_000 }, (_, at) => client.find(`key ${at}`, { signal }));
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await Promise.all(calls);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});

describe("calls of one tick", () => {
  it("share a command if they are of one kind and one namespace", async () => {
    const proxy = await FaultProxy.to(server);
    const { client } = await open(proxy.url);
    const keys = Array.from({ length: 100 }, (_, at) => `shared ${at}`);
    await Promise.all(keys.map((key) => client.set(key, `value of ${key}`)));
    expect(proxy.sent("MSET")).toBe(1);
    expect(await Promise.all(keys.map((key) => client.find(key)))).toEqual(keys.map((key) => `value of ${key}`));
    expect(proxy.sent("MGET")).toBe(1);
    await client.delete("shared");
    await Promise.all(keys.map(() => client.incr("shared")));
    const scripts = proxy.sent("$4\r\nEVAL\r") + proxy.sent("EVALSHA");
    const sums = await Promise.all(keys.map(() => client.incr("shared")));
    expect(sums).toEqual(keys.map((_, at) => 101 + at));
    expect(proxy.sent("$4\r\nEVAL\r") + proxy.sent("EVALSHA")).toBe(scripts + 1);
    await Promise.all(keys.map((key) => client.set(key, "1", { ttl: "1h" })));
    expect(proxy.sent("$4\r\nEVAL\r") + proxy.sent("EVALSHA")).toBe(scripts + 2);
  });

  it("of several namespaces are not mixed up", async () => {
    const { client, driver } = await open(server.url);
    const others = over(driver, "app", "others");
    const of = (at: number): Texts => (at % 2 === 0 ? client : others);
    await Promise.all(Array.from({ length: 100 }, (_, at) => of(at).set(`mixed ${at}`, `value ${at}`)));
    const found = await Promise.all(Array.from({ length: 100 }, (_, at) => of(at).find(`mixed ${at}`)));
    expect(found).toEqual(Array.from({ length: 100 }, (_, at) => `value ${at}`));
  });

  it("are sent in the order in which they were made", async () => {
    const { client } = await open(server.url);
    const order = client.domain("order");
    const answers = await Promise.all([
      order.set("a", "1"),
      order.find("a"),
      order.set("a", "2"),
      order.find("a"),
      order.incr("a"),
      order.find("a"),
      order.getSet("a", "x"),
      order.compareAndSwap("a", "x", "y"),
      order.find("a"),
      order.set("a", "z", { ttl: "1h" }),
      order.set("a", "7"),
      order.decr("a"),
      order.delete("a"),
      order.find("a"),
      order.setNX("a", "8"),
      order.mGet(["a"]),
    ]);
    expect(answers).toEqual([
      undefined,
      "1",
      undefined,
      "2",
      3,
      "3",
      "3",
      true,
      "y",
      undefined,
      undefined,
      6,
      true,
      undefined,
      true,
      new Map([["a", "8"]]),
    ]);
    expect(await order.ttl("a")).toBe(-1);
  });

  it("are sent before a listing or a clear that is called after them", async () => {
    const { client } = await open(server.url);
    const listed = client.domain("listed");
    const [, , keys] = await Promise.all([listed.set("a", "1"), listed.incr("b"), listed.keys()]);
    expect(keys.sort()).toEqual(["a", "b"]);
    const [, first] = await Promise.all([listed.delete("a"), listed.scan().next()]);
    expect(first).toEqual({ done: false, value: "b" });
    await Promise.all([listed.set("c", "1"), listed.clear()]);
    expect(await listed.keys()).toEqual([]);
  });

  it("store the value of the last set of a key", async () => {
    const { client } = await open(server.url);
    await Promise.all([client.set("twice", "1"), client.set("other", "x"), client.set("twice", "2")]);
    expect(await client.find("twice")).toBe("2");
    await Promise.all([client.set("twice", "3", { ttl: "1h" }), client.set("twice", "4", { ttl: "2h" })]);
    expect(await client.find("twice")).toBe("4");
    expect(await client.ttl("twice")).toBeGreaterThan(3_600_000);
  });

  it("never share a command with more than 1,000 calls", async () => {
    const proxy = await FaultProxy.to(server);
    const { client } = await open(proxy.url);
    await Promise.all(Array.from({ length: 2_500 }, (_, at) => client.find(`key ${at}`)));
    expect(proxy.sent("MGET")).toBe(3);
  });

  it("fail alone if a value is no counter, or a counter would be past the safe integers", async () => {
    const { client } = await open(server.url);
    await client.mSet({ words: "words", most: String(2 ** 53 - 1), one: "1" });
    const answers = await Promise.allSettled(["one", "words", "one", "most", "one"].map((key) => client.incr(key)));
    expect(answers.map((answer) => ("value" in answer ? answer.value : answer.reason.code))).toEqual([
      2,
      "ERR_TYPE_MISMATCH",
      3,
      "ERR_OVERFLOW",
      4,
    ]);
    expect(await client.mGet(["words", "most"])).toEqual(
      new Map([
        ["words", "words"],
        ["most", String(2 ** 53 - 1)],
      ]),
    );
  });

  it("of incr get a TTL each, if they name one and create the key", async () => {
    const { client } = await open(server.url);
    const mixed = client.domain("mixed");
    await mixed.clear();
    await mixed.set("there", "1");
    const sums = await Promise.all([
      mixed.incr("plain"),
      mixed.incr("timed", 1, { ttl: "1h" }),
      mixed.incr("there", 1, { ttl: "1h" }),
      mixed.incr("timed", 1, { ttl: "2h" }),
      mixed.incr("plain", 1, { ttl: "1h" }),
    ]);
    expect(sums).toEqual([1, 1, 2, 2, 2]);
    expect(await mixed.ttl("plain")).toBe(-1);
    expect(await mixed.ttl("there")).toBe(-1);
    expect(await mixed.ttl("timed")).toBeLessThanOrEqual(3_600_000);
  });

  it("wait for a connection, and are sent in order once there is one", async () => {
    const target = await RedisServer.start();
    const proxy = await FaultProxy.to(target);
    const { client } = await open(proxy.url);
    await target.kill();
    await eventually("an attempt to reconnect", () => proxy.accepted > 1);
    const calls = [client.set("a", "1"), client.incr("a"), client.find("a")];
    await target.restart();
    expect(await Promise.all(calls)).toEqual([undefined, 2, "2"]);
  });
});

describe("incr on the server", () => {
  it.each([
    ["9007199254740991", 1, "ERR_OVERFLOW"],
    ["9007199254740990", 1, 9007199254740991],
    ["-9007199254740991", -1, "ERR_OVERFLOW"],
    ["-9007199254740990", -1, -9007199254740991],
    ["9007199254740992", -1, "ERR_OVERFLOW"],
    ["9007199254740993", -2, "ERR_OVERFLOW"],
    ["-9007199254740993", 2, "ERR_OVERFLOW"],
    ["9223372036854775807", 1, "ERR_OVERFLOW"],
    ["-9223372036854775808", -1, "ERR_OVERFLOW"],
    ["9223372036854775807", -9007199254740991, "ERR_OVERFLOW"],
    ["9223372036854775808", 1, "ERR_OVERFLOW"],
    ["99999999999999999999999999", 1, "ERR_OVERFLOW"],
    ["-99999999999999999999999999", 1, "ERR_OVERFLOW"],
    ["9007199254740991", -9007199254740991, 0],
    ["-9007199254740991", 9007199254740991, 0],
    ["999999999999999", 1, 1_000_000_000_000_000],
    ["1000000000000000", 1, 1_000_000_000_000_001],
    ["", 1, "ERR_TYPE_MISMATCH"],
    [" 1", 1, "ERR_TYPE_MISMATCH"],
    ["1 ", 1, "ERR_TYPE_MISMATCH"],
    ["1.0", 1, "ERR_TYPE_MISMATCH"],
    ["+1", 1, "ERR_TYPE_MISMATCH"],
    ["01", 1, "ERR_TYPE_MISMATCH"],
    ["-0", 1, "ERR_TYPE_MISMATCH"],
    ["-", 1, "ERR_TYPE_MISMATCH"],
    ["1\0", 1, "ERR_TYPE_MISMATCH"],
    ["1e3", 1, "ERR_TYPE_MISMATCH"],
    ["0x10", 1, "ERR_TYPE_MISMATCH"],
    ["٣", 1, "ERR_TYPE_MISMATCH"],
    ["1\n", 1, "ERR_TYPE_MISMATCH"],
    ["99999999999999999999999999\n", 1, "ERR_TYPE_MISMATCH"],
  ])(
    "of %j by %d ends with %s, alone and in a batch, and changes nothing when it fails",
    async (stored, delta, expected) => {
      const { client } = await open(server.url);
      const counters = client.domain("counters");
      for (const neighbours of [0, 2]) {
        await counters.set("c", stored, { ttl: "1h" });
        const others = Array.from({ length: neighbours }, (_, at) => counters.incr(`neighbour ${at}`));
        const answer = await counters.incr("c", delta).catch((error: NamestoreError) => error.code);
        await Promise.all(others);
        expect(answer).toBe(expected);
        expect(await counters.find("c")).toBe(typeof expected === "number" ? String(expected) : stored);
        expect(await counters.ttl("c")).toBeGreaterThan(3_590_000);
      }
    },
  );
});

describe("a key in its last millisecond", () => {
  it("has a TTL of 1 ms, since 0 would mean none", async () => {
    const fake = await FakeServer.start(([name]) => (name === "PTTL" ? ":0\r\n" : undefined));
    const { client } = await open(fake.url);
    expect(await client.ttl("a")).toBe(1);
  });
});

describe("keys of other programs", () => {
  it("are not listed if they are not UTF-8, but are cleared", async () => {
    const { driver } = await open(server.url);
    const client = over(driver, "app", "foreign");
    await client.set("mine", "1");
    await server.command("EVAL", "return redis.call('SET', 'app:foreign:\\255', '1')", "0");
    await server.command("SET", "app:foreign:", "1");
    expect(await client.keys()).toEqual(["mine"]);
    await client.clear();
    expect(await server.command("KEYS", "app:foreign:*")).toEqual([]);
  });
});

describe("clear", () => {
  /** A client of a server with two pages of keys, which refuses the second. */
  async function refusing(first: string): Promise<Texts> {
    const fake = await FakeServer.start(([name, cursor]) => {
      if (name === "UNLINK") return ":1\r\n";
      if (name !== "SCAN") return undefined;
      return cursor === "0" ? first : "-NOPERM this user has no permissions\r\n";
    });
    return (await open(fake.url)).client;
  }

  it("has an unknown outcome if it is refused after it has removed keys", async () => {
    const client = await refusing("*2\r\n$1\r\n7\r\n*1\r\n$11\r\napp:users:a\r\n");
    expect(await rejection(client.clear())).toMatchObject({ code: "ERR_DRIVER", outcome: "unknown" });
  });

  it("was not applied if it is refused before it has found a key", async () => {
    const client = await refusing("*2\r\n$1\r\n7\r\n*0\r\n");
    expect(await rejection(client.clear())).toMatchObject({ code: "ERR_DRIVER", outcome: "not-applied" });
  });
});

describe("the error of a batch", () => {
  it("is another object for each caller", async () => {
    const { client } = await open(server.url);
    await client.set("words", "words");
    const [first, second] = await Promise.all([rejection(client.incr("words")), rejection(client.incr("words"))]);
    expect(first).not.toBe(second);
    expect(first).toBeInstanceOf(NamestoreError);
  });
});
