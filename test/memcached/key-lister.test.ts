import { describe, expect, it, vi } from "vitest";
import { DriverError, NamestoreError, NotSupportedError, TimeoutError, UnavailableError } from "../../src/errors.js";
import { rejection } from "../support/promises.js";
import { cutAfter, FaultProxy, type Tap } from "../support/proxy.js";
import { eventually, settled } from "../support/waiting.js";
import { FakeServer, opaqueOf } from "./fake.js";
import { open } from "./opening.js";
import { MemcachedServer } from "./servers.js";

vi.setConfig({ testTimeout: 20_000 });

const DUMP = "lru_crawler metadump hash";

const line = (name: string, exp = "-1"): string => `key=${name} exp=${exp} la=1 cas=1 fetch=no cls=1 size=70\n`;

/** A server that answers its listings in this order, and repeats the last answer. */
async function listed(...answers: readonly (string | undefined)[]): Promise<FakeServer> {
  let at = 0;
  return FakeServer.start((command) => {
    if (command === "stats") return "STAT time 1000\r\nEND\r\n";
    return command === DUMP ? (answers[Math.min(at++, answers.length - 1)] ?? "") : undefined;
  });
}

describe("A listing that the server refuses", () => {
  it.each([
    ["-X", ["-X"]],
    ["no_lru_crawler", ["-o", "no_lru_crawler"]],
  ])("rejects with NotSupportedError that names %s, and all else works", async (setting, extra) => {
    const { client } = await open((await MemcachedServer.start(extra)).address);
    await client.set("key", "1");
    for (const call of [client.keys(), client.clear()]) {
      const error = await rejection(call);
      expect(error).toBeInstanceOf(NotSupportedError);
      expect(error.message).toContain(setting);
    }
    expect(await client.find("key")).toBe("1");
  });

  it.each(["ERROR\r\n", "CLIENT_ERROR what secret\r\n", "SERVER_ERROR out of memory\r\n"])(
    "rejects with DriverError when the server answers %j",
    async (answer) => {
      const { client } = await open((await listed(answer)).address);
      const error = await rejection(client.keys());
      expect(error).toBeInstanceOf(DriverError);
      expect(error.message).not.toContain("secret");
    },
  );

  it.each([
    "BUSY currently processing crawler request\r\n",
    "OK\r\nERROR locked try again later\r\n",
    "what?\r\n",
    "ERROR Too many open connections\r\n",
  ])("is tried again when the server answers %j", async (answer) => {
    const fake = await listed(answer, answer, `${line("app%3Ausers%3Aa")}END\r\n`);
    const { client } = await open(fake.address);
    expect(await client.keys()).toEqual(["a"]);
    expect(fake.lines.filter((each) => each === DUMP)).toHaveLength(3);
  });

  it("rejects with UnavailableError when the server is busy for longer than the timeout", async () => {
    const { client } = await open({ servers: (await listed("BUSY\r\n")).address, timeout: 500 });
    const { error, took } = await settled(client.keys(), 3_000);
    expect(error).toBeInstanceOf(UnavailableError);
    expect(took).toBeGreaterThan(490);
  });
});

describe("A listing", () => {
  it("rejects with TimeoutError when the server is silent for the timeout", async () => {
    const { client } = await open({ servers: (await listed(line("app%3Ausers%3Aa"))).address, timeout: 500 });
    const { error, took } = await settled(client.keys(), 3_000);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(took).toBeGreaterThan(490);
  });

  it.each([
    ["falls silent", line("app%3Ausers%3Aa")],
    ["finds the server busy", "BUSY\r\n"],
  ])("that %s fails those that wait for it, and later ones are tried anew", async (_, first) => {
    const answers = [first];
    const fake = await FakeServer.start((command) => {
      if (command === "stats") return "STAT time 1000\r\nEND\r\n";
      return command === DUMP ? answers[0] : undefined;
    });
    const { client } = await open({ servers: fake.address, timeout: 1_000 });
    const queued = [1, 2, 3].map(() => settled(client.keys(), 5_000));
    const failed = await Promise.all(queued);
    for (const { error, took } of failed) {
      expect(error).toBeInstanceOf(NamestoreError);
      expect(took).toBeGreaterThan(990);
      // One after the other, the last two would take two and three timeouts.
      expect(took).toBeLessThan(1_950);
    }
    answers[0] = `${line("app%3Ausers%3Aa")}END\r\n`;
    expect(await Promise.all([client.keys(), client.keys()])).toEqual([["a"], ["a"]]);
  });

  it("counts as one call until it settles, and so does clear", async () => {
    const fake = await listed(undefined);
    const { client } = await open({ servers: fake.address, timeout: 1_000, maxPending: 2 });
    const calls = [rejection(client.keys()), rejection(client.clear())];
    await eventually("a listing", () => fake.lines.includes(DUMP));
    expect(await rejection(client.find("a"))).toMatchObject({
      message: expect.stringContaining("2 calls are already pending"),
    });
    await Promise.all(calls);
    const later = [rejection(client.find("a")), rejection(client.find("a"))];
    for (const error of await Promise.all(later)) expect(error.message).not.toContain("pending");
  });

  it("is not sent when its question for the time cannot be sent in time", async () => {
    const fake = await FakeServer.start((command, socket) => {
      if (command.startsWith("mg")) setTimeout(() => socket.write(`EN ${opaqueOf(command)}\r\n`), 1_700);
      return undefined;
    }, 500);
    const { client } = await open({ servers: fake.address, timeout: 2_000 });
    const behind = rejection(client.getSet("a", "1"));
    const { error } = await settled(client.keys(), 3_000);
    expect(error).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
    await behind;
    expect(fake.lines.map((each) => each.slice(0, 2))).toEqual(["mg"]);
  });

  it("may take longer than the timeout while bytes keep arriving", async () => {
    const fake = await FakeServer.start((command, socket) => {
      if (command === "stats") return "STAT time 1000\r\nEND\r\n";
      if (command !== DUMP) return undefined;
      let count = 0;
      const timer = setInterval(() => {
        socket.write(++count === 8 ? "END\r\n" : line(`app%3Ausers%3A${count}`));
        if (count === 8) clearInterval(timer);
      }, 200);
      return "";
    });
    const { client } = await open({ servers: fake.address, timeout: 1_000 });
    expect(await client.keys()).toHaveLength(7);
  });

  it("starts again when its connection is lost", async () => {
    const server = await MemcachedServer.start();
    const proxy = await FaultProxy.to(server);
    const { client } = await open(proxy.address);
    const keys = Array.from({ length: 2_000 }, (_, at) => `key ${at}`);
    await client.mSet(keys.map((key) => [key, "1"]));
    const cut = cutAfter(30_000);
    const onlyDumps: Tap = (chunk, forward, connection) =>
      chunk.includes("key=") ? cut(chunk, forward, connection) : forward(chunk);
    proxy.reply = onlyDumps;
    expect(new Set(await client.keys())).toEqual(new Set(keys));
    expect(proxy.sent(DUMP)).toBe(2);
    await client.clear();
    expect(await client.keys()).toEqual([]);
  });

  it("sees every write made before it, and clear removes them all", async () => {
    const { client } = await open((await MemcachedServer.start()).address);
    const calls: Promise<unknown>[] = Array.from({ length: 20 }, (_, at) =>
      at % 2 ? client.incr(`key ${at}`) : client.set(`key ${at}`, "1"),
    );
    for (let count = 0; count < 30; count++) calls.push(client.incr("busy"));
    calls.push(client.delete("busy").then(() => {}));
    const listing = client.keys();
    await Promise.all(calls);
    expect(await listing).toHaveLength(20);
    const more = Array.from({ length: 20 }, (_, at) =>
      at % 2 ? client.getSet(`key ${at}`, "2") : client.incr(`key ${at}`),
    );
    await client.clear();
    await Promise.all(more);
    expect(await client.keys()).toEqual([]);
  });

  it("starts again when it is reset, and leaves out an empty key", async () => {
    let dumps = 0;
    const fake = await FakeServer.start((command, socket) => {
      if (command === "stats") return "STAT time 1000\r\nEND\r\n";
      if (command !== DUMP) return undefined;
      if (++dumps === 1) socket.resetAndDestroy();
      return `${line("app%3Ausers%3A")}${line("app%3Ausers%3Aa")}END\r\n`;
    });
    const { client } = await open({ servers: fake.address, timeout: 500 });
    expect(await client.keys()).toEqual(["a"]);
    await client.clear().catch(() => {});
    expect(fake.lines.filter((each) => each.startsWith("md"))).toEqual([expect.stringMatching(/^md app:users:a O/)]);
  });

  it("reports the server and Node's error code when its connection is lost again and again", async () => {
    const fake = await FakeServer.start((command, socket) => {
      if (command === "stats") return "STAT time 1000\r\nEND\r\n";
      if (command === DUMP) socket.resetAndDestroy();
      return undefined;
    });
    const { client } = await open({ servers: fake.address, timeout: 500 });
    const message = `keys: ${fake.address}: the connection was lost during the listing (ECONNRESET)`;
    expect(await rejection(client.keys())).toMatchObject({ code: "ERR_UNAVAILABLE", message });
  });

  it("fails when the server answers the question for the time with another reply", async () => {
    const fake = await FakeServer.start((command) => (command === "stats" ? "HD\r\n" : undefined));
    const { client } = await open(fake.address);
    expect(await rejection(client.keys())).toBeInstanceOf(UnavailableError);
  });

  it("rejects with the reason of an abort, and when the driver closes", async () => {
    const silent = await listed(undefined);
    const { client, driver } = await open(silent.address);
    const abort = new AbortController();
    const reason = new Error("enough");
    const scan = (): AsyncIterator<readonly string[]> =>
      driver
        .scan("app:users:", { source: "*", prefix: "", matches: () => true }, { signal: abort.signal })
        [Symbol.asyncIterator]();
    const first = rejection(scan().next());
    const behind = rejection(scan().next());
    await eventually("a listing", () => silent.lines.includes(DUMP));
    abort.abort(reason);
    expect(await Promise.all([first, behind])).toEqual([reason, reason]);
    expect(silent.lines.filter((each) => each === DUMP)).toHaveLength(1);

    const listing = rejection<UnavailableError>(client.keys());
    const later = rejection<UnavailableError>(client.keys());
    await eventually("a listing", () => silent.lines.filter((each) => each === DUMP).length === 2);
    driver.close();
    expect((await settled(listing, 5_000)).value).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
    expect((await settled(later, 5_000)).value).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
  });

  it("leaves out keys that belong to another server by now, and clear removes them too", async () => {
    const servers = await Promise.all([1, 2].map(() => MemcachedServer.start()));
    const addresses = servers.map(({ address }) => address);
    const { client: before } = await open(addresses[0] as string);
    const keys = Array.from({ length: 40 }, (_, at) => `key${at}`);
    await before.mSet(keys.map((key) => [key, "old"]));
    const { client } = await open({ servers: addresses });
    const found = await client.mGet(keys);
    expect(found.size).toBeGreaterThan(0);
    expect(found.size).toBeLessThan(40);
    expect((await client.keys()).sort()).toEqual([...found.keys()].sort());
    await client.clear();
    expect(await before.keys()).toEqual([]);
  });

  it("reports that clear changed nothing when its listing fails", async () => {
    const { client } = await open({ servers: (await listed(undefined)).address, timeout: 500 });
    expect(await rejection(client.keys())).toMatchObject({ outcome: "unknown" });
    expect(await rejection(client.clear())).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
  });

  it("reports that clear has an unknown outcome when a fault cuts it short", async () => {
    const server = await MemcachedServer.start();
    const proxy = await FaultProxy.to(server);
    const { client } = await open({ servers: proxy.address, timeout: 2_000 });
    await client.mSet(Array.from({ length: 2_500 }, (_, at) => [`key${at}`, "1"]));
    proxy.request = (chunk, forward) => {
      // The second thousand gets no reply.
      if (proxy.sent("md app:users:") >= 1_000 && chunk.includes("md ")) return;
      forward(chunk);
    };
    expect(await rejection(client.clear())).toMatchObject({ code: "ERR_TIMEOUT", outcome: "unknown" });
  });
});
