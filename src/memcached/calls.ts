import { Buffer } from "node:buffer";
import type { CallOptions } from "../driver/driver.js";
import type { Encoded } from "../driver/encoded.js";
import { UnavailableError } from "../errors.js";
import { allParts, closed } from "../internal/outcomes.js";
import { checkTtl, isShort, span } from "./expiry.js";
import type { Key } from "./key.js";
import { type Link, tooLarge } from "./link.js";
import type { Settings } from "./options.js";
import { KeyOrder } from "./order.js";
import { type Call, type Kind, type Pending, Request, type Stored } from "./request.js";
import { Ring } from "./ring.js";
import { Steps } from "./steps.js";

/** The command that stores something, with its TTL as a flag. */
export function storing({ sent, flag }: Key, { length }: Stored, ttl: string): string {
  return `ms ${sent} ${length}${flag}${ttl}`;
}

/**
 * Sends calls to the servers of their keys. A call of one command is sent at once; one of several waits for its turn
 * at its key, and those about that key behind it wait for its end.
 */
export class Calls {
  readonly #links: readonly Link[];
  readonly #ring: Ring;
  readonly #timeout: number;
  readonly #maxPending: number;
  readonly #pending: Pending = { count: 0 };
  readonly #order = new KeyOrder();
  #closed = false;

  constructor(links: readonly Link[], { servers, timeout, maxPending }: Settings) {
    this.#links = links;
    this.#ring = new Ring(servers);
    this.#timeout = timeout;
    this.#maxPending = maxPending;
  }

  /** The server of a key. */
  linkOf(key: Key): Link {
    key.link ??= this.serverOf(key.name);
    return key.link;
  }

  /** The server of a storage key. */
  serverOf(name: string): Link {
    return this.#links[this.#ring.serverOf(name)] as Link;
  }

  /** Lets a call in. */
  admit(options: CallOptions | undefined): Call {
    if (this.#closed) throw closed("not-applied");
    if (this.#pending.count >= this.#maxPending) {
      throw new UnavailableError(`${this.#pending.count} calls are pending already`, { outcome: "not-applied" });
    }
    return this.begin(options?.signal);
  }

  /** What commands share that may take the time of a call from now on. */
  begin(signal: AbortSignal | undefined): Call {
    return { deadline: performance.now() + this.#timeout, signal };
  }

  /** A call of many commands, which counts as one until it is over. */
  async whole<R>(options: CallOptions | undefined, run: (call: Call) => Promise<R>): Promise<R> {
    const call = this.admit(options);
    this.#pending.count++;
    try {
      return await run(call);
    } finally {
      this.#pending.count--;
    }
  }

  /** A call of one command, which stores nothing. */
  one<R>(kind: Kind<R>, key: Key, command: string, options: CallOptions | undefined): Promise<R> {
    return this.#send(kind, key, command, undefined, this.admit(options), this.#pending);
  }

  /** A call that stores, by one command unless the TTL is a long one. */
  store<R>(
    kind: Kind<R>,
    key: Key,
    value: Encoded,
    ttl: number,
    mode: "" | " ME",
    options: CallOptions | undefined,
  ): Promise<R> {
    checkTtl(ttl);
    const stored = this.stored(key, value);
    return this.#store(kind, key, stored, ttl, mode, this.admit(options), this.#pending);
  }

  /** A call of one command that takes a TTL and stores nothing. */
  async touch<R>(kind: Kind<R>, key: Key, command: string, ttl: number, options: CallOptions | undefined): Promise<R> {
    checkTtl(ttl);
    if (isShort(ttl)) return this.one(kind, key, command + span(ttl), options);
    return this.steps(key, options, (steps) => steps.date(kind, ttl, (flag) => command + flag));
  }

  /** A call of several commands. */
  steps<R>(key: Key, options: CallOptions | undefined, run: (steps: Steps) => Promise<R>): Promise<R> {
    return this.#steps(key, this.admit(options), run, this.#pending);
  }

  /** A call about several keys, each by a command of its own. */
  async each<R>(
    kind: Kind<R>,
    keys: readonly Key[],
    command: (key: Key) => string,
    options: CallOptions | undefined,
  ): Promise<R[]> {
    return this.whole(options, (call) =>
      allParts(keys.map((key) => this.#send(kind, key, command(key), undefined, call))),
    );
  }

  /** A call that stores several values, each by a command of its own. */
  async storeEach(
    kind: Kind<void>,
    entries: readonly (readonly [key: Key, value: Encoded])[],
    ttl: number,
    options: CallOptions | undefined,
  ): Promise<void> {
    checkTtl(ttl);
    // All of them are looked at before the first is sent.
    const all = entries.map(([key, value]) => [key, this.stored(key, value)] as const);
    await this.whole(options, (call) =>
      allParts(all.map(([key, stored]) => this.#store(kind, key, stored, ttl, "", call))),
    );
  }

  /** @throws InvalidArgumentError when the server has no room for it. */
  stored(key: Key, value: Encoded): Stored {
    const length = typeof value === "string" ? Buffer.byteLength(value) : value.length;
    const stored = { value, length, size: key.bytes + length, ascii: length === value.length };
    const { limits } = this.linkOf(key);
    if (stored.size > limits.room) throw tooLarge(limits);
    return stored;
  }

  /** Resolves when every call of several commands that was made before is over. */
  idle(): Promise<void> {
    return this.#order.idle();
  }

  close(): void {
    this.#closed = true;
  }

  #store<R>(
    kind: Kind<R>,
    key: Key,
    stored: Stored,
    ttl: number,
    mode: string,
    call: Call,
    pending?: Pending,
  ): Promise<R> {
    if (isShort(ttl)) return this.#send(kind, key, storing(key, stored, span(ttl)) + mode, stored, call, pending);
    const command = (flag: string): string => storing(key, stored, flag) + mode;
    return this.#steps(key, call, (steps) => steps.date(kind, ttl, command, stored), pending);
  }

  #send<R>(
    kind: Kind<R>,
    key: Key,
    command: string,
    stored: Stored | undefined,
    call: Call,
    pending?: Pending,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      if (pending !== undefined) pending.count++;
      const request = new Request(kind, command, stored, call, undefined, resolve, reject, pending);
      const link = this.linkOf(key);
      if (!this.#order.has(key.name)) return link.send(request);
      this.#order.add(key.name, () => {
        link.send(request, true);
        return undefined;
      });
    });
  }

  #steps<R>(key: Key, call: Call, run: (steps: Steps) => Promise<R>, pending?: Pending): Promise<R> {
    return new Promise((resolve, reject) => {
      if (pending !== undefined) pending.count++;
      this.#order.add(key.name, async () => {
        try {
          if (call.signal?.aborted) throw call.signal.reason;
          resolve(await run(new Steps(this.linkOf(key), key, call)));
        } catch (error) {
          reject(error);
        } finally {
          if (pending !== undefined) pending.count--;
        }
      });
    });
  }
}
