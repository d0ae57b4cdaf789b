import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { Link, type LinkOptions, type NodeClient } from "../../src/redis/link.js";
import type { Argument } from "../../src/redis/protocol.js";
import { Run } from "../../src/redis/run.js";
import { deferred, rejection, settle } from "../support/promises.js";
import { eventually } from "../support/waiting.js";
import { RAW } from "./raw.js";

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

function linked(options: Partial<LinkOptions> = {}): { link: Link; clients: FakeClient[] } {
  const clients: FakeClient[] = [];
  const link = new Link({
    timeout: 200,
    open: () => {
      const client = new FakeClient();
      clients.push(client);
      client.connecting.resolve();
      return client;
    },
    ...options,
  });
  onTestFinished(() => link.close());
  return { link, clients };
}

/** Sends a command of one word; gives how it ends. */
function send(link: Link, word: string, within = 200, signal?: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = { key: "", payload: [word], signal, resolve, reject };
    link.send(new Run(RAW, 0, performance.now() + within, { retake: () => false }, [call]));
  });
}

const newest = (clients: FakeClient[]): FakeClient => clients.at(-1) as FakeClient;

describe("a link", () => {
  it("sends what it is given, and gives back what comes", async () => {
    const { link, clients } = linked();
    await link.connect();
    expect(link.connected).toBe(true);
    const [first, second] = [send(link, "A"), send(link, "B")];
    expect(newest(clients).names()).toEqual(["A", "B"]);
    newest(clients).sent[1]?.reply("b");
    newest(clients).sent[0]?.reply("a");
    expect(await Promise.all([first, second])).toEqual(["a", "b"]);
  });

  it("keeps what it is given before it is connected, and sends it in order", async () => {
    const client = new FakeClient();
    const { link } = linked({ open: () => client });
    link.start();
    const [first, second] = [send(link, "A"), send(link, "B")];
    expect(link.connected).toBe(false);
    expect(client.sent).toEqual([]);
    client.connecting.resolve();
    await eventually("both", () => client.sent.length === 2);
    for (const { reply } of client.sent) reply("done");
    expect(client.names()).toEqual(["A", "B"]);
    await Promise.all([first, second]);
  });

  it("does not send what was aborted while it waited", async () => {
    const client = new FakeClient();
    const { link } = linked({ open: () => client });
    link.start();
    const abort = new AbortController();
    const reason = new Error("no longer wanted");
    const aborted = rejection(send(link, "A", 200, abort.signal));
    const kept = send(link, "B");
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
    const refused = new Error("refused");
    client.connecting.reject(refused);
    const { link } = linked({ open: () => client });
    expect(await rejection(link.connect())).toBe(refused);
    expect(client.destroyed).toBe(true);
    const nowhere = linked({ open: () => Promise.reject(refused) });
    expect(await rejection(nowhere.link.connect())).toBe(refused);
  });

  it("takes no harm from a client that throws where it is ended", async () => {
    const complaint = new Error("The client is closed");
    const make = (): FakeClient => Object.assign(new FakeClient(), { complaint });
    const failing = make();
    const refused = new Error("refused");
    failing.connecting.reject(refused);
    expect(await rejection(linked({ open: () => failing }).link.connect())).toBe(refused);

    const late = make();
    const slow = linked({ open: () => late, timeout: 20 });
    expect(await rejection(slow.link.connect())).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
    late.connecting.resolve();
    await settle();

    const there = make();
    there.connecting.resolve();
    const { link } = linked({ open: () => there });
    await link.connect();
    const call = rejection(send(link, "A"));
    expect(() => link.close()).not.toThrow();
    expect(await call).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });

    const half = make();
    const opening = linked({ open: () => half });
    const connecting = rejection(opening.link.connect());
    await settle();
    expect(() => opening.link.close()).not.toThrow();
    half.connecting.resolve();
    expect(await connecting).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    expect([failing, late, there, half].map(({ destroyed }) => destroyed)).toEqual([true, true, true, true]);
  });

  it("fails to connect where the handshake is garbled, or takes too long", async () => {
    const garbled = new FakeClient();
    const { link } = linked({ open: () => garbled });
    const connecting = rejection(link.connect());
    await sleep(1);
    garbled.emitError();
    garbled.connecting.resolve();
    expect(await connecting).toMatchObject({ code: "ERR_UNAVAILABLE" });
    const silent = new FakeClient();
    const other = linked({ open: () => silent, timeout: 20 });
    expect(await rejection(other.link.connect())).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
    expect([garbled.destroyed, silent.destroyed]).toEqual([true, true]);
  });

  it("tries for ever in the background, with growing pauses", async () => {
    let attempts = 0;
    const client = new FakeClient();
    client.connecting.resolve();
    const { link } = linked({
      open: () => {
        if (++attempts < 4) throw new Error("refused");
        return client;
      },
    });
    const start = performance.now();
    const call = send(link.start(), "A", 2_000);
    await eventually("a connection", () => link.connected);
    expect(attempts).toBe(4);
    // 20, 40 and 80 ms, less a quarter.
    expect(performance.now() - start).toBeGreaterThan(100);
    client.sent[0]?.reply("a");
    expect(await call).toBe("a");
  });

  it("tries again where a connection ends as soon as it is made", async () => {
    const { link, clients } = linked({
      open: () => {
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
    link.start();
    const [first, second] = [rejection(send(link, "A", 100)), send(link, "B")];
    await eventually("another connection", () => clients.length === 2 && link.connected);
    expect(await first).toMatchObject({ outcome: "unknown" });
    expect(clients.map((client) => client.names())).toEqual([["A"], ["B"]]);
    newest(clients).sent[0]?.reply("b");
    expect(await second).toBe("b");
  });

  it("tells what was in flight when its connection is lost, and sends it no more", async () => {
    let lost = 0;
    const { link, clients } = linked({ onLost: () => lost++ });
    await link.connect();
    const calls = [rejection(send(link, "A")), rejection(send(link, "B"))];
    newest(clients).emitError();
    for (const call of calls) expect(await call).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
    await eventually("another connection", () => clients.length === 2 && link.connected);
    expect(clients[0]?.destroyed).toBe(true);
    expect(newest(clients).sent).toEqual([]);
    expect(lost).toBe(1);
    expect(link.epoch).toBe(2);
    // Whatever the old client still says is nobody's.
    clients[0]?.sent[0]?.reply("late");
    clients[0]?.emitError();
    expect(link.connected).toBe(true);
    expect(lost).toBe(1);
  });

  it("drops a connection on which a reply is too late, and its neighbours with it", async () => {
    const { link, clients } = linked();
    await link.connect();
    const first = rejection(send(link, "A", 50));
    const second = rejection(send(link, "B", 5_000));
    expect(await first).toMatchObject({ code: "ERR_TIMEOUT", outcome: "unknown" });
    expect(await second).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
    await eventually("another connection", () => clients.length === 2 && link.connected);
    expect(clients[0]?.destroyed).toBe(true);
    clients[0]?.sent[0]?.reply("late");
    clients[0]?.sent[1]?.fail(new Error("late"));
  });

  it("tells what waits for a connection at its deadline, not applied, and keeps the rest", async () => {
    const client = new FakeClient();
    const { link } = linked({ open: () => client, timeout: 5_000 });
    link.start();
    const first = rejection(send(link, "A", 30));
    const second = send(link, "B", 5_000);
    expect(await first).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
    client.connecting.resolve();
    await eventually("the other", () => client.sent.length === 1);
    expect(client.names()).toEqual(["B"]);
    client.sent[0]?.reply("b");
    await second;
  });

  it("sends, once it is connected, only what has the time for a reply: as long as connecting took", async () => {
    const client = new FakeClient();
    const { link } = linked({ open: () => client, timeout: 5_000 });
    link.start();
    const short = rejection(send(link, "A", 200));
    const long = send(link, "B", 5_000);
    await sleep(130);
    client.connecting.resolve();
    await eventually("the other", () => client.sent.length > 0);
    expect(client.names()).toEqual(["B"]);
    expect(await short).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
    client.sent[0]?.reply("b");
    expect(await long).toBe("b");
  });

  it("tells that nothing was applied where the client cannot encode a command", async () => {
    const { link, clients } = linked();
    await link.connect();
    const call = rejection(send(link, "A"));
    newest(clients).sent[0]?.fail(new RangeError("Invalid string length"));
    expect(await call).toMatchObject({ code: "ERR_DRIVER", outcome: "not-applied" });
  });

  it("holds no call past its deadline, though those before it have later ones", async () => {
    const { link, clients } = linked();
    await link.connect();
    const late = rejection(send(link, "A", 3_000));
    const start = performance.now();
    expect(await rejection(send(link, "B", 50))).toMatchObject({ code: "ERR_TIMEOUT" });
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(await late).toMatchObject({ code: "ERR_UNAVAILABLE" });
    expect(clients[0]?.destroyed).toBe(true);
  });

  it("asks before what is asked for, where it must", async () => {
    const { link, clients } = linked();
    await link.connect();
    const run = new Run(RAW, 0, performance.now() + 200, { retake: () => false }, [
      { key: "", payload: ["A"], signal: undefined, resolve() {}, reject() {} },
    ]);
    link.send(run, true);
    expect(newest(clients).names()).toEqual(["ASKING", "A"]);
    newest(clients).sent[0]?.fail(new Error("of no interest"));
    newest(clients).sent[1]?.reply("a");
  });

  it("gives back what it has not sent, once", async () => {
    const client = new FakeClient();
    const { link } = linked({ open: () => client });
    link.start();
    void send(link, "A").catch(() => {});
    void send(link, "B").catch(() => {});
    expect([...link.release()]).toHaveLength(2);
    expect([...link.release()]).toHaveLength(0);
    client.connecting.resolve();
    await eventually("a connection", () => link.connected);
    expect(client.sent).toEqual([]);
  });

  it("is stalled where a reply is missing, or a connection", async () => {
    const { link, clients } = linked({ timeout: 5_000 });
    expect(link.stalled(10)).toBe(true);
    await link.connect();
    expect(link.stalled(10)).toBe(false);
    const call = send(link, "A", 5_000);
    expect(link.stalled(10)).toBe(false);
    await eventually("a stall", () => link.stalled(10));
    newest(clients).sent[0]?.reply("a");
    await call;
    expect(link.stalled(10)).toBe(false);
  });

  it("renews its connection when it is told to", async () => {
    const { link, clients } = linked();
    await link.connect();
    const call = rejection(send(link, "A"));
    link.renew();
    expect(await call).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
    await eventually("another connection", () => clients.length === 2 && link.connected);
  });

  it("probes a connection on which nothing happens, and none on which something does", async () => {
    const { link, clients } = linked({ timeout: 40 });
    await link.connect();
    await eventually("a probe", () => newest(clients).names().includes("PING"));
    newest(clients).sent[0]?.reply("PONG");
    const client = newest(clients);
    const before = client.sent.length;
    for (let round = 0; round < 20; round++) {
      const call = send(link, "A");
      newest(clients).sent.at(-1)?.reply("a");
      await call;
      await sleep(5);
    }
    expect(clients).toHaveLength(1);
    expect(client.names().slice(before)).not.toContain("PING");
  });

  it("drops a connection whose probe is not answered", async () => {
    const { link, clients } = linked({ timeout: 30 });
    await link.connect();
    await eventually("another connection", () => clients.length >= 2 && link.connected, 2_000);
    expect(clients[0]?.names()).toEqual(["PING"]);
  });

  describe("once it is closed", () => {
    it("tells everything, and refuses what comes", async () => {
      const { link, clients } = linked();
      await link.connect();
      const sent = rejection(send(link, "A"));
      link.close();
      link.close();
      expect(await sent).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
      expect(await rejection(send(link, "B"))).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
      expect(newest(clients).destroyed).toBe(true);
      await sleep(30);
      expect(clients).toHaveLength(1);
    });

    it("tells what waited, not applied", async () => {
      const { link } = linked({ open: () => new FakeClient() });
      link.start();
      const waiting = rejection(send(link, "A"));
      link.close();
      expect(await waiting).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    });

    it("drops the connection that it was making", async () => {
      const client = new FakeClient();
      const { link } = linked({ open: () => client });
      const connecting = rejection(link.connect());
      await sleep(1);
      link.close();
      client.connecting.resolve();
      expect(await connecting).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
      expect(client.destroyed).toBe(true);
    });

    it("makes no connection for an address that comes too late", async () => {
      const found = deferred<NodeClient>();
      const client = new FakeClient();
      client.connecting.resolve();
      const { link } = linked({ open: () => found.promise });
      link.start();
      link.close();
      found.resolve(client);
      await eventually("the end of it", () => client.destroyed);
      expect(link.connected).toBe(false);
    });

    it("ends the pause before its next attempt", async () => {
      let attempts = 0;
      const { link } = linked({
        open: () => {
          attempts++;
          throw new Error("refused");
        },
      });
      link.start();
      await eventually("some attempts", () => attempts >= 3);
      const timers = (): number => process.getActiveResourcesInfo().filter((each) => each === "Timeout").length;
      const before = timers();
      link.close();
      expect(timers()).toBeLessThan(before);
      const made = attempts;
      await sleep(200);
      expect(attempts).toBe(made);
    });
  });

  it("that is idle is asked for a sign of life, and made anew where the sign is none", async () => {
    const { link, clients } = linked();
    await link.connect();
    const [first] = clients as [FakeClient];
    await eventually("a PING", () => first.names().join() === "PING");
    first.sent[0]?.reply("PONG");
    await eventually("another PING", () => first.names().join() === "PING,PING");
    expect(clients).toHaveLength(1);
    first.sent[1]?.reply("OK");
    await eventually("another connection", () => clients.length === 2 && link.connected);
    expect(first.destroyed).toBe(true);
  });
});
