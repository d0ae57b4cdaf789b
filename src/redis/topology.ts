import type { AnyRun, Route } from "./run.js";

/** Something a SCAN can walk: one primary. */
export interface Primary {
  send(run: AnyRun): void;
  /** Changes with every new connection, when a SCAN starts again. */
  readonly epoch: unknown;
}

/** Where keys lie: one server, a Cluster, or a connection that was handed in. */
export interface Topology extends Route {
  /** Keys of one slot may share a command. */
  slotOf(key: string | Buffer): number;
  /** Every primary there is now. */
  primaries(): Promise<readonly Primary[]>;
  /** Changes whenever a slot moves. */
  readonly version: number;
  readonly closed: boolean;
  close(): void;
}

/** More refusals of one run than this, and its callers are told. */
const HOPS = 16;

/** Counts a refusal; `false`: it is one too many. */
export function mayHop(run: AnyRun): boolean {
  return ++run.hops <= HOPS;
}

/** What every topology does with a refusal; `false`: it is for the topology itself to know better. */
export function retakeAnywhere(run: AnyRun, word: string, send: (run: AnyRun) => void): boolean {
  if (!mayHop(run)) return false;
  if (word === "NOSCRIPT" && !run.whole) {
    run.whole = true;
    send(run);
    return true;
  }
  // Refused for one key of many: no caller pays for a neighbour.
  if ((word === "NOPERM" || word === "TRYAGAIN") && run.length > 1) {
    for (const alone of run.alone()) send(alone);
    return true;
  }
  return false;
}
