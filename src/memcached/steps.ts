import { NotSupportedError, TimeoutError } from "../errors.js";
import { withOutcome } from "../internal/outcomes.js";
import { dateAfter, dateOf, isShort, span } from "./expiry.js";
import type { Key } from "./key.js";
import { COMPARED, ITEM, type Item } from "./kinds.js";
import { type Link, STALE } from "./link.js";
import { type Call, type Kind, Request, type Stored } from "./request.js";

/** What a round of {@link Steps.until} gives that is to be made again. */
export const AGAIN = Symbol("again");

/** What a round is taken to last at least, in milliseconds. */
const SHORTEST_ROUND = 5;

/** An item, and the connection on which it was read. */
export interface Seen extends Item {
  readonly epoch: number;
}

/**
 * The commands of one call that takes several round trips: reads, and at last one write, which the server refuses where
 * the item has changed since. What fails before the write has changed nothing.
 */
export class Steps {
  readonly #link: Link;
  readonly #key: Key;
  readonly #call: Call;

  constructor(link: Link, key: Key, call: Call) {
    this.#link = link;
    this.#key = key;
    this.#call = call;
  }

  /** Runs rounds until one gives an answer, for as long as the call may take. */
  async until<R>(round: () => Promise<R | typeof AGAIN>): Promise<R> {
    if (!this.#link.limits.cas) {
      throw new NotSupportedError("the server has no CAS tokens (its option -C): it compares nothing");
    }
    let refused = false;
    let start = performance.now();
    let longest = this.#link.roundTrip;
    while (true) {
      // A round that is cut short in its write would leave it open what came of it.
      if (start + 2 * longest >= this.#call.deadline) {
        const why = refused ? "others changed the key again and again" : "no time was left for another attempt";
        throw new TimeoutError(why, { outcome: "not-applied" });
      }
      try {
        const answer = await round();
        if (answer !== AGAIN) return answer;
        refused = true;
      } catch (error) {
        // The connection went between the read and the write, which was not sent.
        if (error !== STALE) throw error;
      }
      const end = performance.now();
      longest = Math.max(longest, SHORTEST_ROUND, end - start);
      start = end;
    }
  }

  /** The item as it is now; `undefined`: missing. */
  async item(): Promise<Seen | undefined> {
    const { sent, flag } = this.#key;
    const item = await this.#ask(ITEM, `mg ${sent}${flag} v c t`);
    // The reply came on the connection that there is: nothing else has happened since.
    return item && { ...item, epoch: this.#link.epoch };
  }

  /** The `T` that keeps the TTL of an item; `undefined`: it has changed meanwhile. */
  async kept(item: Seen): Promise<string | undefined> {
    if (item.ttl < 0) return "";
    const { sent, flag } = this.#key;
    const command = `mg ${sent}${flag} c t`;
    // Between two equal answers the server's clock has not ticked: so the date is exact, however often it is kept.
    const [before, { time }, after] = await Promise.all([
      this.#ask(ITEM, command),
      this.#read(this.#link.now(this.#call)),
      this.#ask(ITEM, command),
    ]);
    const same = before?.cas === item.cas && after?.cas === item.cas && before.ttl === after.ttl;
    return same ? dateOf(time, before.ttl) : undefined;
  }

  /**
   * The `T` of a TTL, and the connection that it is for where it is a date: one that waits for another grows old, and the
   * item would end too soon.
   */
  async expiry(ttl: number): Promise<{ readonly flag: string; readonly epoch?: number }> {
    if (isShort(ttl)) return { flag: span(ttl) };
    const { time, epoch } = await this.#read(this.#link.now(this.#call));
    return { flag: dateAfter(time, ttl), epoch };
  }

  /** The one command that changes something, with a TTL that is too long to be sent as it is. */
  async date<R>(kind: Kind<R>, ttl: number, command: (flag: string) => string, stored?: Stored): Promise<R> {
    while (true) {
      const { flag, epoch } = await this.expiry(ttl);
      try {
        return await this.write(kind, command(flag), stored, epoch);
      } catch (error) {
        if (error !== STALE) throw error;
      }
    }
  }

  /** A write where the item is still as it was seen. */
  swap(command: string, seen: Seen, stored?: Stored): Promise<boolean> {
    return this.write(COMPARED, `${command} C${seen.cas}`, stored, seen.epoch);
  }

  /** The one command that changes something. */
  write<R>(kind: Kind<R>, command: string, stored?: Stored, epoch?: number): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#link.send(new Request(kind, command, stored, this.#call, epoch, resolve, reject), true);
    });
  }

  #ask<R>(kind: Kind<R>, command: string): Promise<R> {
    return this.#read(this.#link.ask(kind, command, this.#call));
  }

  async #read<R>(reading: Promise<R>): Promise<R> {
    try {
      return await reading;
    } catch (error) {
      // Reads were all that was sent.
      throw withOutcome(error, "not-applied");
    }
  }
}
