import type { AnyBatch } from "../commands/batch.js";
import type { Refusal } from "../commands/errors.js";

/** Decides which node gets a batch: one server, a Cluster, or a client that was passed in. */
export interface Router {
  /** Whether keys lie in several slots. */
  readonly clustered: boolean;
  /** Calls of one slot may share a command. */
  slotOf(key: string | Buffer): number;
  send(batch: AnyBatch): void;
  /** Every primary there is now. */
  primaries(): Promise<readonly Primary[]>;
  /** Changes whenever a slot moves to another node. */
  readonly version: number;
  readonly closed: boolean;
  close(): void;
}

/** A primary, as a SCAN sees it. */
export interface Primary {
  send(batch: AnyBatch): void;
  /** Changes with every new connection: a SCAN starts again then. */
  readonly epoch: unknown;
}

/** Counts a refusal of the batch. Returns `false` when there were too many: then its callers get the error. */
export function mayRedirect(batch: AnyBatch): boolean {
  return ++batch.redirects <= MOST_REDIRECTS;
}

/**
 * Sends a refused batch again where that helps on any router. Returns `false` where it does not: the callers get the
 * error then.
 */
export function resend(batch: AnyBatch, { prefix }: Refusal, send: (batch: AnyBatch) => void): boolean {
  if (!mayRedirect(batch)) return false;
  // The connection sends the source of the script this time.
  if (prefix === "NOSCRIPT") {
    send(batch);
    return true;
  }
  // Refused for one key of many: no caller pays for its neighbour.
  if ((prefix === "NOPERM" || prefix === "TRYAGAIN") && batch.length > 1) {
    for (const single of batch.split()) send(single);
    return true;
  }
  return false;
}

const MOST_REDIRECTS = 16;
