import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { type DriverError, NamestoreError } from "../../src/errors.js";
import { LONG_TIMEOUT, PATIENCE, RECOVERY, SHORT_TIMEOUT } from "../network/connecting.js";
import { loadOn, pass } from "../network/faults.js";
import type { Texts } from "../support/load.js";
import { type Connection, FaultProxy, injected } from "../support/proxy.js";
import { eventually, settled } from "../support/waiting.js";
import { open } from "./opening.js";
import { RedisServer } from "./servers.js";

vi.setConfig({ testTimeout: 120_000 });

/** The longest that a call may stay pending, in milliseconds. */
const IN_TIME = SHORT_TIMEOUT + PATIENCE;

const server = await RedisServer.start();

/** A client whose every byte passes through a proxy, and one that is connected to the server itself. */
async function through(domain: string): Promise<{ proxy: FaultProxy; client: Texts; straight: Texts }> {
  const proxy = await FaultProxy.to(server);
  const root = await open({ url: proxy.url, timeout: SHORT_TIMEOUT });
  const straight = await open({ url: server.url, timeout: LONG_TIMEOUT });
  return { proxy, client: root.client.domain(domain), straight: straight.client.domain(domain) };
}

describe.concurrent("a server that sends garbage", () => {
  it.each<[string, string | Buffer]>([
    ["bytes that are not of the protocol", "garbage\r\n"],
    ["a page of HTTP", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"],
    ["zeros", Buffer.alloc(16)],
    ["a status too many", "+OK\r\n"],
    ["a number too many", ":1\r\n"],
    ["a nil too many", "$-1\r\n"],
    ["a bulk string too many", "$5\r\nother\r\n"],
    ["a list that is too short", "*0\r\n"],
    ["a list of another kind", "*1\r\n*1\r\n:1\r\n"],
    ["an error too many", "-ERR unknown command 'x', with args beginning with: 'y'\r\n"],
    ["a map", "%1\r\n+a\r\n+b\r\n"],
    ["an error of an unknown kind", "-SECRET something\r\n"],
    ["half a line", "+O"],
  ])("causes no call to resolve to the reply of another after %s", async (title, garbage) => {
    const { proxy, client, straight } = await through(title);
    const keys = Array.from({ length: 5 }, (_, at) => `key ${at}`);
    await straight.mSet(keys.map((key) => [key, `value of ${key}`]));
    await straight.incr("counter");
    await eventually("a connection", () => client.find("key 0"), RECOVERY);
    proxy.reply = injected(garbage);
    // Of several kinds, so that each is sent in a command of its own.
    const reads = keys.map((key) => [
      settled(client.find(key), IN_TIME),
      settled(client.getSet(key, `value of ${key}`), IN_TIME),
    ]);
    const counted = settled(client.incr("counter"), IN_TIME);
    for (const [at, pair] of reads.entries()) {
      for (const one of pair) {
        const { value, error } = await one;
        if (error === undefined) expect(value).toBe(`value of ${keys[at]}`);
        else expect(error).toBeInstanceOf(NamestoreError);
      }
    }
    const { value: count, error: failed } = await counted;
    if (failed === undefined) expect(count).toBe(2);
    const later = await Promise.all(keys.map((key) => settled(client.find(key), IN_TIME)));
    for (const [at, { value, error }] of later.entries()) {
      if (error === undefined) expect(value).toBe(`value of ${keys[at]}`);
    }
    const right = async (): Promise<boolean> => (await client.find("key 0")) === "value of key 0";
    await eventually("a connection in step", right, RECOVERY);
    expect(Number(await straight.find("counter"))).toBeLessThanOrEqual(2);
  });

  it("loses no call under load, applies none twice or late, and mixes no replies up", async () => {
    const { proxy, client, straight } = await through("underLoad");
    const load = loadOn(client);
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

describe.concurrent("a reply that its command never has", () => {
  /** Calls, each with replies that Redis never sends to them, though any client can read these replies. */
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

  it.each(MISFITS)("fails %s, whose own reply meets no later call", async (title, call, misfits) => {
    const { proxy, client, straight } = await through(`misfit ${title}`);
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
      const { value, error } = await settled(call(client), IN_TIME);
      const later = settled(client.find("key 1"), IN_TIME);
      // Alone: of two replies in one chunk the second would be recognised as one too many.
      await sleep(20);
      held.shift()?.();
      proxy.reply = pass;
      await sleep(20);
      for (const each of held) each();
      const { value: found, error: failed } = await later;
      const what = JSON.stringify(misfit);
      expect([value, (error as DriverError | undefined)?.outcome], what).toEqual([undefined, "unknown"]);
      if (failed === undefined) expect(found, what).toBe("value of key 1");
    }
  });

  it.each(["+OK\r\n", ":1\r\n", "*0\r\n", "*2\r\n$1\r\n0\r\n:1\r\n", "_\r\n"])(
    "makes a listing repeat its command, or fail: %j",
    async (misfit) => {
      const { proxy, client, straight } = await through(`listing ${JSON.stringify(misfit).replaceAll(":", "")}`);
      await straight.mSet({ "key 0": "0", "key 1": "1" });
      await eventually("a connection", () => client.find("key 0"), RECOVERY);
      proxy.reply = (_, forward) => {
        forward(Buffer.from(misfit));
        proxy.reply = pass;
      };
      const { value, error } = await settled(client.keys(), IN_TIME);
      if (error === undefined) expect(value?.sort()).toEqual(["key 0", "key 1"]);
      else expect(error).toMatchObject({ code: "ERR_UNAVAILABLE" });
    },
  );

  async function findTwo(client: Texts): Promise<unknown> {
    return await Promise.all([client.find("key 0"), client.find("key 2")]);
  }
});
