import { describe, expect, it, onTestFinished } from "vitest";
import { Batch } from "../../../src/redis/commands/batch.js";
import type { Command } from "../../../src/redis/commands/command.js";
import type { Refusal } from "../../../src/redis/commands/errors.js";
import type { Argument, Reply } from "../../../src/redis/commands/replies.js";
import { evalsha, PERSIST } from "../../../src/redis/commands/scripts.js";
import type { NodeClient } from "../../../src/redis/connection/node-client.js";
import { NodeConnection, type NodeConnectionOptions } from "../../../src/redis/connection/node-connection.js";
import { deferred, isSettled, rejection, settle } from "../../support/promises.js";
import { eventually } from "../../support/waiting.js";
import { RAW } from "../raw.js";

/** In milliseconds. It is long, since few tests are about it. */
const TIMEOUT = 10_000;

/** A client of a node. The test sends the replies. */
class FakeClient implements NodeClient {
  readonly sent: { command: Argument[]; reply(value: unknown): void; fail(error: unknown): void }[] = [];
  readonly connecting = deferred();
  /** What `destroy` throws, as older versions of node-redis do when there is nothing left to end. */
  complaint: Error | undefined;
  destroyed = false;
  /** How often it was connected. */
  attempts = 0;
  #onError: (error: unknown) => void = () => {};

  connect(): Promise<unknown> {
    this.attempts++;
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

  /** The names of the commands that were sent. */
  names(): string[] {
    return this.sent.map(({ command }) => String(command[0]));
  }
}

function connection(options: Partial<NodeConnectionOptions> = {}): { node: NodeConnection; clients: FakeClient[] } {
  const clients: FakeClient[] = [];
  const node = new NodeConnection({
    name: "localhost:6379",
    timeout: TIMEOUT,
    failFastAfter: TIMEOUT,
    onRefused: () => false,
    candidates: () => {
      const client = new FakeClient();
      clients.push(client);
      client.connecting.resolve();
      return [client];
    },
    ...options,
  });
  onTestFinished(() => node.close());
  return { node, clients };
}

async function connected(
  options: Partial<NodeConnectionOptions> = {},
): Promise<{ node: NodeConnection; client: FakeClient; clients: FakeClient[] }> {
  const { node, clients } = connection(options);
  await node.connect();
  return { node, client: clients[0] as FakeClient, clients };
}

async function* awaiting(client: Promise<NodeClient>): AsyncGenerator<NodeClient, void, void> {
  yield await client;
}

function rejecting(error: Error): AsyncIterable<NodeClient> {
  return awaiting(Promise.reject(error));
}

interface SendOptions {
  readonly slot?: number;
  readonly asking?: boolean;
  readonly signal?: AbortSignal;
  readonly command?: Command<Argument[], Reply>;
}

/** Sends a command of one word. Settles like its call. */
function send(
  node: NodeConnection,
  name: string,
  { slot = 0, signal, command = RAW, ...redirect }: SendOptions = {},
): Promise<unknown> {
  const settled = new Promise((resolve, reject) => {
    const batch = new Batch({ command, slot, prefix: "", deadline: performance.now() + TIMEOUT });
    batch.addOnly([], [name], { signal, resolve, reject });
    node.send(batch, redirect);
  });
  // Several tests close the connection while a call is pending.
  settled.catch(() => {});
  return settled;
}

describe("the connection to a node", () => {
  it("sends commands, and resolves each call to its own reply", async () => {
    const { node, client } = await connected();
    expect(node.connected).toBe(true);
    const [first, second] = [send(node, "A"), send(node, "B")];
    expect(client.names()).toEqual(["A", "B"]);
    expect(node.busy).toBe(true);
    client.sent[1]?.reply("b");
    client.sent[0]?.reply("a");
    expect(await Promise.all([first, second])).toEqual(["a", "b"]);
    expect(node.busy).toBe(false);
  });

  it("does not send calls that were aborted while they waited for a connection", async () => {
    const client = new FakeClient();
    const { node } = connection({ candidates: () => [client] });
    node.start();
    const abort = new AbortController();
    const reason = new Error("no longer wanted");
    const aborted = rejection(send(node, "A", { signal: abort.signal }));
    const kept = send(node, "B");
    abort.abort(reason);
    client.connecting.resolve();
    await eventually("the other command", () => client.sent.length === 1);
    expect(client.names()).toEqual(["B"]);
    expect(await aborted).toBe(reason);
    client.sent[0]?.reply("b");
    expect(await kept).toBe("b");
    expect(node.busy).toBe(false);
  });

  it("rejects with the reason of the first attempt to connect, and destroys its client", async () => {
    const client = new FakeClient();
    const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    const expected = { code: "ERR_UNAVAILABLE", message: "no connection to Redis (ECONNREFUSED)" };
    client.connecting.reject(refused);
    const { node } = connection({ candidates: () => [client] });
    expect(await rejection(node.connect())).toMatchObject(expected);
    expect(client.destroyed).toBe(true);
    const nowhere = connection({ candidates: () => rejecting(refused) });
    expect(await rejection(nowhere.node.connect())).toMatchObject(expected);
  });

  it("rejects when the client that has connected is not accepted, and destroys it", async () => {
    const client = new FakeClient();
    client.connecting.resolve();
    const accept = () => Promise.reject(new Error("LOADING Redis is loading the dataset in memory"));
    const { node } = connection({ candidates: () => [client], accept });
    expect(await rejection(node.connect())).toMatchObject({ message: "no connection to Redis (LOADING)" });
    expect(client.destroyed).toBe(true);
  });

  it("uses the first candidate that connects, and destroys those before it", async () => {
    const [failing, silent, good, unused] = [new FakeClient(), new FakeClient(), new FakeClient(), new FakeClient()];
    failing.connecting.reject(new Error("refused"));
    for (const client of [good, unused]) client.connecting.resolve();
    const { node } = connection({ candidates: () => [failing, silent, good, unused], candidateTimeout: 20 });
    await node.connect();
    const call = send(node, "A");
    good.sent[0]?.reply("a");
    expect(await call).toBe("a");
    expect([failing, silent, good, unused].map(({ destroyed }) => destroyed)).toEqual([true, true, false, false]);
  });

  it("rejects with the reason of the last candidate when none connects", async () => {
    const [first, last] = [new FakeClient(), new FakeClient()];
    first.connecting.reject(Object.assign(new Error("refused"), { code: "ECONNREFUSED" }));
    last.connecting.reject(Object.assign(new Error("unreachable"), { code: "EHOSTUNREACH" }));
    const { node } = connection({ candidates: () => [first, last] });
    expect(await rejection(node.connect())).toMatchObject({ message: "no connection to Redis (EHOSTUNREACH)" });
    const { node: none } = connection({ candidates: () => [] });
    expect(await rejection(none.connect())).toMatchObject({
      ...{ code: "ERR_UNAVAILABLE", outcome: "not-applied" },
      message: "no server to connect to",
    });
  });

  it("works with a client that throws when it is destroyed", async () => {
    const complaint = new Error("The client is closed");
    const make = (): FakeClient => Object.assign(new FakeClient(), { complaint });
    const failing = make();
    const refused = new Error("refused");
    failing.connecting.reject(refused);
    expect(await rejection(connection({ candidates: () => [failing] }).node.connect())).toMatchObject({
      code: "ERR_UNAVAILABLE",
    });

    const late = make();
    const slow = connection({ candidates: () => [late], timeout: 20 });
    expect(await rejection(slow.node.connect())).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
    late.connecting.resolve();
    await settle();

    const open = make();
    open.connecting.resolve();
    const { node } = connection({ candidates: () => [open] });
    await node.connect();
    const call = rejection(send(node, "A"));
    expect(() => node.close()).not.toThrow();
    expect(await call).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });

    const half = make();
    const opening = connection({ candidates: () => [half] });
    const connecting = rejection(opening.node.connect());
    await settle();
    expect(() => opening.node.close()).not.toThrow();
    half.connecting.resolve();
    expect(await connecting).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    expect([failing, late, open, half].map(({ destroyed }) => destroyed)).toEqual([true, true, true, true]);
  });

  it("rejects when the handshake is garbled or takes too long, and destroys the client", async () => {
    const garbled = new FakeClient();
    const { node } = connection({ candidates: () => [garbled] });
    const connecting = rejection(node.connect());
    await settle();
    garbled.emitError();
    garbled.connecting.resolve();
    expect(await connecting).toMatchObject({ code: "ERR_UNAVAILABLE" });
    const silent = new FakeClient();
    const other = connection({ candidates: () => [silent], timeout: 20 });
    expect(await rejection(other.node.connect())).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
    expect([garbled.destroyed, silent.destroyed]).toEqual([true, true]);
  });

  it("does not connect a client that is created after the connection was closed", async () => {
    const found = deferred<NodeClient>();
    const client = new FakeClient();
    client.connecting.resolve();
    const { node } = connection({ candidates: () => awaiting(found.promise) });
    node.start();
    node.close();
    found.resolve(client);
    await settle();
    expect([client.attempts, node.connected]).toEqual([0, false]);
  });

  it("ignores whatever a client that was replaced still replies", async () => {
    let losses = 0;
    const { node, client, clients } = await connected({ onLost: () => losses++ });
    const calls = [rejection(send(node, "A")), rejection(send(node, "B"))];
    client.emitError();
    for (const call of calls) {
      expect(await call).toMatchObject({
        ...{ code: "ERR_UNAVAILABLE", outcome: "unknown" },
        message: "localhost:6379: the connection was lost before the reply came",
      });
    }
    await eventually("another connection", () => clients.length === 2 && node.connected);
    expect(client.destroyed).toBe(true);
    expect(clients[1]?.sent).toEqual([]);
    client.sent[0]?.reply("late");
    client.sent[1]?.fail(new Error("late"));
    client.emitError();
    await settle();
    expect(node.connected).toBe(true);
    expect([losses, node.epoch]).toEqual([1, 2]);
  });

  it("replaces a client that fails as soon as it sends, and sends the next command on another", async () => {
    const { node, clients } = connection({
      candidates: () => {
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
        return [client];
      },
    });
    node.start();
    const [first, second] = [rejection(send(node, "A")), send(node, "B")];
    await eventually("another connection", () => clients.length === 2 && node.connected);
    expect(await first).toMatchObject({ outcome: "unknown" });
    expect(clients.map((client) => client.names())).toEqual([["A"], ["B"]]);
    clients[1]?.sent[0]?.reply("b");
    expect(await second).toBe("b");
  });

  it("rejects as not applied when the client cannot encode a command", async () => {
    const { node, client } = await connected();
    const call = rejection(send(node, "A"));
    client.sent[0]?.fail(new RangeError("Invalid string length"));
    expect(await call).toMatchObject({ code: "ERR_DRIVER", outcome: "not-applied" });
  });

  it("passes refusals of the server on, and rejects calls only if nobody takes them over", async () => {
    const refusals: Refusal[] = [];
    const { node, client } = await connected({
      onRefused: (batch, refusal, from) => {
        refusals.push(refusal);
        expect(from).toBe(node);
        if (refusal.prefix === "MOVED") batch.settle("from another node");
        return refusal.prefix === "MOVED";
      },
    });
    const calls = [send(node, "A"), rejection(send(node, "B"))];
    client.sent[0]?.fail(new Error("MOVED 1 127.0.0.1:7000"));
    client.sent[1]?.fail(new Error("OOM command not allowed"));
    expect(await calls[0]).toBe("from another node");
    expect(await calls[1]).toMatchObject({ code: "ERR_DRIVER", outcome: "not-applied" });
    expect(refusals).toEqual([
      { prefix: "MOVED", message: "MOVED 1 127.0.0.1:7000" },
      { prefix: "OOM", message: "OOM command not allowed" },
    ]);
    expect(node.busy).toBe(false);
  });

  it("sends ASKING before a command about a slot that is moving to the node", async () => {
    const { node, client } = await connected();
    const call = send(node, "A", { asking: true });
    expect(client.names()).toEqual(["ASKING", "A"]);
    client.sent[0]?.fail(new Error("of no interest"));
    client.sent[1]?.reply("a");
    expect(await call).toBe("a");
  });

  it("reconnects when it is renewed", async () => {
    const { node, clients } = await connected();
    const call = rejection(send(node, "A"));
    node.renew();
    expect(await call).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
    await eventually("another connection", () => clients.length === 2 && node.connected);
  });

  it("sends PING when it is idle, and reconnects after any other reply than PONG", async () => {
    const { node, client, clients } = await connected({ timeout: 200 });
    await eventually("a PING", () => client.names().join() === "PING");
    client.sent[0]?.reply("PONG");
    await eventually("another PING", () => client.names().join() === "PING,PING");
    expect(clients).toHaveLength(1);
    client.sent[1]?.reply("OK");
    await eventually("another connection", () => clients.length === 2 && node.connected);
    expect(client.destroyed).toBe(true);
  });

  it("reconnects when its PING is not answered", async () => {
    const { node, client, clients } = await connected({ timeout: 30 });
    await eventually("another connection", () => clients.length >= 2 && node.connected);
    expect(client.names()).toEqual(["PING"]);
    expect(client.destroyed).toBe(true);
  });

  it("rejects what was sent as unknown when it is closed, and what comes later as not applied", async () => {
    const { node, client, clients } = await connected();
    const sent = rejection(send(node, "A"));
    node.close();
    node.close();
    expect(await sent).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
    expect(await rejection(send(node, "B"))).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    expect(client.destroyed).toBe(true);
    expect([clients.length, node.connected, node.busy]).toEqual([1, false, false]);
  });
});

describe("the silence of a node", () => {
  it("is infinite without a connection", async () => {
    const { node } = connection();
    expect(node.silence).toBe(Number.POSITIVE_INFINITY);
    await node.connect();
    expect(node.silence).toBe(0);
    node.close();
    expect(node.silence).toBe(Number.POSITIVE_INFINITY);
  });

  it("is the time for which the oldest reply has been missing", async () => {
    const { node, client } = await connected();
    const start = performance.now();
    const first = send(node, "A");
    await eventually("silence", () => node.silence > 10);
    expect(node.silence).toBeLessThanOrEqual(performance.now() - start);
    const second = send(node, "B");
    client.sent[0]?.reply("a");
    await first;
    client.sent[1]?.reply("b");
    await second;
    expect(node.silence).toBe(0);
  });
});

describe("takeUnsent", () => {
  it("takes back batches that were not sent yet, each once", async () => {
    const client = new FakeClient();
    const { node } = connection({ candidates: () => [client] });
    node.start();
    void send(node, "A");
    void send(node, "B");
    expect(node.takeUnsent(() => true)).toHaveLength(2);
    expect(node.takeUnsent(() => true)).toHaveLength(0);
    expect(node.busy).toBe(false);
    client.connecting.resolve();
    await eventually("a connection", () => node.connected);
    expect(client.sent).toEqual([]);
  });

  it("takes only the batches that are chosen, with the node that redirected each", async () => {
    const client = new FakeClient();
    const { node } = connection({ candidates: () => [client] });
    const { node: other } = connection();
    node.start();
    const redirected = new Batch({ command: RAW, slot: 1, prefix: "", deadline: performance.now() + TIMEOUT });
    redirected.addOnly([], ["A"], { signal: undefined, resolve() {}, reject() {} });
    node.send(redirected, { by: other });
    void send(node, "B", { slot: 2 });
    expect(node.takeUnsent(({ redirectedBy }) => redirectedBy === other)).toEqual([redirected]);
    client.connecting.resolve();
    await eventually("the other command", () => client.sent.length === 1);
    expect(client.names()).toEqual(["B"]);
  });

  it("leaves batches that were sent to their replies", async () => {
    const { node, client } = await connected();
    const call = send(node, "A");
    expect(node.takeUnsent(() => true)).toEqual([]);
    client.sent[0]?.reply("a");
    expect(await call).toBe("a");
  });
});

describe("slots in flight", () => {
  it("are those of commands that were sent and have no reply yet", async () => {
    const waiting = new FakeClient();
    const { node: unconnected } = connection({ candidates: () => [waiting] });
    unconnected.start();
    void send(unconnected, "A", { slot: 7 });
    expect(unconnected.slotsInFlight()).toEqual(new Set());

    const { node, client } = await connected();
    const first = send(node, "A", { slot: 1 });
    void send(node, "B", { slot: 2 });
    void send(node, "C", { slot: 2 });
    expect(node.slotsInFlight()).toEqual(new Set([1, 2]));
    client.sent[0]?.reply("a");
    await first;
    expect(node.slotsInFlight()).toEqual(new Set([2]));
  });

  it("are settled once everything in flight about them has settled, and later commands do not count", async () => {
    const { node, client } = await connected();
    let settled = 0;
    expect(node.whenSettled(1, () => settled++)).toBe(false);
    const calls = [send(node, "A", { slot: 1 }), send(node, "B", { slot: 1 }), send(node, "C", { slot: 2 })];
    expect(node.whenSettled(1, () => settled++)).toBe(true);
    const later = send(node, "D", { slot: 1 });
    client.sent[0]?.reply("a");
    client.sent[2]?.reply("c");
    await Promise.all([calls[0], calls[2]]);
    expect(settled).toBe(0);
    client.sent[1]?.reply("b");
    await calls[1];
    expect(settled).toBe(1);
    expect(await isSettled(later)).toBe(false);
  });

  it("are settled when the connection is lost", async () => {
    const { node, client } = await connected();
    let settled = 0;
    void send(node, "A", { slot: 1 });
    expect(node.whenSettled(1, () => settled++)).toBe(true);
    client.emitError();
    expect(settled).toBe(1);
  });

  it("are settled by a refusal only after the batch was sent on", async () => {
    const order: string[] = [];
    const { node, client } = await connected({ onRefused: () => order.push("sent on") > 0 });
    void send(node, "A", { slot: 1 });
    node.whenSettled(1, () => order.push("settled"));
    client.sent[0]?.fail(new Error("MOVED 1 127.0.0.1:7000"));
    await settle();
    expect(order).toEqual(["sent on", "settled"]);
  });
});

describe("a script", () => {
  const SCRIPT: Command<Argument[], Reply> = {
    ...RAW,
    script: PERSIST,
    encode: (_keys, [parameters]) => evalsha(PERSIST, ["key"], ...(parameters ?? [])),
  };
  const byHash = ["EVALSHA", PERSIST.sha, "1", "key"];
  const bySource = ["EVAL", PERSIST.source, "1", "key"];
  const run = (node: NodeConnection, name: string): Promise<unknown> => send(node, name, { command: SCRIPT });

  it("is sent by its source until a reply has come, and by its hash from then on", async () => {
    const { node, client } = await connected();
    const first = [run(node, "a"), run(node, "b")];
    for (const { reply } of client.sent) reply(1);
    await Promise.all(first);
    void run(node, "c");
    expect(client.sent.map(({ command }) => command)).toEqual([
      [...bySource, "a"],
      [...bySource, "b"],
      [...byHash, "c"],
    ]);
  });

  it("is sent by its source again after NOSCRIPT", async () => {
    const { node, client } = await connected({
      onRefused: (batch) => {
        node.send(batch);
        return true;
      },
    });
    const first = run(node, "a");
    client.sent[0]?.reply(1);
    await first;
    const second = run(node, "b");
    client.sent[1]?.fail(new Error("NOSCRIPT No matching script"));
    await eventually("the source", () => client.sent.length === 3);
    client.sent[2]?.reply(2);
    expect(await second).toBe(2);
    void run(node, "c");
    expect(client.sent.slice(1).map(({ command }) => command)).toEqual([
      [...byHash, "b"],
      [...bySource, "b"],
      [...byHash, "c"],
    ]);
  });

  it("is still known to the server after any other refusal", async () => {
    const { node, client } = await connected();
    const first = run(node, "a");
    client.sent[0]?.reply(1);
    await first;
    const second = rejection(run(node, "b"));
    client.sent[1]?.fail(new Error("OOM command not allowed"));
    await second;
    void run(node, "c");
    expect(client.sent[2]?.command).toEqual([...byHash, "c"]);
  });

  it("is sent by its source on every new connection", async () => {
    const { node, client, clients } = await connected();
    const first = run(node, "a");
    client.sent[0]?.reply(1);
    await first;
    client.emitError();
    await eventually("another connection", () => clients.length === 2 && node.connected);
    void run(node, "b");
    expect(clients[1]?.sent[0]?.command).toEqual([...bySource, "b"]);
  });
});
