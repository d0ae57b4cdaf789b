import type { Supports } from "../driver/supports.js";
import type { Scope } from "./scope.js";
import type { Limits, Subject } from "./subject.js";

/** What the file of a topic registers its cases with. */
export interface Suite {
  /** Registers a case. Where the driver does not support what it needs, the case checks that the driver says so. */
  it(name: string, body: Body, ...needs: Needs): void;
  /** Registers a case that waits for TTLs to end. All of these start together, so that they wait side by side. */
  timed(name: string, body: Body, ...needs: Needs): void;
  readonly facts: Facts;
}

/** The body of a case. No other case uses its namespaces. */
export type Body = (scope: Scope) => Promise<unknown>;

/** What a case needs that not every driver supports. */
export type Needs = readonly (keyof Supports)[];

/** The declarations of a subject, with their defaults. */
export interface Facts {
  readonly limits: Limits;
  /** A short TTL in milliseconds. */
  readonly brief: number;
  /** How long a case may take, in milliseconds. */
  readonly caseLimit: number;
  /** How long a key may outlive its TTL, in milliseconds. */
  readonly late: number;
}

export function factsOf({ ttlResolution = 1, limits = {}, caseLimit = 30_000 }: Subject): Facts {
  return { limits, caseLimit, brief: Math.max(20, ttlResolution), late: 2 * ttlResolution };
}
