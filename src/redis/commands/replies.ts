import { Buffer } from "node:buffer";
import type { Encoded } from "../../driver/encoded.js";
import { DESYNCHRONISED } from "../../net/outcomes.js";

/** What Redis replies: bulk strings are Buffers, status replies are strings, lists are arrays. */
export type Reply = Buffer | string | number | null | readonly Reply[];

/** One argument of a command. */
export type Argument = string | Buffer;

/** RESP's type of bulk strings, for node-redis's type mapping. */
export const BLOB_STRING = 36;

/** The result, where the reply is one that the command can have. Throws `DESYNCHRONISED` otherwise: it is another's. */
export function expectReply<R>(reply: Reply | undefined, fits: boolean, result: R): R {
  if (!fits || reply === undefined) throw DESYNCHRONISED;
  return result;
}

/** A bulk string, or `undefined` for null. */
export function parseValue(reply: Reply | undefined): Encoded | undefined {
  return expectReply(reply, reply === null || Buffer.isBuffer(reply), (reply as Buffer | null) ?? undefined);
}

/** 1 or 0. */
export function parseBoolean(reply: Reply): boolean {
  return expectReply(reply, reply === 0 || reply === 1, reply === 1);
}

export function parseInteger(reply: Reply): number {
  return expectReply(reply, typeof reply === "number", reply as number);
}

export function parseOK(reply: Reply): void {
  expectReply(reply, isOK(reply), undefined);
}

/** OK, or null where a condition of the command was not met. */
export function parseOKOrNull(reply: Reply): boolean {
  return expectReply(reply, reply === null || isOK(reply), reply !== null);
}

/** A list of so many elements. */
export function parseList(reply: Reply, length: number): readonly Reply[] {
  return expectReply(reply, Array.isArray(reply) && reply.length === length, reply as Reply[]);
}

function isOK(reply: Reply): boolean {
  return String(reply) === "OK";
}
