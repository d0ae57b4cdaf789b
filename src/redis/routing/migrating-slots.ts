import { startTimer, stopTimer, type Timer } from "../../net/clock.js";
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
    const patience = LONGEST_SILENCE - from.silence;
    if (patience <= 0) return;
    const held: Held = { batches: [], timer: startTimer(() => this.#release(slot, held), patience) };
    if (from.whenSettled(slot, () => this.#release(slot, held))) this.#held.set(slot, held);
    else stopTimer(held.timer);
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
  readonly timer: Timer;
}

/** How long the previous node may be silent, in milliseconds: newer batches wait for it no longer. */
const LONGEST_SILENCE = 500;
