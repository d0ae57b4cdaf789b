import { Buffer } from "node:buffer";
import { InvalidKeyError } from "../errors.js";
import type { Link } from "./link.js";

/** The longest key of the protocol, as it is sent. */
const LONGEST = 250;

/** The longest key that is no more than {@link LONGEST} bytes of base64. */
const LONGEST_AWKWARD = 186;

/** What the protocol takes as it is: no space, no control character, and nothing past ASCII. */
const PLAIN = /^[!-~]+$/;

/** A storage key as commands name it. */
export interface Key {
  /** The storage key itself. */
  readonly name: string;
  /** What is sent: the name, or its base64. */
  readonly sent: string;
  /** The flag that tells the server of base64, with a space before it; or nothing. */
  readonly flag: "" | " b";
  /** How many bytes the server keeps of it. */
  readonly bytes: number;
  /** Its server, once it was looked for: on a ring of several that takes a digest. */
  link: Link | undefined;
}

/**
 * The key for a command. Nothing in it can be taken for another word of the protocol.
 *
 * @throws InvalidKeyError when it is too long.
 */
export function keyOf(prefix: string, key: string): Key {
  const name = prefix + key;
  if (PLAIN.test(name)) {
    if (name.length > LONGEST) throw tooLong(name.length, LONGEST, "");
    return { name, sent: name, flag: "", bytes: name.length, link: undefined };
  }
  const bytes = Buffer.from(name);
  if (bytes.length > LONGEST_AWKWARD) {
    throw tooLong(bytes.length, LONGEST_AWKWARD, ", since it is not all printable ASCII without a space");
  }
  return { name, sent: bytes.toString("base64"), flag: " b", bytes: bytes.length, link: undefined };
}

function tooLong(bytes: number, limit: number, why: string): InvalidKeyError {
  return new InvalidKeyError(
    `the storage key, the namespace's prefix included, is ${bytes} bytes long; Memcached takes up to ${limit}${why}`,
  );
}
