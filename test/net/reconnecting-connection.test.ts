import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type NamestoreError, UnavailableError } from "../../src/errors.js";
import {
  type Connection,
  type ConnectionSource,
  type PendingRequest,
  ReconnectingConnection,
} from "../../src/net/reconnecting-connection.js";
import { type Deferred, deferred, rejection } from "../support/promises.js";

vi.mock("../../src/net/clock.js", () => import("../support/fake-clock.js"));

const TIMEOUT = 1_000;

/** The longest first pause between two attempts to connect, in milliseconds. */
const FIRST_PAUSE = 25;

/** Fake timers count a turn of the event loop, in which late replies are read first, as a millisecond. */
const TURN = 1;

class FakeRequest implements PendingRequest {
  readonly deadline: number;
  settled = false;
  sent = false;
  readonly #reply = deferred<void>();

  constructor(
    readonly name: string,
    within: number,
    readonly signals: readonly AbortSignal[] = [],
  ) {
    this.deadline = performance.now() + within;
    this.#reply.promise.catch(() => {});
  }

  /** Resolves when a reply has come. Rejects with what `fail` was called with. */
  get reply(): Promise<void> {
    return this.#reply.promise;
  }

  succeed(): void {
    this.settled = true;
    this.#reply.resolve();
  }

  fail(error: unknown): void {
    this.settled = true;
    this.#reply.reject(error);
  }

  withdraw(): void {
    const signal = this.signals.find(({ aborted }) => aborted);
    if (signal !== undefined) this.fail(signal.reason);
  }
}

class FakeConnection implements Connection<FakeRequest> {
  answered = false;
  closed = false;
  readonly sent: string[] = [];
  /** Called instead of sending, if a test sets it. */
  onSend: ((request: FakeRequest) => void) | undefined;

  send(request: FakeRequest): void {
    if (this.onSend !== undefined) {
      this.onSend(request);
      return;
    }
    request.sent = true;
    this.sent.push(request.name);
  }

  close(): void {
    this.closed = true;
  }
}

/** One attempt to connect, which the test lets succeed or fail. */
interface Attempt extends Deferred<FakeConnection> {
  readonly signal: AbortSignal;
  lost(reason: Error): void;
}

class FakeSource implements ConnectionSource<FakeRequest, FakeConnection> {
  readonly timeout = TIMEOUT;
  readonly attempts: Attempt[] = [];
  probes = 0;
  losses = 0;
  failFastAfter = TIMEOUT;
  /** Whether attempts succeed at once. */
  readonly opensAtOnce: boolean;
  readonly connections: FakeConnection[] = [];

  constructor(opensAtOnce: boolean) {
    this.opensAtOnce = opensAtOnce;
  }

  name(): string {
    return "server:1";
  }

  open(signal: AbortSignal, lost: (reason: Error) => void): Promise<FakeConnection> {
    const attempt: Attempt = { ...deferred<FakeConnection>(), signal, lost };
    this.attempts.push(attempt);
    if (this.opensAtOnce) this.succeed();
    return attempt.promise;
  }

  /** Lets the latest attempt succeed. */
  succeed(connection = new FakeConnection()): FakeConnection {
    this.connections.push(connection);
    this.attempt.resolve(connection);
    return connection;
  }

  /** Lets the latest attempt fail. */
  refuse(): void {
    this.attempt.reject(refused());
  }

  /** The latest attempt. */
  get attempt(): Attempt {
    return this.attempts.at(-1) as Attempt;
  }

  /** The latest connection. */
  get connection(): FakeConnection {
    return this.connections.at(-1) as FakeConnection;
  }

  probe(): void {
    this.probes++;
  }

  onLost(): void {
    this.losses++;
  }
}

type Reconnecting = ReconnectingConnection<FakeRequest, FakeConnection>;

function reconnecting({ opensAtOnce = true } = {}): { source: FakeSource; server: Reconnecting } {
  const source = new FakeSource(opensAtOnce);
  return { source, server: new ReconnectingConnection(source) };
}

/** One that is connected, and whose connection has brought a reply before. */
async function connected(): Promise<{ source: FakeSource; server: Reconnecting; connection: FakeConnection }> {
  const { source, server } = reconnecting();
  await server.connect();
  source.connection.answered = true;
  return { source, server, connection: source.connection };
}

function send(server: Reconnecting, name: string, within = TIMEOUT, ...signals: AbortSignal[]): FakeRequest {
  const request = new FakeRequest(name, within, signals);
  server.send(request);
  return request;
}

function refused(): UnavailableError {
  return new UnavailableError("connection refused", { outcome: "not-applied" });
}

const reset = (): UnavailableError => new UnavailableError("connection reset", { outcome: "unknown" });

async function pass(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
}

beforeEach(() => {
  vi.useFakeTimers({
    toFake: [
      ...(["setTimeout", "clearTimeout", "setInterval", "clearInterval"] as const),
      ...(["setImmediate", "clearImmediate", "performance"] as const),
    ],
  });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a reconnecting connection that connects", () => {
  it("opens one connection, and sends requests on it in order", async () => {
    const { source, server } = reconnecting();
    await server.connect();
    expect(server.connection).toBe(source.connection);
    send(server, "a");
    send(server, "b");
    expect(source.connection.sent).toEqual(["a", "b"]);
    expect(source.attempts).toHaveLength(1);
  });

  it("keeps requests until it is connected, and then sends them in order", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    server.start();
    const requests = [send(server, "a"), send(server, "b")];
    expect(server.pending).toEqual(requests);
    expect(server.oldest).toBe(requests[0]);
    expect(server.connection).toBeUndefined();
    source.succeed();
    await pass(0);
    send(server, "c");
    expect(source.connection.sent).toEqual(["a", "b", "c"]);
    expect(requests.map(({ settled }) => settled)).toEqual([false, false]);
  });

  it("rejects connect with the error of the first attempt, and does not try again", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    const connecting = rejection(server.connect());
    const error = refused();
    source.attempt.reject(error);
    expect(await connecting).toBe(error);
    expect(source.attempt.signal.aborted).toBe(true);
    await pass(10 * TIMEOUT);
    expect(source.attempts).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("rejects connect once the timeout is over, and closes a connection that opens later", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    const connecting = rejection(server.connect());
    await pass(TIMEOUT - 1);
    expect(await isPending(connecting)).toBe(true);
    await pass(1 + TURN);
    expect(await connecting).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
    expect(source.attempt.signal.aborted).toBe(true);
    const late = source.succeed();
    await pass(0);
    expect(late.closed).toBe(true);
    expect(server.connection).toBeUndefined();
  });

  it("rejects connect when what waited for the connection closes it, and leaves no timer", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    const connecting = rejection(server.connect());
    send(server, "a");
    const connection = new FakeConnection();
    connection.onSend = () => server.close();
    source.succeed(connection);
    await pass(0);
    expect(await connecting).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("fails an attempt whose connection is lost before it is open", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    const connecting = rejection(server.connect());
    const error = reset();
    source.attempt.lost(error);
    expect(await connecting).toBe(error);
    expect(source.attempt.signal.reason).toBe(error);
    const late = source.succeed();
    await pass(0);
    expect(late.closed).toBe(true);
  });

  it("fails an attempt whose connection is lost in the moment it opens", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    const connecting = rejection(server.connect());
    const connection = source.succeed();
    const error = reset();
    // The promise has resolved, but nobody has seen it yet.
    source.attempt.lost(error);
    expect(await connecting).toBe(error);
    expect(connection.closed).toBe(true);
    expect(server.connection).toBeUndefined();
  });

  it("sends only requests that have as much time left as connecting took, and keeps the connection", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    server.start();
    const short = send(server, "short", 200);
    send(server, "long", 500);
    await pass(130);
    source.succeed();
    await pass(0);
    expect(server.roundTrip).toBe(130);
    expect(source.connection.sent).toEqual(["long"]);
    expect(await rejection(short.reply)).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
    await pass(200);
    expect(server.connection).toBe(source.connection);
  });

  it("takes a round trip to last at least 1 ms, and at most a quarter of the timeout", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    server.start();
    await pass(TIMEOUT - 100);
    source.succeed();
    await pass(0);
    expect(server.roundTrip).toBe(TIMEOUT / 4);
    expect((await connected()).server.roundTrip).toBe(1);
  });
});

describe("a reconnecting connection that loses its connection", () => {
  it("fails what was sent with the reason, and never sends it again", async () => {
    const { source, server, connection } = await connected();
    const requests = [send(server, "a"), send(server, "b")];
    const reason = reset();
    source.attempt.lost(reason);
    for (const { reply } of requests) expect(await rejection(reply)).toBe(reason);
    expect(connection.closed).toBe(true);
    await pass(0);
    expect(source.connections).toHaveLength(2);
    expect(source.connection.sent).toEqual([]);
    expect(server.connection).toBe(source.connection);
  });

  it("sends on the next connection what was not sent on the lost one", async () => {
    const { source, server, connection } = await connected();
    connection.onSend = () => {};
    const waiting = send(server, "waiting");
    connection.onSend = undefined;
    const sent = send(server, "sent");
    source.attempt.lost(reset());
    expect(await rejection(sent.reply)).toMatchObject({ outcome: "unknown" });
    await pass(0);
    expect(source.connection).not.toBe(connection);
    expect(source.connection.sent).toEqual(["waiting"]);
    expect(waiting.settled).toBe(false);
  });

  it("sends nothing more on a connection that is lost while waiting requests are sent", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    server.start();
    const [first] = [send(server, "first"), send(server, "second")];
    const dying = new FakeConnection();
    dying.onSend = (request) => {
      request.sent = true;
      dying.sent.push(request.name);
      source.attempt.lost(reset());
    };
    source.succeed(dying);
    await pass(FIRST_PAUSE);
    expect(await rejection(first.reply)).toMatchObject({ outcome: "unknown" });
    expect(dying.sent).toEqual(["first"]);
    source.succeed();
    await pass(0);
    expect(source.connection.sent).toEqual(["second"]);
  });

  it("counts its connections, and reports each loss once", async () => {
    const { source, server } = await connected();
    expect([server.epoch, source.losses]).toEqual([1, 0]);
    source.attempt.lost(reset());
    source.attempts[0]?.lost(reset());
    await pass(0);
    expect([server.epoch, source.losses]).toEqual([2, 1]);
  });

  it("ignores what a connection that was replaced reports later", async () => {
    const { source, server } = await connected();
    source.attempts[0]?.lost(reset());
    await pass(0);
    const request = send(server, "a");
    source.attempts[0]?.lost(reset());
    expect(server.connection).toBe(source.connection);
    expect(request.settled).toBe(false);
    expect(source.attempts).toHaveLength(2);
  });

  it("reconnects at once if the connection had brought a reply", async () => {
    const { source } = await connected();
    source.attempt.lost(reset());
    expect(source.attempts).toHaveLength(2);
  });

  it("waits before it reconnects if the connection never brought a reply", async () => {
    const { source, server } = reconnecting();
    await server.connect();
    // Pauses of 20, 40, 80, 160 and 320 ms, each up to a quarter shorter.
    for (const pause of [15, 30, 60, 120, 240]) {
      const attempts = source.attempts.length;
      source.attempt.lost(reset());
      await pass(pause - 1);
      expect(source.attempts).toHaveLength(attempts);
      await pass(pause);
      expect(source.attempts).toHaveLength(attempts + 1);
    }
    source.connection.answered = true;
    source.attempt.lost(reset());
    await pass(0);
    source.attempt.lost(reset());
    await pass(FIRST_PAUSE);
    expect(source.attempts).toHaveLength(8);
  });

  it("tries to reconnect indefinitely, with growing pauses of up to a second", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    server.start();
    const times: number[] = [];
    for (let attempt = 1; attempt <= 12; attempt++) {
      while (source.attempts.length < attempt) await pass(1);
      times.push(performance.now());
      source.refuse();
      await pass(0);
    }
    const pauses = times.slice(1).map((time, at) => time - (times[at] as number));
    for (const [at, wait] of [20, 40, 80, 160, 320, 640, 1_000, 1_000, 1_000, 1_000, 1_000].entries()) {
      expect(pauses[at]).toBeGreaterThanOrEqual(wait * 0.75 - 1);
      expect(pauses[at]).toBeLessThanOrEqual(Math.min(1_000, wait * 1.25) + 1);
    }
    await pass(TIMEOUT);
    source.succeed();
    await pass(0);
    expect(server.connection).toBe(source.connection);
  });

  it("reconnects once, even if renew is called while it does", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    server.start();
    server.start();
    server.renew();
    expect(source.attempts).toHaveLength(1);
    source.succeed();
    await pass(0);
    expect(source.attempts).toHaveLength(1);
  });
});

describe("a request whose deadline has passed", () => {
  it("fails as not applied if it was never sent, with the reason why there is no connection", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    server.start();
    const early = send(server, "early", 100);
    await pass(100 + TURN);
    expect(await rejection(early.reply)).toMatchObject({
      ...{ code: "ERR_TIMEOUT", outcome: "not-applied" },
      message: "server:1: not sent within 1000 ms: no connection",
    });
    source.refuse();
    await pass(FIRST_PAUSE);
    const late = send(server, "late", 100);
    await pass(100 + TURN);
    expect(await rejection(late.reply)).toMatchObject({
      ...{ code: "ERR_TIMEOUT", outcome: "not-applied" },
      message: "server:1: not sent within 1000 ms: connection refused",
    });
  });

  it("does not repeat the reason of a failed attempt once the server is connected again", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    server.start();
    source.refuse();
    await pass(FIRST_PAUSE);
    source.succeed().answered = true;
    await pass(0);
    source.attempt.lost(reset());
    const request = send(server, "a", 100);
    await pass(100 + TURN);
    expect(await rejection(request.reply)).toMatchObject({
      message: "server:1: not sent within 1000 ms: no connection",
    });
  });

  it("does not show an error that has no code of its own, which may quote anything", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    server.start();
    source.attempt.reject(new Error("the password is 123"));
    await pass(0);
    const request = send(server, "a", 10);
    await pass(10 + TURN);
    expect((await rejection(request.reply)).message).toBe("server:1: not sent within 1000 ms: no connection");
  });

  it("leaves the other requests waiting if it was never sent", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    server.start();
    const early = send(server, "early", 100);
    const late = send(server, "late", 500);
    await pass(100 + TURN);
    expect([early.settled, late.settled]).toEqual([true, false]);
    source.succeed();
    await pass(0);
    expect(source.connection.sent).toEqual(["late"]);
  });

  it("fails with an unknown outcome if it was sent, and takes the connection and its other requests along", async () => {
    const { source, server, connection } = await connected();
    const [early, late] = [send(server, "early", 100), send(server, "late", 500)];
    await pass(100 + TURN);
    expect(await rejection<NamestoreError>(early.reply)).toMatchObject({
      ...{ code: "ERR_TIMEOUT", outcome: "unknown" },
      message: "server:1: no reply within 1000 ms",
    });
    expect(await rejection<NamestoreError>(late.reply)).toMatchObject({
      ...{ code: "ERR_UNAVAILABLE", outcome: "unknown" },
      message: "server:1: the connection was lost before the reply came",
    });
    expect(connection.closed).toBe(true);
    expect(server.connection).toBe(source.connection);
    expect(source.connections).toHaveLength(2);
    expect(source.connection.sent).toEqual([]);
  });

  it("fails in time, though requests that were sent before it have later deadlines", async () => {
    const { server } = await connected();
    send(server, "late", 900);
    const early = send(server, "early", 50);
    await pass(50 + TURN);
    expect(await rejection(early.reply)).toMatchObject({ code: "ERR_TIMEOUT" });
  });

  it("does not touch the connection if its reply came in time", async () => {
    const { source, server } = await connected();
    send(server, "a", 100).succeed();
    await pass(200);
    expect(source.attempts).toHaveLength(1);
  });
});

describe("a server that cannot be reached for long", () => {
  /** Lets every attempt to connect fail for so many milliseconds. */
  async function refuse(source: FakeSource, milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    while (performance.now() < end) {
      source.refuse();
      await pass(Math.min(50, end - performance.now()));
    }
    source.refuse();
    await pass(0);
  }

  it("is down once connecting has failed for longer than failFastAfter, and up once it is connected", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    server.start();
    await refuse(source, TIMEOUT - 100);
    expect(server.down).toBe(false);
    expect(send(server, "waits").settled).toBe(false);
    await refuse(source, 200);
    expect(server.down).toBe(true);
    while (source.attempts.at(-1)?.signal.aborted) await pass(50);
    source.succeed();
    await pass(0);
    expect(server.down).toBe(false);
    expect(send(server, "sent").sent).toBe(true);
  });

  it("makes calls fail at once, not applied, with the reason, while it is down", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    server.start();
    await refuse(source, 2 * TIMEOUT);
    const request = send(server, "a");
    expect(request.settled).toBe(true);
    expect(await rejection(request.reply)).toMatchObject({
      ...{ code: "ERR_UNAVAILABLE", outcome: "not-applied", down: true },
      message: "server:1: unreachable for 2 s: connection refused",
    });
    expect(server.pending).toEqual([]);
  });

  it("is down again only after failFastAfter when its connection is lost again", async () => {
    const { source, server } = await connected();
    Object.assign(source, { opensAtOnce: false });
    await pass(5 * TIMEOUT);
    source.attempt.lost(reset());
    await refuse(source, TIMEOUT - 100);
    expect(server.down).toBe(false);
    await refuse(source, 200);
    expect(server.down).toBe(true);
  });

  it("is down after failFastAfter although its first attempt is still in progress", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    source.failFastAfter = 100;
    server.start();
    const request = send(server, "a");
    await pass(99);
    expect(server.down).toBe(false);
    await pass(1 + TURN);
    expect(server.down).toBe(true);
    expect(await rejection(request.reply)).toMatchObject({
      ...{ code: "ERR_UNAVAILABLE", down: true },
      message: expect.stringMatching(/^server:1: unreachable for \d+ ms: no connection$/),
    });
    source.succeed();
    await pass(0);
    expect(server.down).toBe(false);
  });

  it("is never down if failFastAfter is infinite", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    source.failFastAfter = Number.POSITIVE_INFINITY;
    server.start();
    await refuse(source, 20 * TIMEOUT);
    expect(server.down).toBe(false);
    expect(send(server, "waits").settled).toBe(false);
  });

  it("makes waiting calls fail too", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    source.failFastAfter = 100;
    server.start();
    const request = send(server, "a");
    await refuse(source, 50);
    expect(request.settled).toBe(false);
    await refuse(source, 200);
    expect(await rejection(request.reply)).toMatchObject({
      code: "ERR_UNAVAILABLE",
      outcome: "not-applied",
      down: true,
    });
  });

  it("leaves waiting calls to their timeouts if failFastAfter is infinite", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    source.failFastAfter = Number.POSITIVE_INFINITY;
    server.start();
    await refuse(source, 100);
    const request = send(server, "a", TIMEOUT);
    await refuse(source, TIMEOUT - 10);
    expect(request.settled).toBe(false);
    await pass(10 + TURN);
    expect(await rejection(request.reply)).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied" });
  });
});

describe("a request that waits for a connection", () => {
  const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

  it("is withdrawn when its signal fires, at once or later", async () => {
    const { server } = reconnecting({ opensAtOnce: false });
    server.start();
    const controller = new AbortController();
    const request = send(server, "a", TIMEOUT, controller.signal);
    controller.abort("enough");
    expect(await rejection(request.reply)).toBe("enough");
    expect(server.pending).toEqual([]);
    const late = send(server, "b", TIMEOUT, controller.signal);
    expect(await rejection(late.reply)).toBe("enough");
    expect(listeners(controller.signal)).toBe(0);
  });

  it("stays when the signal of one of its calls fires and others are left", () => {
    const { server } = reconnecting({ opensAtOnce: false });
    server.start();
    const controller = new AbortController();
    const request = send(server, "a", TIMEOUT, controller.signal);
    request.withdraw = () => {};
    controller.abort();
    expect(server.pending).toEqual([request]);
  });

  it("leaves no listener on its signal once it has timed out, is sent, or the server is down or closed", async () => {
    const { signal } = new AbortController();
    const { source, server } = reconnecting({ opensAtOnce: false });
    source.failFastAfter = 2 * TIMEOUT;
    server.start();
    send(server, "times out", TIMEOUT / 2, signal);
    expect(listeners(signal)).toBe(1);
    await pass(TIMEOUT / 2 + TURN);
    expect(listeners(signal)).toBe(0);

    send(server, "waits", 10 * TIMEOUT, signal);
    await pass(2 * TIMEOUT);
    expect([server.down, listeners(signal)]).toEqual([true, 0]);

    const sent = reconnecting({ opensAtOnce: false });
    sent.server.start();
    send(sent.server, "is sent", TIMEOUT, signal);
    sent.source.succeed();
    await pass(0);
    expect([sent.source.connection.sent, listeners(signal)]).toEqual([["is sent"], 0]);

    const closing = reconnecting({ opensAtOnce: false });
    closing.server.start();
    send(closing.server, "is closed", TIMEOUT, signal);
    closing.server.close();
    expect(listeners(signal)).toBe(0);
  });
});

describe("the probe of a reconnecting connection", () => {
  it("is sent once a timeout on an idle connection", async () => {
    const { source } = await connected();
    // The first interval is that of connecting, which counts as idle.
    await pass(3 * TIMEOUT);
    expect(source.probes).toBe(3);
  });

  it("is not sent on a connection that was used since the last check", async () => {
    const { source, server } = await connected();
    for (let round = 0; round < 5; round++) {
      await pass(TIMEOUT / 2);
      send(server, "a").succeed();
      await pass(TIMEOUT / 2);
    }
    expect(source.probes).toBe(0);
    await pass(TIMEOUT);
    expect(source.probes).toBe(1);
  });

  it("is not sent while a reply is missing, nor without a connection", async () => {
    const { source, server } = await connected();
    const request = send(server, "a", 3 * TIMEOUT);
    await pass(2 * TIMEOUT);
    expect(source.probes).toBe(0);
    request.succeed();

    const unconnected = reconnecting({ opensAtOnce: false });
    unconnected.server.start();
    await pass(5 * TIMEOUT);
    expect(unconnected.source.probes).toBe(0);
  });
});

describe("renew", () => {
  it("sends nothing more, drops the connection once what was sent has settled, and opens another after a pause", async () => {
    const { source, server, connection } = await connected();
    const sent = send(server, "a");
    server.renew();
    const waiting = send(server, "b");
    server.renew();
    await pass(20);
    expect(connection.closed).toBe(false);
    sent.succeed();
    await pass(5);
    expect(connection.closed).toBe(true);
    expect(connection.sent).toEqual(["a"]);
    expect(source.attempts).toHaveLength(1);
    await pass(FIRST_PAUSE);
    expect(server.epoch).toBe(2);
    expect(source.connection.sent).toEqual(["b"]);
    expect(waiting.settled).toBe(false);
  });

  it("fails what was sent and does not settle, and opens another connection after a pause", async () => {
    const { source, server, connection } = await connected();
    const request = send(server, "a");
    server.renew();
    await pass(300);
    expect(await rejection(request.reply)).toMatchObject({
      ...{ code: "ERR_UNAVAILABLE", outcome: "unknown" },
      message: "server:1: the connection was lost before the reply came",
    });
    expect(connection.closed).toBe(true);
    await pass(FIRST_PAUSE);
    expect(server.epoch).toBe(2);
    expect(server.connection).toBe(source.connection);
  });

  it("does nothing when the connection is lost meanwhile, or there is none", async () => {
    const { source, server } = await connected();
    server.renew();
    source.attempt.lost(reset());
    await pass(0);
    expect(server.epoch).toBe(2);
    await pass(TIMEOUT / 2);
    expect(server.epoch).toBe(2);
    const unconnected = reconnecting({ opensAtOnce: false });
    unconnected.server.renew();
    await pass(TIMEOUT / 2);
    expect(unconnected.source.attempts).toHaveLength(0);
  });

  it("pauses for the shortest time again after a connection that held", async () => {
    const { source, server } = await connected();
    for (let round = 0; round < 4; round++) {
      server.renew();
      await pass(TIMEOUT);
    }
    source.connection.answered = true;
    await pass(11_000);
    const attempts = source.attempts.length;
    server.renew();
    await pass(TURN + FIRST_PAUSE);
    expect(source.attempts).toHaveLength(attempts + 1);
  });

  it("pauses for longer each time as long as no connection brings a reply", async () => {
    const { source, server } = await connected();
    // Pauses of 20, 40 and 80 ms, each up to a quarter shorter.
    for (const shortest of [15, 30, 60]) {
      const attempts = source.attempts.length;
      server.renew();
      await pass(shortest - 1);
      expect(source.attempts).toHaveLength(attempts);
      await pass(shortest + TURN);
      expect(source.attempts).toHaveLength(attempts + 1);
    }
  });
});

describe("close", () => {
  it("fails requests that were sent with an unknown outcome, and closes the connection for good", async () => {
    const { source, server, connection } = await connected();
    const request = send(server, "a");
    server.close();
    expect(await rejection(request.reply)).toMatchObject({
      ...{ code: "ERR_UNAVAILABLE", outcome: "unknown" },
      message: "the driver is closed",
    });
    expect([server.closed, connection.closed]).toEqual([true, true]);
    expect(server.pending).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    await pass(10 * TIMEOUT);
    expect(source.attempts).toHaveLength(1);
    expect([source.losses, source.probes]).toEqual([0, 0]);
  });

  it("refuses later requests as not applied", async () => {
    const { server, connection } = await connected();
    expect(server.closed).toBe(false);
    server.close();
    const request = send(server, "a");
    expect(await rejection(request.reply)).toMatchObject({
      ...{ code: "ERR_UNAVAILABLE", outcome: "not-applied" },
      message: "the driver is closed",
    });
    expect(connection.sent).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("fails requests that wait for a connection as not applied, and ends the attempt to connect", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    server.start();
    const request = send(server, "a");
    server.close();
    expect(await rejection(request.reply)).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    expect(source.attempt.signal.aborted).toBe(true);
    const late = source.succeed();
    await pass(0);
    expect(late.closed).toBe(true);
    expect(server.connection).toBeUndefined();
    await pass(10 * TIMEOUT);
    expect(source.attempts).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("rejects a connect in progress as not applied, and closes what it opens", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    const connecting = rejection(server.connect());
    server.close();
    expect(await connecting).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    const late = source.succeed();
    await pass(0);
    expect(late.closed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ends the pause before the next attempt", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    server.start();
    source.refuse();
    await pass(0);
    server.close();
    expect(vi.getTimerCount()).toBe(0);
    await pass(10 * TIMEOUT);
    expect(source.attempts).toHaveLength(1);
  });

  it("makes a later connect fail as not applied, and leaves nothing open", async () => {
    const { source, server } = reconnecting();
    server.close();
    expect(await rejection(server.connect())).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    await pass(0);
    expect(source.connection.closed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leaves no probe behind when it is called while a waiting request is sent", async () => {
    const { source, server } = reconnecting({ opensAtOnce: false });
    const connecting = server.connect();
    send(server, "a");
    const connection = new FakeConnection();
    connection.onSend = () => server.close();
    source.succeed(connection);
    await connecting.catch(() => {});
    expect(connection.closed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("can be called again, and before anything else", async () => {
    const { server } = await connected();
    server.close();
    expect(() => server.close()).not.toThrow();
    expect(() => reconnecting().server.close()).not.toThrow();
  });
});

/** Whether the promise is still pending. Real time need not pass. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const mark = (): void => {
    settled = true;
  };
  promise.then(mark, mark);
  await pass(0);
  return !settled;
}
