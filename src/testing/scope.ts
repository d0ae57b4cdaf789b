import { Client } from "../client/client.js";
import { type Driver, NO_EXPIRY } from "../driver/driver.js";
import * as assert from "./assert.js";
import { sleep } from "./sleep.js";
import type { Facts } from "./suite.js";

/** What a case works with: a driver, and namespaces that no other case uses. */
export interface Scope {
  readonly facts: Facts;
  /** The driver itself, for what the driver contract guarantees. */
  readonly driver: Driver;
  /** A root namespace for this case only. Names that begin with it are for this case only, too. */
  readonly root: string;
  /** The prefix of `client`. */
  readonly prefix: string;
  /** A client of strings in a namespace of this case, without a default TTL. */
  readonly client: Texts;
  /** A client of bytes in the same namespace. */
  readonly bytes: Client;
  /** Another client of strings, in the namespace of `client` unless other names are passed in. */
  texts(domain?: string, rootNS?: string): Texts;
  /** Another client of strings in the namespace of `client`, with a default TTL; 0 for none. */
  withDefault(ttl: number): Texts;
  /** Another driver of the subject, for a case that closes it. */
  another(): Promise<Driver>;
  /** Asserts that the key's TTL is about `expected`, or that it has none if that is `NO_EXPIRY`. */
  assertTtl(key: string, expected: number): Promise<void>;
  /** Waits until a TTL that was set before this call has certainly ended. */
  ended(ttl: number): Promise<void>;
  /** Returns a key that has expired, and that held this value before. */
  expired(value: string): Promise<string>;
}

/** A client of strings. */
export type Texts = Client<string, string>;

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** A codec of the suite's own, so that the suite tests drivers and not codecs. */
export const text = { format: "text", encode: (value: string) => value, decode: (stored: string) => stored } as const;

/**
 * Keeps apart the runs against a shared store. It is short, since some stores have short keys. The first case makes it:
 * some runtimes have no random numbers while a module loads.
 */
let run: string | undefined;
let scopes = 0;

export function newScope(driver: Driver, facts: Facts, another: Scope["another"]): Scope {
  run ??= Math.random().toString(36).slice(2, 10).padEnd(8, "0");
  const root = `ns${run}-${scopes++}`;
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
      // Half of it may have passed on a slow machine: the TTLs of the suite are further apart.
      const fits = expected === NO_EXPIRY ? left === expected : expected / 2 < left && left <= expected + facts.late;
      assert.ok(fits, `expected a TTL of ${expected} ms (-1: none) for ${JSON.stringify(key)}; it is ${left} ms`);
    },
    ended,
    async expired(value) {
      await client.set("expired", value, { ttl: facts.brief });
      await ended(facts.brief);
      return "expired";
    },
  };
}
