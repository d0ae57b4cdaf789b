import { Buffer } from "node:buffer";
import { NO_EXPIRY } from "../driver/driver.js";
import type { Encoded } from "../driver/encoded.js";
import { DESYNCHRONISED } from "../net/outcomes.js";
import type { ItemKey } from "./key.js";
import { EN, EX, HD, LINE, type MetaReply, MN, NF, NO_TTL_FLAG, NS, VA } from "./reply-reader.js";

/** One command of the meta protocol: what is sent, and how its reply is read. This file has a function for each. */
export interface MetaCommand<R> {
  /** The command line, without its opaque and its line end. */
  readonly text: string;
  /** What follows the line: only `ms` commands have a value. */
  readonly value: DataBlock | undefined;
  /** Whether the command is sent with an opaque, which its reply repeats. */
  readonly opaque: boolean;
  /**
   * Reads a reply, or one line of several. Returns {@link MORE} when other lines follow.
   *
   * @throws DESYNCHRONISED when the command never has such a reply.
   */
  readonly parse: (reply: MetaReply) => R | typeof MORE;
}

/** What {@link MetaCommand.parse} returns for every line of a reply but the last. */
export const MORE = Symbol("more");

/** Reads the value; `undefined` for a missing key. */
export function get({ text, flag }: ItemKey): MetaCommand<Encoded | undefined> {
  return command(`mg ${text}${flag} v`, parseValue);
}

/** Whether the key is live. */
export function exists({ text, flag }: ItemKey): MetaCommand<boolean> {
  return command(`mg ${text}${flag}`, trueIfHdFalseIfEn);
}

/** The milliseconds left, `NO_EXPIRY` for an item without a TTL, `undefined` for a missing key. */
export function ttl({ text, flag }: ItemKey): MetaCommand<number | undefined> {
  return command(`mg ${text}${flag} t`, parseTtl);
}

/** Stores a value with this TTL. */
export function set(key: ItemKey, value: DataBlock, ttlFlag: string): MetaCommand<void> {
  return command(store(key, value, ttlFlag), parseDone, value);
}

/** Stores a value with this TTL where the key is missing. `false`: it is live. */
export function setNX(key: ItemKey, value: DataBlock, ttlFlag: string): MetaCommand<boolean> {
  return command(`${store(key, value, ttlFlag)} ME`, trueIfHdFalseIfNs, value);
}

/** Stores a value with this TTL where the item still has its CAS token. `false`: it changed, or is gone. */
export function replace(key: ItemKey, value: DataBlock, ttlFlag: string, cas: string): MetaCommand<boolean> {
  return command(`${store(key, value, ttlFlag)} C${cas}`, parseCompared, value);
}

/** Adds to a counter, and keeps its TTL, where the item still has its CAS token. Neither number may be negative. */
export function increase({ text, flag }: ItemKey, delta: number, cas: string): MetaCommand<boolean> {
  return command(`ma ${text}${flag} D${delta} C${cas}`, parseCompared);
}

/** Removes an item. `false`: the key was missing. */
export function remove({ text, flag }: ItemKey): MetaCommand<boolean> {
  return command(`md ${text}${flag}`, trueIfHdFalseIfNf);
}

/** Removes an item that still has its CAS token. `false`: it changed, or is gone. */
export function compareAndRemove({ text, flag }: ItemKey, cas: string): MetaCommand<boolean> {
  return command(`md ${text}${flag} C${cas}`, parseCompared);
}

/**
 * Gives an item this TTL. `false`: the key is missing.
 *
 * `mg T` would keep the CAS token, so that a swap under way could write the old TTL back: `md I` changes both at once.
 */
export function expire({ text, flag }: ItemKey, ttlFlag: string): MetaCommand<boolean> {
  return command(`md ${text}${flag} I${ttlFlag}`, trueIfHdFalseIfNf);
}

/** Takes an item's TTL away. `false`: the key is missing. */
export function persist(key: ItemKey): MetaCommand<boolean> {
  return expire(key, " T0");
}

/** Reads the value, the CAS token and the TTL; `undefined` for a missing key. */
export function read({ text, flag }: ItemKey): MetaCommand<Item | undefined> {
  return command(`mg ${text}${flag} v c t`, parseItem);
}

/** Reads the CAS token and the TTL; `undefined` for a missing key. */
export function readState({ text, flag }: ItemKey): MetaCommand<ItemState | undefined> {
  return command(`mg ${text}${flag} c t`, parseState);
}

/** Does nothing: a reply shows that the server knows the meta commands and that the connection is alive. */
export function noop(): MetaCommand<void> {
  return { text: "mn", value: undefined, opaque: false, parse: parseNoop };
}

/** The server's clock, in seconds since the epoch. */
export function serverTime(): MetaCommand<Readonly<Record<"time", string>>> {
  return stats("stats", ["time"]);
}

/** The largest item that the server takes, and whether it has CAS tokens. */
export function serverSettings(): MetaCommand<Readonly<Record<"item_size_max" | "cas_enabled", string>>> {
  return stats("stats settings", ["item_size_max", "cas_enabled"]);
}

/** A value as it is sent: the protocol's data block. */
export interface DataBlock {
  readonly data: Encoded;
  readonly byteLength: number;
  /** The bytes of the key and the value, which the server has to have room for. */
  readonly itemBytes: number;
  /** Whether it is a string of ASCII alone, which is the fastest to write. */
  readonly ascii: boolean;
}

/** The value for a key's `ms` command. */
export function dataBlock(key: ItemKey, data: Encoded): DataBlock {
  const byteLength = typeof data === "string" ? Buffer.byteLength(data) : data.length;
  return { data, byteLength, itemBytes: key.byteLength + byteLength, ascii: byteLength === data.length };
}

/** An item as one reply describes it. */
export interface Item extends ItemState {
  readonly value: Encoded;
}

/** An item without its value. */
export interface ItemState {
  /** The CAS token, which changes whenever the item does. */
  readonly cas: string;
  /** Seconds left; -1: it has no TTL. */
  readonly ttl: number;
}

function command<R>(text: string, parse: MetaCommand<R>["parse"], value?: DataBlock): MetaCommand<R> {
  return { text, value, opaque: true, parse };
}

function store({ text, flag }: ItemKey, { byteLength }: DataBlock, ttlFlag: string): string {
  return `ms ${text} ${byteLength}${flag}${ttlFlag}`;
}

/** Some of the lines of a `stats` command. */
function stats<Name extends string>(text: string, names: readonly Name[]): MetaCommand<Readonly<Record<Name, string>>> {
  const found = new Map<string, string>();
  const parse = ({ code, line }: MetaReply): Readonly<Record<Name, string>> | typeof MORE => {
    if (code !== LINE) throw DESYNCHRONISED;
    if (line === "END") {
      if (!names.every((name) => found.has(name))) throw DESYNCHRONISED;
      // Every name was found, so the record is whole.
      return Object.fromEntries(found) as Record<Name, string>;
    }
    const [, name = "", value = ""] = /^STAT (\S+) ?(.*)$/.exec(line) ?? [];
    if (name === "") throw DESYNCHRONISED;
    if (names.some((each) => each === name)) found.set(name, value);
    return MORE;
  };
  return { text, value: undefined, opaque: false, parse };
}

const trueIfHdFalseIfEn = eitherOf(HD, EN);
const trueIfHdFalseIfNs = eitherOf(HD, NS);
const trueIfHdFalseIfNf = eitherOf(HD, NF);

function eitherOf(yes: number, no: number): (reply: MetaReply) => boolean {
  return ({ code }) => {
    if (code === yes) return true;
    if (code === no) return false;
    throw DESYNCHRONISED;
  };
}

function parseDone({ code }: MetaReply): void {
  if (code !== HD) throw DESYNCHRONISED;
}

function parseCompared({ code }: MetaReply): boolean {
  if (code === HD) return true;
  if (code === EX || code === NF) return false;
  throw DESYNCHRONISED;
}

function parseValue({ code, value }: MetaReply): Encoded | undefined {
  if (code === VA || code === EN) return value;
  throw DESYNCHRONISED;
}

function parseTtl({ code, ttl }: MetaReply): number | undefined {
  if (code === EN) return undefined;
  if (code !== HD || ttl === NO_TTL_FLAG) throw DESYNCHRONISED;
  if (hasExpired(ttl)) return undefined;
  return ttl < 0 ? NO_EXPIRY : ttl * 1_000;
}

function parseItem({ code, value, cas, ttl }: MetaReply): Item | undefined {
  if (code === EN) return undefined;
  if (code !== VA || value === undefined || cas === "" || ttl === NO_TTL_FLAG) throw DESYNCHRONISED;
  return hasExpired(ttl) ? undefined : { value, cas, ttl };
}

function parseState({ code, cas, ttl }: MetaReply): ItemState | undefined {
  if (code === EN) return undefined;
  if (code !== HD || cas === "" || ttl === NO_TTL_FLAG) throw DESYNCHRONISED;
  return hasExpired(ttl) ? undefined : { cas, ttl };
}

function parseNoop({ code }: MetaReply): void {
  if (code !== MN) throw DESYNCHRONISED;
}

/** Whether an item expired while the server looked it up: then no seconds are left, or fewer, which it sends as 2^32 less them. */
function hasExpired(ttl: number): boolean {
  return ttl === 0 || ttl >= 2 ** 31;
}
