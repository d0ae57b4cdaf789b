import { InvalidArgumentError } from "../../errors.js";
import type { Argument } from "../commands/replies.js";

/** A client that was passed in, whatever its library. */
export interface ExternalClient {
  readonly sender: Sender;
  readonly clustered: boolean;
  /** A sender to each primary. */
  primaries(): Promise<Sender[]>;
}

/** One way to send commands. */
export interface Sender {
  /** @param slot - of the keys, where there are some. */
  send(command: Argument[], slot: number): Promise<unknown>;
  /** Whether it connects, or is connected. */
  readonly open: boolean;
  /** Changes with every connection. */
  readonly epoch: unknown;
}

/** Whether the client's library refused a command by itself: then nothing of it was sent. */
export function wasRefusedUnsent(error: unknown): error is Error {
  return error instanceof Error && REFUSED_UNSENT.has(error.message);
}

/** Throws where an option is set that would break a guarantee of the driver. */
export function refuseOption(option: string, options: object | undefined): void {
  if (options !== undefined && (options as Record<string, unknown>)[option]) throw badOption(option, "not to set it");
}

/** The error for an option that would break a guarantee of the driver. */
export function badOption(option: string, allowed: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `the connection's option ${option} would break the driver's guarantees; allowed is ${allowed}`,
  );
}

/** What node-redis and ioredis say before they send anything. Both say it by the message alone. */
const REFUSED_UNSENT = new Set([
  "The queue is full",
  "The client is closed",
  "The client is offline",
  "Stream isn't writeable and enableOfflineQueue options is false",
  "Cluster isn't ready and enableOfflineQueue options is false",
]);
