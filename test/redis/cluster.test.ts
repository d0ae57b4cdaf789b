import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type DriverError, UnavailableError } from "../../src/errors.js";
import { slotOf } from "../../src/redis/commands/slot.js";
import { RedisDriver } from "../../src/redis/index.js";
import { LONG_TIMEOUT, PATIENCE, RECOVERY } from "../network/connecting.js";
import { freePort } from "../support/free-port.js";
import type { Texts } from "../support/load.js";
import { isSettled, rejection } from "../support/promises.js";
import { eventually, settled } from "../support/waiting.js";
import { type Answers, FakeServer } from "./fake.js";
import { over } from "./opening.js";

vi.setConfig({ testTimeout: 60_000 });

/** The timeout of calls in tests about nodes that do not reply, in milliseconds. */
const TIMEOUT = 1_000;

/** A range of CLUSTER SLOTS. */
interface Range {
  readonly from: number;
  readonly to: number;
  readonly host?: string | null;
  readonly port: number;
}

function slots(ranges: readonly Range[]): string {
  const bulk = (text: string | null): string => (text === null ? "$-1\r\n" : `$${text.length}\r\n${text}\r\n`);
  const lines = ranges.map(
    ({ from, to, host = "127.0.0.1", port }) =>
      `*3\r\n:${from}\r\n:${to}\r\n*3\r\n${bulk(host)}:${port}\r\n${bulk("id")}`,
  );
  return `*${ranges.length}\r\n${lines.join("")}`;
}

/** Every slot on one port. */
const all = (port: number): string => slots([{ from: 0, to: 16_383, port }]);

const commands = (server: FakeServer, name: string): string[][] => server.commands.filter(([each]) => each === name);

/** A node that replies with this slot map, and to other commands as a test says. */
async function node(map: () => string, answers: Answers = () => "$1\r\n1\r\n"): Promise<FakeServer> {
  return await FakeServer.start((command, socket) => {
    if (command[0] === "CLUSTER") return map();
    if (/^(HELLO|CLIENT)$/.test(command[0] as string)) return undefined;
    return answers(command, socket);
  });
}

async function open(...nodes: readonly FakeServer[]): Promise<Texts> {
  return over(await connected(LONG_TIMEOUT, ...nodes));
}

async function connected(timeout: number, ...nodes: readonly FakeServer[]): Promise<RedisDriver> {
  const driver = await RedisDriver.connect({ cluster: nodes.map(({ address }) => address), timeout });
  onTestFinished(() => driver.close());
  return driver;
}

const READ = /^(GET|MGET)$/;
const found = ([name]: readonly string[], value: string): string =>
  `${name === "MGET" ? "*1\r\n" : ""}$${value.length}\r\n${value}\r\n`;

describe("a Cluster's driver", () => {
  it.each([
    ["to a node that the slot map names, and remembers it", false],
    ["to a node that no slot map has named yet", true],
  ])("follows MOVED %s", async (_, late) => {
    let map = "";
    const there = await node(
      () => map,
      (command) => found(command, "there"),
    );
    const here = await node(
      () => map,
      (command) => {
        if (!READ.test(command[0] as string)) return undefined;
        if (!late) map = all(there.port);
        return `-MOVED ${slotOf("app:users:a")} ${there.address}\r\n`;
      },
    );
    map = all(here.port);
    const client = await open(here);
    expect(await client.find("a")).toBe("there");
    map = all(there.port);
    await eventually("the slot map", async () => {
      const asked = here.commands.filter(([name]) => READ.test(name as string)).length;
      expect(await client.find("a")).toBe("there");
      return here.commands.filter(([name]) => READ.test(name as string)).length === asked;
    });
  });

  it("follows ASK once, with ASKING", async () => {
    const there = await node(
      () => all(here.port),
      (command) => (command[0] === "ASKING" ? "+OK\r\n" : found(command, "there")),
    );
    const here: FakeServer = await node(
      () => all(here.port),
      (command) => (READ.test(command[0] as string) ? `-ASK ${slotOf("app:users:a")} ${there.address}\r\n` : undefined),
    );
    const client = await open(here);
    for (let round = 1; round <= 2; round++) {
      expect(await client.find("a")).toBe("there");
      expect(commands(there, "ASKING")).toHaveLength(round);
    }
    expect(there.commands[0]).toEqual(["ASKING"]);
  });

  it("keeps the order of calls about one key while its slot moves away from a node that is slow, but replies", async () => {
    let moved = false;
    const map = (): string => all(moved ? there.port : here.port);
    const there: FakeServer = await node(map, () => "+OK\r\n");
    const here: FakeServer = await FakeServer.start(([name], socket) => {
      if (name !== "SET" && name !== "CLUSTER") return undefined;
      const reply =
        name === "CLUSTER" ? map() : moved ? `-MOVED ${slotOf("app:users:a")} ${there.address}\r\n` : "+OK\r\n";
      setTimeout(() => socket.write(reply), 400);
      return "";
    });
    const client = over(await connected(20_000, here));
    await client.set("a", "0");
    moved = true;
    const calls: Promise<void>[] = [];
    for (let at = 1; at <= 40; at++) {
      calls.push(client.set("a", String(at)));
      await sleep(20);
    }
    await Promise.all(calls);
    const values = commands(there, "SET").map(([, , value]) => Number(value));
    expect(values).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
  });

  it("rejects a call, not applied, when nodes redirect it in a circle", async () => {
    const slot = slotOf("app:users:a");
    let other = "";
    const elsewhere: Answers = ([name]) => (READ.test(name as string) ? `-MOVED ${slot} ${other}\r\n` : undefined);
    const here: FakeServer = await node(() => all(here.port), elsewhere);
    const there = await node(
      () => all(here.port),
      ([name]) => (READ.test(name as string) ? `-MOVED ${slot} ${here.address}\r\n` : undefined),
    );
    other = there.address;
    const client = await open(here);
    expect(await rejection(client.find("a"))).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    const reads = [...here.commands, ...there.commands].filter(([name]) => READ.test(name as string));
    expect(reads.length).toBeLessThan(20);
  });

  it("reconnects to a node that redirects to itself, and sends the call again", async () => {
    let connections = 0;
    const here: FakeServer = await node(
      () => all(here.port),
      (command, socket) => {
        if (!READ.test(command[0] as string)) return undefined;
        // Each connection may lead to another machine of the same name.
        if (!("counted" in socket)) Object.assign(socket, { counted: ++connections });
        return connections < 3 ? `-MOVED ${slotOf("app:users:a")} ${here.address}\r\n` : found(command, "here");
      },
    );
    const client = over(await connected(LONG_TIMEOUT, here));
    expect(await client.find("a")).toBe("here");
    expect(connections).toBe(3);
  });

  it("rejects a call in time, not applied, when a node keeps redirecting to itself", async () => {
    const here: FakeServer = await node(
      () => all(here.port),
      ([name]) => (READ.test(name as string) ? `-MOVED ${slotOf("app:users:a")} ${here.address}\r\n` : undefined),
    );
    const client = over(await connected(TIMEOUT, here));
    expect(await rejection(client.find("a"))).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
    expect(here.commands.filter(([name]) => READ.test(name as string)).length).toBeLessThan(20);
  });

  it.each(["", "?"])("reads the host %j of a redirect as the host of the node that sent it", async (host) => {
    for (const [prefix, asking] of [
      ["MOVED", 0],
      ["ASK", 1],
    ] as const) {
      const there = await node(
        () => all(here.port),
        (command) => found(command, "there"),
      );
      const here: FakeServer = await node(
        () => all(here.port),
        ([name]) =>
          READ.test(name as string) ? `-${prefix} ${slotOf("app:users:a")} ${host}:${there.port}\r\n` : undefined,
      );
      const client = await open(here);
      expect(await client.find("a")).toBe("there");
      expect(commands(there, "ASKING")).toHaveLength(asking);
    }
  });

  it("reads the slot map from another node after one has refused to serve", async () => {
    let refuses = true;
    const there = await node(
      () => all(there.port),
      (command) => found(command, "there"),
    );
    // It is cut off from the others: by its slot map it serves nearly every slot, and it refuses.
    const here: FakeServer = await node(
      () =>
        slots([
          { from: 0, to: 16_382, port: here.port },
          { from: 16_383, to: 16_383, port: there.port },
        ]),
      ([name]) => (refuses && READ.test(name as string) ? "-CLUSTERDOWN Hash slot not served\r\n" : undefined),
    );
    const client = await open(here);
    expect(await rejection(client.find("a"))).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    await eventually("the slot map of the other node", async () => (await client.find("a")) === "there");
    refuses = false;
    expect(await client.find("b")).toBe("there");
  });

  it("refuses calls about a slot that no node serves, not applied, and reads the slot map again", async () => {
    let half = true;
    const here: FakeServer = await node(
      () => slots(half ? [{ from: 0, to: 1, port: here.port }] : [{ from: 0, to: 16_383, port: here.port }]),
      (command) => found(command, "found"),
    );
    const client = await open(here);
    const error = await rejection<UnavailableError>(client.find("a"));
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error.outcome).toBe("not-applied");
    half = false;
    await eventually("the slot", async () => (await client.find("a")) === "found", RECOVERY);
  });

  it("uses the host of the node that it asked if a slot map names none", async () => {
    for (const host of ["", null, "?"]) {
      const here: FakeServer = await node(
        () => slots([{ from: 0, to: 16_383, host, port: here.port }]),
        (command) => found(command, "found"),
      );
      expect(await (await open(here)).find("a")).toBe("found");
    }
  });

  it("keeps its slot map when it reads a garbled one, or none", async () => {
    let map: string | undefined;
    let down = false;
    const here: FakeServer = await node(
      () => map ?? all(here.port),
      (command) => (down ? "-CLUSTERDOWN The cluster is down\r\n" : found(command, "found")),
    );
    const client = await open(here);
    for (const garbled of [
      "+OK\r\n",
      ":1\r\n",
      "$-1\r\n",
      "*1\r\n*1\r\n:1\r\n",
      "-ERR unknown command\r\n",
      "*1\r\n:1\r\n",
    ]) {
      map = garbled;
      down = true;
      const asked = commands(here, "CLUSTER").length;
      expect(await rejection(client.find("a"))).toMatchObject({ code: "ERR_UNAVAILABLE" });
      await eventually("another reading", () => commands(here, "CLUSTER").length > asked);
      down = false;
      // A connection that sent such a map is out of step, and replaced.
      await eventually(garbled, async () => (await client.find("a")) === "found", RECOVERY);
    }
  });

  it("reads the slot map from another node when one does not reply", async () => {
    let silent = false;
    const away = await node(
      () => all(away.port),
      (command) => found(command, "away"),
    );
    const here: FakeServer = await FakeServer.start((command) => {
      if (silent) return "";
      if (command[0] === "CLUSTER") {
        return slots([
          { from: 0, to: 8_191, port: here.port },
          { from: 8_192, to: 16_383, port: away.port },
        ]);
      }
      return READ.test(command[0] as string) ? found(command, "here") : undefined;
    });
    const client = over(await connected(TIMEOUT, here, away));
    const key = Array.from({ length: 100 }, (_, at) => `key ${at}`).find(
      (each) => slotOf(`app:users:${each}`) < 8_192,
    ) as string;
    expect(await client.find(key)).toBe("here");
    silent = true;
    const stuck = rejection(client.find(key));
    await eventually("the other node", async () => (await client.find(key).catch(() => "")) === "away", RECOVERY);
    expect(await stuck).toMatchObject({ outcome: "unknown" });
  });

  it("sends a call that waits for a lost node to the node that serves its slot by then", async () => {
    const second: FakeServer = await node(
      () => all(second.port),
      (command) => found(command, "second"),
    );
    const first: FakeServer = await node(
      () => all(first.port),
      (command) => found(command, "first"),
    );
    const client = await open(first, second);
    expect(await client.find("a")).toBe("first");
    first.close();
    await eventually("the second node", async () => (await client.find("a").catch(() => "")) === "second", RECOVERY);
    expect(await Promise.all([client.find("a"), client.find("b")])).toEqual(["second", "second"]);
  });

  it("closes the connection to a node that no longer serves a slot", async () => {
    let map = "";
    let moved = false;
    const second: FakeServer = await node(
      () => map,
      (command) => found(command, "second"),
    );
    const first: FakeServer = await node(
      () => map,
      (command) => (moved ? `-MOVED ${slotOf("app:users:a")} ${second.address}\r\n` : found(command, "first")),
    );
    map = all(first.port);
    // The connection is closed once a timeout is over.
    const client = over(await connected(TIMEOUT, first));
    expect(await client.find("a")).toBe("first");
    moved = true;
    map = all(second.port);
    expect(await client.find("a")).toBe("second");
    await eventually("no connection", () => first.connections === 0);
    expect(await client.find("a")).toBe("second");
  });

  it("rejects a call of several slots as unknown unless each of its parts was refused", async () => {
    const [low, high] = [8_191, 8_192];
    const keys = Array.from({ length: 100 }, (_, at) => `key ${at}`);
    const first = keys.find((key) => slotOf(`app:users:${key}`) <= low) as string;
    const second = keys.find((key) => slotOf(`app:users:${key}`) >= high) as string;
    let silent = true;
    const map = (): string =>
      slots([
        { from: 0, to: low, port: here.port },
        { from: high, to: 16_383, port: away.port },
      ]);
    const here: FakeServer = await node(map, () => "-NOPERM this user has no permissions\r\n");
    const away: FakeServer = await node(map, () => (silent ? "" : "-NOPERM this user has no permissions\r\n"));
    const client = over(await connected(TIMEOUT, here));
    expect(await rejection(client.mSet({ [first]: "1", [second]: "1" }))).toMatchObject({ outcome: "unknown" });
    silent = false;
    await eventually("refusals", async () => {
      const error = await rejection<DriverError>(client.mSet({ [first]: "1", [second]: "1" }));
      return error.code === "ERR_DRIVER" && error.outcome === "not-applied";
    });
  });

  it("asks no other node for the slot map once it is closed", async () => {
    let silent = false;
    const here: FakeServer = await FakeServer.start(([name]) =>
      name === "CLUSTER" ? (silent ? "" : all(here.port)) : silent ? "-CLUSTERDOWN The cluster is down\r\n" : undefined,
    );
    const other = await node(() => all(other.port));
    const driver = await RedisDriver.connect({ cluster: [here.address, other.address], timeout: LONG_TIMEOUT });
    silent = true;
    await rejection(over(driver).find("a"));
    await eventually("a reading of the slot map", () => commands(here, "CLUSTER").length > 1);
    driver.close();
    await eventually("no connection", () => here.connections === 0 && other.connections === 0);
    expect(commands(other, "CLUSTER")).toEqual([]);
  });

  it("sends calls to its first node until it has read a slot map, if it is lazy", async () => {
    let known = false;
    const there = await node(
      () => all(there.port),
      (command) => found(command, "there"),
    );
    const here: FakeServer = await node(
      () => (known ? all(there.port) : "*0\r\n"),
      ([name]) => (READ.test(name as string) ? `-MOVED ${slotOf("app:users:a")} ${there.address}\r\n` : undefined),
    );
    const driver = await RedisDriver.connect({ cluster: [here.address], timeout: LONG_TIMEOUT, lazy: true });
    onTestFinished(() => driver.close());
    const client = over(driver);
    expect(await client.find("a")).toBe("there");
    known = true;
    expect(await client.find("a")).toBe("there");
  });

  it("reads no slot map for calls that it refuses because it is closed", async () => {
    const here: FakeServer = await node(() => slots([{ from: 0, to: 1, port: here.port }]));
    const driver = await connected(LONG_TIMEOUT, here);
    const asked = commands(here, "CLUSTER").length;
    const call = rejection(over(driver).find("a"));
    driver.close();
    expect(await call).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    await eventually("no connection", () => here.connections === 0);
    expect(commands(here, "CLUSTER")).toHaveLength(asked);
  });

  it("shows the address of a node that a redirect named only once a slot map names it", async () => {
    let map = "";
    const there = await node(
      () => map,
      ([name], socket) => {
        if (READ.test(name as string)) socket.destroy();
        return undefined;
      },
    );
    const here: FakeServer = await node(
      () => map,
      ([name]) => (READ.test(name as string) ? `-MOVED ${slotOf("app:users:a")} ${there.address}\r\n` : undefined),
    );
    map = all(here.port);
    const client = await open(here);
    const lost = "the connection was lost before the reply came";
    expect((await rejection(client.find("a"))).message).toBe(`find "a": a node of the Cluster: ${lost}`);
    map = all(there.port);
    await eventually("the address", async () => {
      const { message } = await rejection(client.find("a"));
      return message === `find "a": ${there.address}: ${lost}`;
    });
  });

  it("counts a call of several slots once against maxPending, and sends nothing of one that it refuses", async () => {
    const [low, high] = [8_191, 8_192];
    const keys = Array.from({ length: 100 }, (_, at) => `key ${at}`);
    const first = keys.find((key) => slotOf(`app:users:${key}`) <= low) as string;
    const second = keys.find((key) => slotOf(`app:users:${key}`) >= high) as string;
    const map = (): string =>
      slots([
        { from: 0, to: low, port: here.port },
        { from: high, to: 16_383, port: away.port },
      ]);
    let reply: (() => void) | undefined;
    const here: FakeServer = await node(map, (command, socket) => {
      if (!READ.test(command[0] as string)) return "+OK\r\n";
      reply = () => socket.write(found(command, "held"));
      return undefined;
    });
    const away: FakeServer = await node(map, () => "+OK\r\n");
    const driver = await RedisDriver.connect({ cluster: [here.address], timeout: LONG_TIMEOUT, maxPending: 1 });
    onTestFinished(() => driver.close());
    const client = over(driver);
    const held = client.find(first);
    const entries = { [first]: "1", [second]: "1" };
    const message = expect.stringContaining("1 calls are already pending");
    expect(await rejection(client.mSet(entries))).toMatchObject({ outcome: "not-applied", message });
    await eventually("the command", () => reply !== undefined);
    reply?.();
    expect(await held).toBe("held");
    expect([...commands(here, "SET"), ...commands(away, "SET")]).toEqual([]);
    await client.mSet(entries);
    expect([commands(here, "SET"), commands(away, "SET")].map(({ length }) => length)).toEqual([1, 1]);
  });

  it("fails to connect when no node answers, and names all of them", async () => {
    const nodes = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const error = await rejection<UnavailableError>(RedisDriver.connect({ cluster: nodes, timeout: 10_000 }));
    expect(error).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    for (const part of [...nodes, "ECONNREFUSED"]) expect(error.message).toContain(part);
  });
});

describe("calls about one key while its slot moves", () => {
  /** A node that holds each `set` of "a" back until the test has it refused, and another node that executes it. */
  async function moving() {
    const held: (() => void)[] = [];
    let moved = false;
    const map = (): string =>
      slots([
        { from: 0, to: 0, port: spare },
        { from: 1, to: 8_191, port: there.port },
        { from: 8_192, to: 16_383, port: moved ? there.port : here.port },
      ]);
    const third = await node(map);
    const spare = third.port;
    const there: FakeServer = await node(map, (command) =>
      READ.test(command[0] as string) ? found(command, "b") : "+OK\r\n",
    );
    const here: FakeServer = await node(map, ([, key], socket) => {
      held.push(() => socket.write(`-MOVED ${slotOf(key as string)} ${there.address}\r\n`));
      return undefined;
    });
    const driver = await connected(LONG_TIMEOUT, there, here);
    const client = over(driver);
    return {
      driver,
      client,
      /** Waits until the first node holds so many calls back. */
      kept: (count: number): Promise<unknown> => eventually("the request", () => held.length === count),
      /** Makes the first node refuse the oldest call that it holds back. */
      refuse(): void {
        moved = true;
        held.shift()?.();
      },
      /** Moves the slot in the slot map, and waits until the driver has read it. */
      async move(): Promise<void> {
        moved = true;
        const asked = commands(there, "CLUSTER").length;
        // After a lost connection the slot map is read again, from the first node.
        third.close();
        await eventually("a reading of the slot map", () => commands(there, "CLUSTER").length > asked);
        // Its reply comes after the slot map.
        await client.find("b");
      },
      /** The values that the second node has been sent. */
      async values(): Promise<(string | undefined)[]> {
        await client.find("b");
        return commands(there, "SET").map(([, , value]) => value);
      },
    };
  }

  it("keep their order when the first was sent on already", async () => {
    const { client, kept, refuse, values } = await moving();
    const first = client.set("a", "1");
    await kept(1);
    const second = client.set("a", "2");
    await kept(2);
    refuse();
    await first;
    const third = client.set("a", "3");
    expect(await values()).toEqual(["1"]);
    refuse();
    await Promise.all([second, third]);
    expect(await values()).toEqual(["1", "2", "3"]);
  });

  it("keep their order when the slot map is read while they are in flight", async () => {
    const { client, kept, refuse, move, values } = await moving();
    const first = client.set("a", "1");
    await kept(1);
    const second = client.set("a", "2");
    await kept(2);
    await move();
    const third = client.set("a", "3");
    expect(await values()).toEqual([]);
    refuse();
    refuse();
    await Promise.all([first, second, third]);
    expect(await values()).toEqual(["1", "2", "3"]);
  });

  it("do not wait for a node that is silent", async () => {
    const { client, kept, move, values } = await moving();
    const first = rejection(client.set("a", "1"));
    await kept(1);
    await move();
    expect((await settled(client.set("a", "2"), PATIENCE)).error).toBeUndefined();
    expect(await isSettled(first)).toBe(false);
    expect(await values()).toEqual(["2"]);
  });

  it("are rejected, not applied, if the driver is closed while they wait", async () => {
    const { driver, client, kept, move, values } = await moving();
    const first = rejection(client.set("a", "1"));
    await kept(1);
    await move();
    const second = rejection(client.set("a", "2"));
    expect(await values()).toEqual([]);
    driver.close();
    expect(await isSettled(second)).toBe(true);
    expect(await second).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    expect(await first).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
  });
});

describe("a lazy Cluster", () => {
  async function lazy(addresses: readonly string[], timeout: number): Promise<RedisDriver> {
    const driver = await RedisDriver.connect({ cluster: addresses, timeout, lazy: true, failFastAfter: false });
    onTestFinished(() => driver.close());
    return driver;
  }

  it("rejects listings and clear, not applied, while it has no slot map", async () => {
    const client = over(await lazy([`127.0.0.1:${await freePort()}`], 300));
    for (const call of [client.clear(), client.keys()]) {
      expect(await rejection(call)).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    }
  });

  it("waits for the slot map of whichever seed answers first", async () => {
    const there: FakeServer = await node(
      () => all(there.port),
      (command) => found(command, "there"),
    );
    const dead = await Promise.all([freePort(), freePort(), freePort()]);
    const addresses = [...dead.map((port) => `127.0.0.1:${port}`), there.address];
    const client = over(await lazy(addresses, 20_000));
    const start = performance.now();
    expect(await client.find("a")).toBe("there");
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  it("serves every slot once a seed is up, though redirects came before the slot map", async () => {
    const there: FakeServer = await node(
      () => all(there.port),
      (command) => found(command, "there"),
    );
    const seed = await node(
      () => "-ERR not yet\r\n",
      ([name, key]) => (READ.test(name as string) ? `-MOVED ${slotOf(key as string)} ${there.address}\r\n` : undefined),
    );
    const client = over(await lazy([seed.address], 20_000));
    expect(await Promise.all(["a", "b", "c"].map((key) => client.find(key)))).toEqual(["there", "there", "there"]);
    expect(await client.find("d")).toBe("there");
  });
});
