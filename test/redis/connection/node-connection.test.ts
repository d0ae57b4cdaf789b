import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { Batch } from "../../../src/redis/commands/batch.js";
import type { Argument } from "../../../src/redis/commands/replies.js";
import type { NodeClient } from "../../../src/redis/connection/node-client.js";
import { NodeConnection, type NodeConnectionOptions } from "../../../src/redis/connection/node-connection.js";
import { deferred, rejection, settle } from "../../support/promises.js";
import { eventually } from "../../support/waiting.js";
import { RAW } from "../raw.js";

/** A client of a node whose every reply the test gives. */
class FakeClient implements NodeClient {
  readonly sent: { command: Argument[]; reply(value: unknown): void; fail(error: unknown): void }[] = [];
  readonly connecting = deferred();
  /** What `destroy` throws, as older versions of node-redis do where there is nothing left to end. */
  complaint: Error | undefined;
  destroyed = false;
  #onError: (error: unknown) => void = () => {};

  connect(): Promise<unknown> {
    return this.connecting.promise;
  }

  sendCommand(command: Argument[]): Promise<unknown> {
    const { promise, resolve, reject } = deferred<unknown>();
    this.sent.push({ command, reply: resolve, fail: reject });
    return promise;
  }

  destroy(): void {
    this.destroyed = true;
    if (this.complaint !== undefined) throw this.complaint;
  }

  on(_: "error", listener: (error: unknown) => void): void {
    this.#onError = listener;
  }

  /** What node-redis does when a connection ends, or its parser meets garbage. */
  emitError(): void {
    this.#onError(new Error("Socket closed unexpectedly"));
  }

  names(): string[] {
    return this.sent.map(({ command }) => String(command[0]));
  }
}

function connection(options: Partial<NodeConnectionOptions> = {}): { node: NodeConnection; clients: FakeClient[] } {
  const clients: FakeClient[] = [];
  const node = new NodeConnection({
    name: "localhost:6379",
    timeout: 200,
    onRefused: () => false,
    create: () => {
      const client = new FakeClient();
      clients.push(client);
      client.connecting.resolve();
      return client;
    },
    ...options,
  });
  onTestFinished(() => node.close());
  return { node, clients };
}

/** Sends a command of one word; gives how it ends. */
function send(node: NodeConnection, word: string, within = 200, signal?: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = { keys: [], payload: [word], signal, resolve, reject };
    node.send(new Batch({ command: RAW, slot: 0, prefix: "", deadline: performance.now() + within }, [call]));
  });
}

const newest = (clients: FakeClient[]): FakeClient => clients.at(-1) as FakeClient;

describe("NodeConnection", () => {
  it("sends what it is given, and gives back what comes", async () => {
    const { node, clients } = connection();
    await node.connect();
    expect(node.connected).toBe(true);
    const [first, second] = [send(node, "A"), send(node, "B")];
    expect(newest(clients).names()).toEqual(["A", "B"]);
    newest(clients).sent[1]?.reply("b");
    newest(clients).sent[0]?.reply("a");
    expect(await Promise.all([first, second])).toEqual(["a", "b"]);
  });

  it("keeps what it is given before it is connected, and sends it in order", async () => {
    const client = new FakeClient();
    const { node } = connection({ create: () => client });
    node.start();
    const [first, second] = [send(node, "A"), send(node, "B")];
    expect(node.connected).toBe(false);
    expect(client.sent).toEqual([]);
    client.connecting.resolve();
    await eventually("both", () => client.sent.length === 2);
    for (const { reply } of client.sent) reply("done");
    expect(client.names()).toEqual(["A", "B"]);
    await Promise.all([first, second]);
  });

  it("does not send what was aborted while it waited", async () => {
    const client = new FakeClient();
    const { node } = connection({ create: () => client });
    node.start();
    const abort = new AbortController();
    const reason = new Error("no longer wanted");
    const aborted = rejection(send(node, "A", 200, abort.signal));
    const kept = send(node, "B");
    abort.abort(reason);
    client.connecting.resolve();
    await eventually("the other", () => client.sent.length === 1);
    expect(client.names()).toEqual(["B"]);
    expect(await aborted).toBe(reason);
    client.sent[0]?.reply("b");
    await kept;
  });

  it("fails to connect as its first attempt fails, and leaves no client behind", async () => {
    const client = new FakeClient();
    const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    const expected = { code: "ERR_UNAVAILABLE", message: "no connection to Redis (ECONNREFUSED)" };
    client.connecting.reject(refused);
    const { node } = connection({ create: () => client });
    expect(await rejection(node.connect())).toMatchObject(expected);
    expect(client.destroyed).toBe(true);
    const nowhere = connection({ create: () => Promise.reject(refused) });
    expect(await rejection(nowhere.node.connect())).toMatchObject(expected);
  });

  it("takes no harm from a client that throws where it is ended", async () => {
    const complaint = new Error("The client is closed");
    const make = (): FakeClient => Object.assign(new FakeClient(), { complaint });
    const failing = make();
    const refused = new Error("refused");
    failing.connecting.reject(refused);
    expect(await rejection(connection({ create: () => failing }).node.connect())).toMatchObject({
      code: "ERR_UNAVAILABLE",
    });

    const late = make();
    const slow = connection({ create: () => late, timeout: 20 });
    expect(await rejection(slow.node.connect())).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
    late.connecting.resolve();
    await settle();

    const there = make();
    there.connecting.resolve();
    const { node } = connection({ create: () => there });
    await node.connect();
    const call = rejection(send(node, "A"));
    expect(() => node.close()).not.toThrow();
    expect(await call).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });

    const half = make();
    const opening = connection({ create: () => half });
    const connecting = rejection(opening.node.connect());
    await settle();
    expect(() => opening.node.close()).not.toThrow();
    half.connecting.resolve();
    expect(await connecting).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    expect([failing, late, there, half].map(({ destroyed }) => destroyed)).toEqual([true, true, true, true]);
  });

  it("fails to connect where the handshake is garbled, or takes too long", async () => {
    const garbled = new FakeClient();
    const { node } = connection({ create: () => garbled });
    const connecting = rejection(node.connect());
    await sleep(1);
    garbled.emitError();
    garbled.connecting.resolve();
    expect(await connecting).toMatchObject({ code: "ERR_UNAVAILABLE" });
    const silent = new FakeClient();
    const other = connection({ create: () => silent, timeout: 20 });
    expect(await rejection(other.node.connect())).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
    expect([garbled.destroyed, silent.destroyed]).toEqual([true, true]);
  });

  it("tries for ever in the background, with growing pauses", async () => {
    let attempts = 0;
    const client = new FakeClient();
    client.connecting.resolve();
    const { node } = connection({
      create: () => {
        if (++attempts < 4) throw new Error("refused");
        return client;
      },
    });
    const start = performance.now();
    const call = send(node.start(), "A", 2_000);
    await eventually("a connection", () => node.connected);
    expect(attempts).toBe(4);
    // 20, 40 and 80 ms, less a quarter.
    expect(performance.now() - start).toBeGreaterThan(100);
    client.sent[0]?.reply("a");
    expect(await call).toBe("a");
  });

  it("tries again where a connection ends as soon as it is made", async () => {
    const { node, clients } = connection({
      create: () => {
        const client = new FakeClient();
        client.connecting.resolve();
        if (clients.push(client) === 1) {
          const first = client.sendCommand.bind(client);
          client.sendCommand = (command) => {
            const reply = first(command);
            client.emitError();
            return reply;
          };
        }
        return client;
      },
    });
    node.start();
    const [first, second] = [rejection(send(node, "A", 100)), send(node, "B")];
    await eventually("another connection", () => clients.length === 2 && node.connected);
    expect(await first).toMatchObject({ outcome: "unknown" });
    expect(clients.map((client) => client.names())).toEqual([["A"], ["B"]]);
    newest(clients).sent[0]?.reply("b");
    expect(await second).toBe("b");
  });

  it("tells what was in flight when its connection is lost, and sends it no more", async () => {
    let lost = 0;
    const { node, clients } = connection({ onLost: () => lost++ });
    await node.connect();
    const calls = [rejection(send(node, "A")), rejection(send(node, "B"))];
    newest(clients).emitError();
    for (const call of calls) expect(await call).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
    await eventually("another connection", () => clients.length === 2 && node.connected);
    expect(clients[0]?.destroyed).toBe(true);
    expect(newest(clients).sent).toEqual([]);
    expect(lost).toBe(1);
    expect(node.epoch).toBe(2);
    // Whatever the old client still says is nobody's.
    clients[0]?.sent[0]?.reply("late");
    clients[0]?.emitError();
    expect(node.connected).toBe(true);
    expect(lost).toBe(1);
  });

  it("drops a connection on which a reply is too late, and its neighbours with it", async () => {
    const { node, clients } = connection();
    await node.connect();
    const first = rejection(send(node, "A", 50));
    const second = rejection(send(node, "B", 5_000));
    expect(await first).toMatchObject({ code: "ERR_TIMEOUT", outcome: "unknown" });
    expect(await second).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
    await eventually("another connection", () => clients.length === 2 && node.connected);
    expect(clients[0]?.destroyed).toBe(true);
    clients[0]?.sent[0]?.reply("late");
    clients[0]?.sent[1]?.fail(new Error("late"));
  });

  it("tells what waits for a connection at its deadline, not applied, and keeps the rest", async () => {
    const client = new FakeClient();
    const { node } = connection({ create: () => client, timeout: 5_000 });
    node.start();
    const first = rejection(send(node, "A", 30));
    const second = send(node, "B", 5_000);
    expect(await first).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
    client.connecting.resolve();
    await eventually("the other", () => client.sent.length === 1);
    expect(client.names()).toEqual(["B"]);
    client.sent[0]?.reply("b");
    await second;
  });

  it("sends, once it is connected, only what has the time for a reply: as long as connecting took", async () => {
    const client = new FakeClient();
    const { node } = connection({ create: () => client, timeout: 5_000 });
    node.start();
    const short = rejection(send(node, "A", 200));
    const long = send(node, "B", 5_000);
    await sleep(130);
    client.connecting.resolve();
    await eventually("the other", () => client.sent.length > 0);
    expect(client.names()).toEqual(["B"]);
    expect(await short).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
    client.sent[0]?.reply("b");
    expect(await long).toBe("b");
  });

  it("tells that nothing was applied where the client cannot encode a command", async () => {
    const { node, clients } = connection();
    await node.connect();
    const call = rejection(send(node, "A"));
    newest(clients).sent[0]?.fail(new RangeError("Invalid string length"));
    expect(await call).toMatchObject({ code: "ERR_DRIVER", outcome: "not-applied" });
  });

  it("holds no call past its deadline, though those before it have later ones", async () => {
    const { node, clients } = connection();
    await node.connect();
    const late = rejection(send(node, "A", 3_000));
    const start = performance.now();
    expect(await rejection(send(node, "B", 50))).toMatchObject({ code: "ERR_TIMEOUT" });
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(await late).toMatchObject({ code: "ERR_UNAVAILABLE" });
    expect(clients[0]?.destroyed).toBe(true);
  });

  it("asks before what is asked for, where it must", async () => {
    const { node, clients } = connection();
    await node.connect();
    const call = { keys: [], payload: ["A"], signal: undefined, resolve() {}, reject() {} };
    const deadline = performance.now() + 200;
    node.send(new Batch({ command: RAW, slot: 0, prefix: "", deadline }, [call]), { asking: true });
    expect(newest(clients).names()).toEqual(["ASKING", "A"]);
    newest(clients).sent[0]?.fail(new Error("of no interest"));
    newest(clients).sent[1]?.reply("a");
  });

  it("gives back what it has not sent, once", async () => {
    const client = new FakeClient();
    const { node } = connection({ create: () => client });
    node.start();
    void send(node, "A").catch(() => {});
    void send(node, "B").catch(() => {});
    expect(node.takeUnsent(() => true)).toHaveLength(2);
    expect(node.takeUnsent(() => true)).toHaveLength(0);
    client.connecting.resolve();
    await eventually("a connection", () => node.connected);
    expect(client.sent).toEqual([]);
  });

  it("is stalled where a reply is missing, or a connection", async () => {
    const { node, clients } = connection({ timeout: 5_000 });
    expect(node.silence).toBe(Number.POSITIVE_INFINITY);
    await node.connect();
    expect(node.silence).toBeLessThan(1_000);
    const call = send(node, "A", 5_000);
    expect(node.silence).toBeLessThan(1_000);
    await eventually("a stall", () => node.silence > 10);
    newest(clients).sent[0]?.reply("a");
    await call;
    expect(node.silence).toBeLessThan(1_000);
  });

  it("renews its connection when it is told to", async () => {
    const { node, clients } = connection();
    await node.connect();
    const call = rejection(send(node, "A"));
    node.renew();
    expect(await call).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
    await eventually("another connection", () => clients.length === 2 && node.connected);
  });

  it("probes a connection on which nothing happens, and none on which something does", async () => {
    const { node, clients } = connection({ timeout: 40 });
    await node.connect();
    await eventually("a probe", () => newest(clients).names().includes("PING"));
    newest(clients).sent[0]?.reply("PONG");
    const client = newest(clients);
    const before = client.sent.length;
    for (let round = 0; round < 20; round++) {
      const call = send(node, "A");
      newest(clients).sent.at(-1)?.reply("a");
      await call;
      await sleep(5);
    }
    expect(clients).toHaveLength(1);
    expect(client.names().slice(before)).not.toContain("PING");
  });

  it("drops a connection whose probe is not answered", async () => {
    const { node, clients } = connection({ timeout: 30 });
    await node.connect();
    await eventually("another connection", () => clients.length >= 2 && node.connected, 2_000);
    expect(clients[0]?.names()).toEqual(["PING"]);
  });

  describe("once it is closed", () => {
    it("tells everything, and refuses what comes", async () => {
      const { node, clients } = connection();
      await node.connect();
      const sent = rejection(send(node, "A"));
      node.close();
      node.close();
      expect(await sent).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
      expect(await rejection(send(node, "B"))).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
      expect(newest(clients).destroyed).toBe(true);
      await sleep(30);
      expect(clients).toHaveLength(1);
    });

    it("tells what waited, not applied", async () => {
      const { node } = connection({ create: () => new FakeClient() });
      node.start();
      const waiting = rejection(send(node, "A"));
      node.close();
      expect(await waiting).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    });

    it("drops the connection that it was making", async () => {
      const client = new FakeClient();
      const { node } = connection({ create: () => client });
      const connecting = rejection(node.connect());
      await sleep(1);
      node.close();
      client.connecting.resolve();
      expect(await connecting).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
      expect(client.destroyed).toBe(true);
    });

    it("makes no connection for an address that comes too late", async () => {
      const found = deferred<NodeClient>();
      const client = new FakeClient();
      client.connecting.resolve();
      const { node } = connection({ create: () => found.promise });
      node.start();
      node.close();
      found.resolve(client);
      await eventually("the end of it", () => client.destroyed);
      expect(node.connected).toBe(false);
    });

    it("ends the pause before its next attempt", async () => {
      let attempts = 0;
      const { node } = connection({
        create: () => {
          attempts++;
          throw new Error("refused");
        },
      });
      node.start();
      await eventually("some attempts", () => attempts >= 3);
      const timers = (): number => process.getActiveResourcesInfo().filter((each) => each === "Timeout").length;
      const before = timers();
      node.close();
      expect(timers()).toBeLessThan(before);
      const made = attempts;
      await sleep(200);
      expect(attempts).toBe(made);
    });
  });

  it("that is idle is asked for a sign of life, and made anew where the sign is none", async () => {
    const { node, clients } = connection();
    await node.connect();
    const [first] = clients as [FakeClient];
    await eventually("a PING", () => first.names().join() === "PING");
    first.sent[0]?.reply("PONG");
    await eventually("another PING", () => first.names().join() === "PING,PING");
    expect(clients).toHaveLength(1);
    first.sent[1]?.reply("OK");
    await eventually("another connection", () => clients.length === 2 && node.connected);
    expect(first.destroyed).toBe(true);
  });
});
