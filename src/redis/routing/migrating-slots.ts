import { afterReads, startTimer, stopTimer, type Timer } from "../../net/clock.js";
import { closed } from "../../net/outcomes.js";
import type { AnyBatch } from "../commands/batch.js";
import type { NodeConnection } from "../connection/node-connection.js";

/**
 * Holds batches of slots that have just moved. What is still in flight to the previous node is refused there and sent on;
 * a newer batch of the slot waits for it, or it would overtake.
 */
export class MigratingSlots {
  readonly #send: (batch: AnyBatch) => void;
  readonly #held = new Map<number, Held>();

  constructor(send: (batch: AnyBatch) => void) {
    this.#send = send;
  }

  /** Notes that a slot has left this node. */
  leave(slot: number, from: NodeConnection): void {
    if (this.#held.has(slot)) return;
    if (from.silence >= LONGEST_SILENCE) return;
    const held: Held = { batches: [], timer: undefined };
    if (!from.whenSettled(slot, () => this.#release(slot, held))) return;
    this.#held.set(slot, held);
    this.#watch(slot, held, from);
  }

  /** Returns `true` for a batch that has to wait: it is sent in its turn. */
  hold(batch: AnyBatch): boolean {
    const held = this.#held.get(batch.slot);
    held?.batches.push(batch);
    return held !== undefined;
  }

  close(): void {
    for (const { batches, timer } of this.#held.values()) {
      stopTimer(timer);
      for (const batch of batches) batch.fail(closed("not-applied"));
    }
    this.#held.clear();
  }

  /** Waits no longer for a node that has fallen silent; for one that is slow, but replies, as long as it takes. */
  #watch(slot: number, held: Held, from: NodeConnection): void {
    const patience = Math.max(1, LONGEST_SILENCE - from.silence);
    const check = (): void => {
      if (this.#held.get(slot) !== held) return;
      if (from.silence >= LONGEST_SILENCE) this.#release(slot, held);
      else this.#watch(slot, held, from);
    };
    // What arrived while the event loop was blocked is read first.
    held.timer = startTimer(() => afterReads(check), patience);
  }

  #release(slot: number, held: Held): void {
    // It was released before, and the slot may have moved once more.
    if (this.#held.get(slot) !== held) return;
    this.#held.delete(slot);
    stopTimer(held.timer);
    for (const batch of held.batches) this.#send(batch);
  }
}

interface Held {
  readonly batches: AnyBatch[];
  timer: Timer | undefined;
}

/** How long the previous node may be silent, in milliseconds: newer batches wait for it no longer. */
const LONGEST_SILENCE = 500;
