import { Buffer } from "node:buffer";
import { InvalidKeyError } from "../errors.js";
import type { Server } from "./server.js";

/**
 * The key of an item, as commands send it. Nothing in it can be mistaken for another word of the protocol.
 *
 * @throws InvalidKeyError when it is too long.
 */
export function itemKey(prefix: string, key: string): ItemKey {
  const name = prefix + key;
  if (PLAIN.test(name)) {
    if (name.length > LONGEST) throw tooLong(name.length, LONGEST, "");
    return { name, text: name, flag: "", byteLength: name.length, server: undefined };
  }
  const bytes = Buffer.from(name);
  if (bytes.length > LONGEST_AWKWARD) {
    throw tooLong(bytes.length, LONGEST_AWKWARD, ", since it is not all printable ASCII without a space");
  }
  return { name, text: bytes.toString("base64"), flag: " b", byteLength: bytes.length, server: undefined };
}

/** A storage key and how commands send it. */
export interface ItemKey {
  /** The storage key itself. */
  readonly name: string;
  /** What is sent: the storage key, or its base64. */
  readonly text: string;
  /** The flag that says that the text is base64, after a space; otherwise nothing. */
  readonly flag: "" | " b";
  /** How many bytes of it the server stores. */
  readonly byteLength: number;
  /** Its server, once it was looked up: with several servers that takes a digest. */
  server: Server | undefined;
}

/** The longest key that the protocol takes, in bytes. */
const LONGEST = 250;

/** The longest key whose base64 has no more than {@link LONGEST} bytes. */
const LONGEST_AWKWARD = 186;

/** What the protocol takes unchanged: no space, no control character, nothing beyond ASCII. */
const PLAIN = /^[!-~]+$/;

function tooLong(bytes: number, limit: number, why: string): InvalidKeyError {
  return new InvalidKeyError(
    `the storage key, the namespace's prefix included, is ${bytes} bytes long; Memcached takes up to ${limit}${why}`,
  );
}
