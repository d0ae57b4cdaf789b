import { NO_EXPIRY } from "../driver/driver.js";
import type { Encoded } from "../driver/encoded.js";
import { GARBLED } from "../internal/outcomes.js";
import { EN, EX, HD, LINE, MN, NF, NS, type Reply, UNTOLD, VA } from "./protocol.js";
import { type Kind, MORE } from "./request.js";

/** A kind whose reply is one of two codes. */
function either(yes: number, no: number): Kind<boolean> {
  return {
    marked: true,
    answer: ({ code }) => {
      if (code === yes) return true;
      if (code === no) return false;
      throw GARBLED;
    },
  };
}

/** `mg v`: the value, or `undefined`. */
export const GET: Kind<Encoded | undefined> = {
  marked: true,
  answer: ({ code, value }) => {
    if (code === VA || code === EN) return value;
    throw GARBLED;
  },
};

/** `mg` without `v`: whether the key is live. */
export const EXISTS = either(HD, EN);

/** `ms`. */
export const SET: Kind<void> = {
  marked: true,
  answer: ({ code }) => {
    if (code !== HD) throw GARBLED;
  },
};

/** `ms ME`: whether it was stored. */
export const ADD = either(HD, NS);

/** `md`, with `I` or without: whether there was a live key. */
export const DELETE = either(HD, NF);

/** Whether an item ended while the server looked at it: the seconds left are none, or fewer, which it tells as 2^32 less them. */
function isOver(ttl: number): boolean {
  return ttl === 0 || ttl >= 2 ** 31;
}

/** `mg t`: the milliseconds left, or that it has no TTL; `undefined`: missing. */
export const TTL: Kind<number | undefined> = {
  marked: true,
  answer: ({ code, ttl }) => {
    if (code === EN) return undefined;
    if (code !== HD || ttl === UNTOLD) throw GARBLED;
    if (isOver(ttl)) return undefined;
    return ttl < 0 ? NO_EXPIRY : ttl * 1_000;
  },
};

/** An item at a moment. */
export interface Item {
  readonly value: Encoded | undefined;
  /** Changes with every change of the item. */
  readonly cas: string;
  /** Seconds left; -1: it has no TTL. */
  readonly ttl: number;
}

/** `mg c t`, with `v` or without. */
export const ITEM: Kind<Item | undefined> = {
  marked: true,
  answer: ({ code, value, cas, ttl }) => {
    if (code === EN) return undefined;
    if ((code !== VA && code !== HD) || cas === "" || ttl === UNTOLD) throw GARBLED;
    return isOver(ttl) ? undefined : { value, cas, ttl };
  },
};

/** `ms`, `ma` or `md` with `C`: `false` where the item has changed, or is gone. */
export const COMPARED: Kind<boolean> = {
  marked: true,
  answer: ({ code }) => {
    if (code === HD) return true;
    if (code === EX || code === NF) return false;
    throw GARBLED;
  },
};

/** `mn`: all before it is done. */
export const NOTHING: Kind<void> = {
  marked: false,
  answer: ({ code }) => {
    if (code !== MN) throw GARBLED;
  },
};

/** Some of the lines of `stats` or `stats settings`. */
export function stats<Name extends string>(...names: readonly Name[]): Kind<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {};
  return {
    marked: false,
    answer: ({ code, line }: Reply) => {
      if (code !== LINE) throw GARBLED;
      if (line === "END") {
        if (names.some((name) => found[name] === undefined)) throw GARBLED;
        return found as Record<Name, string>;
      }
      const [, name, value] = /^STAT (\S+) ?(.*)$/.exec(line) ?? [];
      if (name === undefined) throw GARBLED;
      if ((names as readonly string[]).includes(name)) found[name as Name] = value as string;
      return MORE;
    },
  };
}
