import { closed } from "../internal/outcomes.js";
import type { Link } from "./link.js";
import type { AnyRun } from "./run.js";

/** How often it is looked whether the node before has answered, in milliseconds. */
const LOOK = 2;

/** How long the node before may be silent, in milliseconds: then newer calls wait for it no longer. */
const SILENT = 500;

interface Held {
  /** The node before. */
  readonly from: Link;
  readonly runs: AnyRun[];
}

/**
 * Runs of slots that have just moved. What is still in flight to the node before comes back from there, to be sent on;
 * a newer run waits for it, or it would overtake.
 */
export class MovingSlots {
  readonly #send: (run: AnyRun) => void;
  readonly #held = new Map<number, Held>();
  #timer: NodeJS.Timeout | undefined;

  constructor(send: (run: AnyRun) => void) {
    this.#send = send;
  }

  /** Notes that a slot has left this node. */
  leave(slot: number, from: Link): void {
    if (this.#held.has(slot)) return;
    this.#held.set(slot, { from, runs: [] });
    this.#timer ??= setInterval(() => this.#look(), LOOK).unref();
  }

  /** `true`: the run has to wait, and is sent in its turn. */
  hold(run: AnyRun): boolean {
    const held = this.#held.get(run.slot);
    held?.runs.push(run);
    return held !== undefined;
  }

  close(): void {
    clearInterval(this.#timer);
    for (const { runs } of this.#held.values()) for (const run of runs) run.fail(closed("not-applied"));
    this.#held.clear();
  }

  #look(): void {
    const awaited = new Map<Link, Set<number>>();
    for (const [slot, { from, runs }] of this.#held) {
      const slots = awaited.get(from) ?? (from.stalled(SILENT) ? new Set() : from.slotsInFlight());
      awaited.set(from, slots);
      if (slots.has(slot)) continue;
      this.#held.delete(slot);
      for (const run of runs) this.#send(run);
    }
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
