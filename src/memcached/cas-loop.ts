import { NotSupportedError, TimeoutError } from "../errors.js";
import { now } from "../net/clock.js";
import { withOutcome } from "../net/outcomes.js";
import {
  compareAndRemove,
  type DataBlock,
  type Item,
  increase,
  type MetaCommand,
  read,
  readState,
  replace,
  setNX,
} from "./commands.js";
import { remainingTtlFlag } from "./expiry.js";
import type { ItemKey } from "./key.js";
import type { CallContext } from "./request.js";
import { type Server, STALE } from "./server.js";

/**
 * A call for which Memcached has no command: rounds of a read and one write, which the server refuses if the item has
 * changed since. What fails before its write has changed nothing.
 */
export class CasLoop {
  readonly #server: Server;
  readonly #key: ItemKey;
  readonly #context: CallContext;

  constructor(server: Server, key: ItemKey, context: CallContext) {
    this.#server = server;
    this.#key = key;
    this.#context = context;
  }

  /**
   * Runs rounds, each with the item as it is then, until one returns a result.
   *
   * @throws NotSupportedError when the server has no CAS tokens.
   * @throws TimeoutError, `"not-applied"`, when the time left is too short for another round.
   */
  async run<R>(round: (item: ItemSnapshot | undefined) => Promise<R | typeof CONFLICT>): Promise<R> {
    let conflicts = 0;
    let start = now();
    let longest = this.#server.roundTrip;
    while (true) {
      // A round that times out in its write would leave it unknown whether it was applied.
      if (start + 2 * longest >= this.#context.deadline) {
        const why = conflicts > 0 ? "others kept changing the key" : "no time was left for another attempt";
        throw new TimeoutError(why, { outcome: "not-applied" });
      }
      try {
        const item = await this.#snapshot();
        // Known for certain only once the server has been read from.
        if (!this.#server.limits.cas) {
          throw new NotSupportedError("the server has no CAS tokens (its option -C), so it cannot compare");
        }
        const result = await round(item);
        if (result !== CONFLICT) return result;
        conflicts++;
      } catch (error) {
        // The connection was lost between the read and the write, which was not sent.
        if (error !== STALE) throw error;
      }
      const end = now();
      longest = Math.max(longest, SHORTEST_ROUND, end - start);
      start = end;
    }
  }

  /** Stores a value where the key is missing. `false`: it is live by now. */
  async add(value: DataBlock, ttl: number): Promise<boolean> {
    const { flag, epoch } = await this.#server.clock.ttlFlag(ttl, this.#context);
    return this.#server.ask(setNX(this.#key, value, flag), this.#context, epoch);
  }

  /**
   * Stores a value over an item. `false`: the item has changed.
   *
   * @param ttl - the new TTL; `"keep"` keeps the item's own.
   */
  async replace(item: ItemSnapshot, value: DataBlock, ttl: number | "keep"): Promise<boolean> {
    const flag =
      ttl === "keep" ? await this.#remainingTtlFlag(item) : (await this.#server.clock.ttlFlag(ttl, this.#context)).flag;
    return flag !== undefined && this.#write(replace(this.#key, value, flag, item.cas), item);
  }

  /** Adds to a counter, and keeps its TTL. Neither number may be negative. `false`: the item has changed. */
  increase(item: ItemSnapshot, delta: number): Promise<boolean> {
    return this.#write(increase(this.#key, delta, item.cas), item);
  }

  /** Removes the item. `false`: it has changed. */
  remove(item: ItemSnapshot): Promise<boolean> {
    return this.#write(compareAndRemove(this.#key, item.cas), item);
  }

  async #snapshot(): Promise<ItemSnapshot | undefined> {
    const item = await this.#read(read(this.#key));
    // The reply came on the current connection: nothing else has happened since.
    return item && { ...item, epoch: this.#server.epoch };
  }

  /** The `T` flag that keeps the TTL of an item; `undefined`: the item has changed. */
  async #remainingTtlFlag(item: ItemSnapshot): Promise<string | undefined> {
    if (item.ttl < 0) return "";
    // If both replies are equal, the server's clock did not tick between them: the date stays exact, however often it is kept.
    const [before, { seconds }, after] = await Promise.all([
      this.#read(readState(this.#key)),
      this.#server.clock.now(this.#context).catch(notApplied),
      this.#read(readState(this.#key)),
    ]);
    const unchanged = before?.cas === item.cas && after?.cas === item.cas && before.ttl === after.ttl;
    return unchanged ? remainingTtlFlag(seconds, before.ttl) : undefined;
  }

  #read<R>(command: MetaCommand<R>): Promise<R> {
    return this.#server.ask(command, this.#context).catch(notApplied);
  }

  #write(command: MetaCommand<boolean>, { epoch }: ItemSnapshot): Promise<boolean> {
    return this.#server.ask(command, this.#context, epoch);
  }
}

/** What a round returns when the item changed between its read and its write. */
export const CONFLICT = Symbol("conflict");

/** An item, and the connection on which it was read: a server that restarts may issue the same CAS tokens again. */
export interface ItemSnapshot extends Item {
  readonly epoch: number;
}

/** How long a round is taken to last at least, in milliseconds. */
const SHORTEST_ROUND = 5;

/** The error of a read: only reads were sent so far. */
function notApplied(error: unknown): never {
  throw withOutcome(error, "not-applied");
}
