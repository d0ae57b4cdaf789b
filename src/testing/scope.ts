import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "../client/client.js";
import { type Driver, NO_EXPIRY } from "../driver/driver.js";
import type { Facts } from "./suite.js";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** A client of text. */
export type Texts = Client<string, string>;

/** What a case works with: a driver, and namespaces that nobody else uses. */
export interface Scope {
  readonly facts: Facts;
  /** The driver itself, for what the seam promises. */
  readonly driver: Driver;
  /** A root namespace of this case's own, to be used as it is or with something added. */
  readonly root: string;
  /** The prefix of `client`. */
  readonly prefix: string;
  /** Text in a namespace of this case's own, without a default TTL. */
  readonly client: Texts;
  /** The same namespace as bytes. */
  readonly bytes: Client;
  /** Another client of text, of the namespace of `client` unless other names are given. */
  texts(domain?: string, rootNS?: string): Texts;
  /** Another client of text of the namespace of `client`, with a default TTL; 0: none. */
  withDefault(ttl: number): Texts;
  /** Another driver of the subject, for a case that closes it. */
  another(): Promise<Driver>;
  /** Asserts how long the key lives: about `expected`, or for ever where that is `NO_EXPIRY`. */
  assertTtl(key: string, expected: number): Promise<void>;
  /** Waits until a TTL that was given before this call has ended for certain. */
  ended(ttl: number): Promise<void>;
  /** Gives a key that held this value until its TTL ended. */
  expired(value: string): Promise<string>;
}

/** The suite's own, so that it proves drivers and not codecs. */
export const text = { format: "text", encode: (value: string) => value, decode: (stored: string) => stored } as const;

/** Keeps runs on a shared store apart. It is short, since some stores have short keys. */
const RUN = randomUUID().slice(0, 8);
let scopes = 0;

export function newScope(driver: Driver, facts: Facts, another: Scope["another"]): Scope {
  const root = `ns${RUN}-${scopes++}`;
  const texts: Scope["texts"] = (domain = "cases", rootNS = root) =>
    new Client(rootNS, domain, { driver, codec: text });
  const client = texts();
  const ended: Scope["ended"] = async (ttl) => {
    const end = Date.now() + ttl + facts.late;
    // A timer may fire a millisecond early.
    while (Date.now() < end) await sleep(end - Date.now());
  };
  return {
    facts,
    driver,
    root,
    prefix: client.prefix,
    client,
    bytes: new Client(root, "cases", { driver }),
    texts,
    withDefault: (ttl) => new Client(root, "cases", { driver, codec: text, ttl }),
    another,
    async assertTtl(key, expected) {
      const left = await client.ttl(key);
      // Halves leave a slow machine all the time it needs: the TTLs of the suite lie further apart.
      const fits = expected === NO_EXPIRY ? left === expected : expected / 2 < left && left <= expected + facts.late;
      assert.ok(fits, `the TTL is ${left}; expected was ${expected}`);
    },
    ended,
    async expired(value) {
      await client.set("expired", value, { ttl: facts.brief });
      await ended(facts.brief);
      return "expired";
    },
  };
}
