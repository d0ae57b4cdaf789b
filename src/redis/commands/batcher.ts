import type { CallOptions } from "../../driver/driver.js";
import type { Admission } from "../../net/admission.js";
import { nextTick, now } from "../../net/clock.js";
import { type AnyBatch, Batch } from "./batch.js";
import type { Command } from "./command.js";
import type { Argument } from "./replies.js";

/**
 * Turns calls into batches. Calls of one command and one slot that are made in one tick share a batch; a call of another
 * command ends it, so that commands are sent in the order in which the calls were made.
 */
export class Batcher {
  readonly #router: BatchRouter;
  readonly #timeout: number;
  readonly #admission: Admission;
  /** The batch of each slot that more calls may join. */
  readonly #open = new Map<number, Batch<never, never>>();
  #tick: AnyBatch[] = [];

  constructor(router: BatchRouter, timeout: number, admission: Admission) {
    this.#router = router;
    this.#timeout = timeout;
    this.#admission = admission;
  }

  /** A call about one key. */
  call<P, R>(command: Command<P, R>, prefix: string, key: string, payload: P, options?: CallOptions): Promise<R> {
    const storageKey = prefix + key;
    return new Promise((resolve, reject) => {
      // A throw of admit rejects.
      this.#admission.admit();
      const { release } = this.#admission;
      const batch = this.#batchFor(command, this.#router.slotOf(storageKey), prefix, release);
      batch.add(storageKey, payload, { signal: options?.signal, resolve, reject });
    });
  }

  /** Part of a call about several keys: those of one slot. The call itself is admitted once, by whoever makes it. */
  part<P, R>(
    slot: number,
    command: Command<P, R>,
    prefix: string,
    keys: readonly Argument[],
    payload: P,
    options?: CallOptions,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      const batch = this.#batchFor(command, slot, prefix, undefined);
      batch.addOnly(keys, payload, { signal: options?.signal, resolve, reject });
    });
  }

  /** Sends the calls of this tick that were made until now. */
  readonly flush = (): void => {
    const batches = this.#tick;
    this.#tick = [];
    this.#open.clear();
    for (const batch of batches) this.#router.send(batch);
  };

  #batchFor<P, R>(
    command: Command<P, R>,
    slot: number,
    prefix: string,
    settled: ((calls: number) => void) | undefined,
  ): Batch<P, R> {
    // Only a batch of the same command is used.
    const open = this.#open.get(slot) as Batch<P, R> | undefined;
    if (
      open?.command === command &&
      command.batchable &&
      open.prefix === prefix &&
      open.length < MOST_CALLS &&
      open.byteLength < MOST_BYTES
    ) {
      return open;
    }
    const deadline = now() + this.#timeout;
    const batch = new Batch({ command, slot, prefix, deadline, settled });
    // Whoever takes it out compares its command first.
    this.#open.set(slot, batch as unknown as Batch<never, never>);
    // After the promise callbacks of this tick, so that calls they make join.
    if (this.#tick.push(batch) === 1) nextTick(this.flush);
    return batch;
  }
}

/** What takes batches, and knows which calls may share one. */
export interface BatchRouter {
  slotOf(key: string): number;
  send(batch: AnyBatch): void;
}

/** A batch never holds more calls than this: a longer command would block the server, and everyone else. */
const MOST_CALLS = 1_000;

/** Nor does a call join a batch of so many bytes: a command is one string, and no string is longer than 512 MB. */
const MOST_BYTES = 2 ** 20;
