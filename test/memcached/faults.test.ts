import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { type DriverError, NamestoreError, type TimeoutError, UnavailableError } from "../../src/errors.js";
import { Ring } from "../../src/memcached/ring.js";
import { LONG_TIMEOUT, PATIENCE, RECOVERY, SHORT_TIMEOUT } from "../network/connecting.js";
import { faultsOf } from "../network/faults.js";
import type { Texts } from "../support/load.js";
import { rejection } from "../support/promises.js";
import { FaultProxy, frozen } from "../support/proxy.js";
import { eventually, settled } from "../support/waiting.js";
import { FakeServer, opaqueOf } from "./fake.js";
import { open } from "./opening.js";
import { MemcachedServer } from "./servers.js";
import { MEMCACHED } from "./subject.js";

vi.setConfig({ testTimeout: 120_000 });

faultsOf(MEMCACHED);

const server = await MemcachedServer.start();

/** A client whose every byte passes through a proxy, and one that is connected to the server itself. */
async function through(
  domain: string,
  timeout = SHORT_TIMEOUT,
): Promise<{ proxy: FaultProxy; client: Texts; straight: Texts }> {
  const proxy = await FaultProxy.to(server);
  const root = await open({ servers: proxy.address, timeout });
  const straight = await open({ servers: server.address, timeout: LONG_TIMEOUT });
  return { proxy, client: root.client.domain(domain), straight: straight.client.domain(domain) };
}

describe.concurrent("A call that times out", () => {
  it("has an unknown outcome when its write was sent", async () => {
    const { proxy, client, straight } = await through("heldWrite", 2_000);
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
    const errors = await Promise.all(
      behind.map((call) => settled(rejection<TimeoutError>(call), SHORT_TIMEOUT + PATIENCE)),
    );
    for (const { value } of errors) expect(value).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
    await first;
    expect(proxy.sent("never sent")).toBe(0);
  });
});

describe.concurrent("A call with less time left than a reply takes", () => {
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

describe.concurrent("A lost connection", () => {
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

describe.concurrent("A connection that is lost between a read and its write", () => {
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
    const { client } = await open({ servers: fake.address, timeout: SHORT_TIMEOUT });
    hangsUp = true;
    const start = performance.now();
    fake.hangUp();
    await rejection(client.find("key"));
    await sleep(400);
    // Pauses of 20, 40, 80 ms and so on, up to a second.
    expect(fake.accepted).toBeLessThan(10 + (performance.now() - start) / 1_000);
  });
});

describe.concurrent("A reply that the command never has", () => {
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
      const { error } = await settled(call(client), PATIENCE);
      expect(error, misfit).toBeInstanceOf(UnavailableError);
    }
  });
});

describe.concurrent("An error line", () => {
  it.each([
    ["SERVER_ERROR out of memory storing object", true],
    ["SERVER_ERROR secret", false],
    ["CLIENT_ERROR secret", false],
    ["ERROR secret", false],
    ["secret", false],
  ])("%j is repeated only if it is safe, and drops a connection that may be out of step", async (said, known) => {
    const fake = await FakeServer.start((line) => (line.startsWith("ms") ? `${said}\r\n` : undefined));
    const { client } = await open({ servers: fake.address, timeout: SHORT_TIMEOUT });
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

describe.concurrent("Several servers", () => {
  it("keep working when one is dead, and calls about its keys fail in time", async () => {
    const servers = await Promise.all([1, 2, 3].map(() => MemcachedServer.start()));
    const { client } = await open({ servers: servers.map(({ address }) => address), timeout: 1_500 });
    const ring = new Ring(servers.map(({ port }) => ({ host: "127.0.0.1", port, weight: 1 })));
    const keys = Array.from({ length: 60 }, (_, at) => `key ${at}`);
    await eventually("a write", () => client.mSet(keys.map((key) => [key, key])));
    await servers[1]?.kill();
    await sleep(50);
    const answers = await Promise.all(keys.map((key) => settled(client.find(key), 1_500 + PATIENCE)));
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
    await servers[1]?.restart();
    await eventually("all of them", () => client.mSet(keys.map((key) => [key, "newer"])), RECOVERY);
    expect(new Set((await client.mGet(keys)).values())).toEqual(new Set(["newer"]));
  });
});
