import type { Scope } from "./scope.js";
import type { Cannot, Limits, Subject } from "./subject.js";

/** What a suite registers its cases with. */
export interface Suite {
  /** A case. It is left out where the subject cannot do what it needs; `listing.ts` then checks that it says so. */
  it(name: string, body: Body, ...needs: Needs): void;
  /** A case that waits for TTLs to end: all of these start together, so that they wait side by side. */
  timed(name: string, body: Body, ...needs: Needs): void;
  readonly facts: Facts;
}

/** A case's body. It has its namespaces to itself. */
export type Body = (scope: Scope) => Promise<unknown>;

/** What a case needs that not every driver can do. */
export type Needs = readonly (keyof Cannot)[];

/** A subject's declarations, read once. */
export interface Facts {
  readonly cannot: Cannot;
  readonly limits: Limits;
  /** A TTL that is over soon. */
  readonly brief: number;
  /** How long a key may outlive its TTL. */
  readonly late: number;
}

export function factsOf({ ttlResolution = 1, cannot = {}, limits = {} }: Subject): Facts {
  return { cannot, limits, brief: Math.max(20, ttlResolution), late: 2 * ttlResolution };
}
