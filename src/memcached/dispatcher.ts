import type { CallOptions } from "../driver/driver.js";
import type { Encoded } from "../driver/encoded.js";
import { Admission } from "../net/admission.js";
import { now } from "../net/clock.js";
import { allParts } from "../net/outcomes.js";
import { CasLoop, type CONFLICT, type ItemSnapshot } from "./cas-loop.js";
import { type DataBlock, dataBlock, type MetaCommand } from "./commands.js";
import { checkTtl, isShortTtl, relativeTtlFlag } from "./expiry.js";
import type { ItemKey } from "./key.js";
import { KeyQueue } from "./key-queue.js";
import type { MemcachedSettings } from "./options.js";
import { type CallContext, Request } from "./request.js";
import { Ring } from "./ring.js";
import { type Server, STALE } from "./server.js";

/**
 * Sends each call to the server of its key. A call of one command is sent at once; one of several waits for its turn at
 * its key, and later calls about that key wait until it ends.
 */
export class Dispatcher {
  readonly #servers: readonly Server[];
  readonly #ring: Ring;
  readonly #timeout: number;
  readonly #admission: Admission;
  readonly #queue = new KeyQueue();

  /** @param servers - in the order of the settings. */
  constructor(servers: readonly Server[], { servers: addresses, timeout, maxPending }: MemcachedSettings) {
    this.#servers = servers;
    this.#ring = new Ring(addresses);
    this.#timeout = timeout;
    this.#admission = new Admission(maxPending);
  }

  /** The server of a storage key. */
  serverOf(name: string): Server {
    // The ring was built of as many addresses as there are servers.
    return this.#servers[this.#ring.serverOf(name)] as Server;
  }

  /** A call of one command without a value. */
  send<R>(key: ItemKey, command: MetaCommand<R>, options: CallOptions | undefined): Promise<R> {
    this.#admission.admit();
    return this.#send(key, command, this.#deadline(), options?.signal, this.#admission);
  }

  /** A call that stores a value: one command, unless the TTL is long. */
  store<R>(
    command: (key: ItemKey, value: DataBlock, ttlFlag: string) => MetaCommand<R>,
    key: ItemKey,
    data: Encoded,
    ttl: number,
    options: CallOptions | undefined,
  ): Promise<R> {
    checkTtl(ttl);
    const value = this.dataBlock(key, data);
    this.#admission.admit();
    if (isShortTtl(ttl)) {
      const stored = command(key, value, relativeTtlFlag(ttl));
      return this.#send(key, stored, this.#deadline(), options?.signal, this.#admission);
    }
    const context = this.context(options?.signal);
    return this.#sendDated(key, (flag) => command(key, value, flag), ttl, context, this.#admission);
  }

  /** A call that changes a TTL: one command, unless the TTL is long. */
  touch<R>(
    command: (key: ItemKey, ttlFlag: string) => MetaCommand<R>,
    key: ItemKey,
    ttl: number,
    options: CallOptions | undefined,
  ): Promise<R> {
    checkTtl(ttl);
    if (isShortTtl(ttl)) return this.send(key, command(key, relativeTtlFlag(ttl)), options);
    this.#admission.admit();
    return this.#sendDated(key, (flag) => command(key, flag), ttl, this.context(options?.signal), this.#admission);
  }

  /** A call for which Memcached has no command. */
  casLoop<R>(
    key: ItemKey,
    options: CallOptions | undefined,
    round: (loop: CasLoop, item: ItemSnapshot | undefined) => Promise<R | typeof CONFLICT>,
  ): Promise<R> {
    this.#admission.admit();
    const context = this.context(options?.signal);
    const run = (server: Server): Promise<R> => {
      const loop = new CasLoop(server, key, context);
      return loop.run((item) => round(loop, item));
    };
    return this.#inTurn(key, context, run, this.#admission);
  }

  /** A call about several keys: a command for each. */
  sendEach<R>(
    keys: readonly ItemKey[],
    command: (key: ItemKey) => MetaCommand<R>,
    options: CallOptions | undefined,
  ): Promise<R[]> {
    return this.asOneCall(options, ({ deadline, signal }) =>
      allParts(keys.map((key) => this.#send(key, command(key), deadline, signal))),
    );
  }

  /** A call that stores several values: a command for each. */
  async storeEach(
    command: (key: ItemKey, value: DataBlock, ttlFlag: string) => MetaCommand<void>,
    entries: readonly (readonly [key: ItemKey, data: Encoded])[],
    ttl: number,
    options: CallOptions | undefined,
  ): Promise<void> {
    checkTtl(ttl);
    // All values are checked before the first is sent.
    const all = entries.map(([key, data]) => [key, this.dataBlock(key, data)] as const);
    const flag = isShortTtl(ttl) ? relativeTtlFlag(ttl) : undefined;
    await this.asOneCall(options, (context) =>
      allParts(
        all.map(([key, value]) =>
          flag === undefined
            ? this.#sendDated(key, (date) => command(key, value, date), ttl, context)
            : this.#send(key, command(key, value, flag), context.deadline, context.signal),
        ),
      ),
    );
  }

  /** Runs a call of many commands, which counts as one until it settles. */
  asOneCall<R>(options: CallOptions | undefined, run: (context: CallContext) => Promise<R>): Promise<R> {
    return this.#admission.during(() => run(this.context(options?.signal)));
  }

  /** The context of commands that may take the time of a call from now on. */
  context(signal: AbortSignal | undefined): CallContext {
    return { deadline: this.#deadline(), signal };
  }

  /** @throws InvalidArgumentError when the server does not take a value of this size. */
  dataBlock(key: ItemKey, data: Encoded): DataBlock {
    const value = dataBlock(key, data);
    this.#serverOf(key).checkSize(value);
    return value;
  }

  /** Resolves when every earlier call of several commands has settled. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /** Refuses all later calls. */
  close(): void {
    this.#admission.close();
  }

  #deadline(): number {
    return now() + this.#timeout;
  }

  #serverOf(key: ItemKey): Server {
    key.server ??= this.serverOf(key.name);
    return key.server;
  }

  #send<R>(
    key: ItemKey,
    command: MetaCommand<R>,
    deadline: number,
    signal: AbortSignal | undefined,
    admission?: Admission,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      const request = new Request({ command, deadline, signal, resolve, reject, admission });
      const server = this.#serverOf(key);
      if (!this.#queue.has(key.name)) return server.send(request);
      this.#queue.add(key.name, () => {
        server.sendLate(request);
        return undefined;
      });
    });
  }

  /** A command with a TTL that is sent as a date, which has to be counted from the server's own time. */
  #sendDated<R>(
    key: ItemKey,
    command: (ttlFlag: string) => MetaCommand<R>,
    ttl: number,
    context: CallContext,
    admission?: Admission,
  ): Promise<R> {
    const run = async (server: Server): Promise<R> => {
      while (true) {
        const { flag, epoch } = await server.clock.ttlFlag(ttl, context);
        try {
          return await server.ask(command(flag), context, epoch);
        } catch (error) {
          if (error !== STALE) throw error;
        }
      }
    };
    return this.#inTurn(key, context, run, admission);
  }

  /** Runs several commands about a key while no other call about it does. */
  #inTurn<R>(
    key: ItemKey,
    { signal }: CallContext,
    run: (server: Server) => Promise<R>,
    admission?: Admission,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#queue.add(key.name, async () => {
        try {
          signal?.throwIfAborted();
          resolve(await run(this.#serverOf(key)));
        } catch (error) {
          reject(error);
        } finally {
          admission?.release();
        }
      });
    });
  }
}
