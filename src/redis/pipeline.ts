import type { CallOptions } from "../driver/driver.js";
import { UnavailableError } from "../errors.js";
import { closed } from "../internal/outcomes.js";
import { type AnyRun, type Gauge, type Kind, Run } from "./run.js";
import type { Topology } from "./topology.js";

/** A command never holds more calls than this: a longer one would hold up the server, and everyone else. */
const LONGEST_RUN = 1_000;

/** Nor does it get any more once it has so many bytes: it is one text to be sent, and no text is past 512 MB. */
const HEAVIEST_RUN = 2 ** 20;

/**
 * Turns calls into commands. Calls of one kind and one slot made in one tick share a command; another kind ends the
 * run, so that commands are sent in the order in which calls were made.
 */
export class Pipeline {
  readonly #topology: Topology;
  readonly #timeout: number;
  readonly #maxPending: number;
  /** The run of each slot that more calls may join. */
  readonly #open = new Map<number, Run<never, never>>();
  readonly #gauge: Gauge = { pending: 0 };
  #tick: AnyRun[] = [];
  #closed = false;

  constructor(topology: Topology, timeout: number, maxPending: number) {
    this.#topology = topology;
    this.#timeout = timeout;
    this.#maxPending = maxPending;
  }

  call<P, R>(kind: Kind<P, R>, prefix: string, key: string, payload: P, options?: CallOptions): Promise<R> {
    const storageKey = prefix + key;
    return this.callAt(this.#topology.slotOf(storageKey), kind, prefix, storageKey, payload, options);
  }

  /** A call about several keys, of one slot. */
  callAt<P, R>(
    slot: number,
    kind: Kind<P, R>,
    prefix: string,
    key: string,
    payload: P,
    options?: CallOptions,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(closed("not-applied"));
      const { pending } = this.#gauge;
      if (pending >= this.#maxPending) {
        return reject(new UnavailableError(`${pending} calls are pending already`, { outcome: "not-applied" }));
      }
      this.#gauge.pending++;
      this.#runFor(kind, slot, prefix).add({ key, payload, signal: options?.signal, resolve, reject });
    });
  }

  /** Sends what was called in this tick until now. */
  readonly flush = (): void => {
    const runs = this.#tick;
    this.#tick = [];
    this.#open.clear();
    for (const run of runs) this.#topology.send(run);
  };

  /** Later calls are refused. */
  close(): void {
    this.#closed = true;
  }

  #runFor<P, R>(kind: Kind<P, R>, slot: number, prefix: string): Run<P, R> {
    const open = this.#open.get(slot) as Run<P, R> | undefined;
    if (
      open?.kind === kind &&
      kind.joins &&
      open.prefix === prefix &&
      open.length < LONGEST_RUN &&
      open.weight < HEAVIEST_RUN
    ) {
      return open;
    }
    const deadline = performance.now() + this.#timeout;
    const run: Run<P, R> = new Run(kind, slot, deadline, this.#topology, [], prefix, this.#gauge);
    this.#open.set(slot, run as unknown as Run<never, never>);
    // After the promise callbacks of this tick: what they call joins.
    if (this.#tick.push(run) === 1) process.nextTick(this.flush);
    return run;
  }
}
