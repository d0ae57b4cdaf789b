import { NotFoundError } from "../errors.js";

/** What a client makes of a driver's reply. This one passes it on as it is. */
export function identity<T>(reply: T): T {
  return reply;
}

/** @throws NotFoundError when the reply is `undefined`: the key is missing. */
export function required<T>(reply: T | undefined): T {
  if (reply === undefined) throw NOT_FOUND;
  return reply;
}

/** @throws NotFoundError when the reply is `false`: the key is missing. */
export function mustExist(found: boolean): void {
  if (!found) throw NOT_FOUND;
}

/** Thrown at every miss. Each caller gets a copy, so that only the copy pays for a stack trace. */
const NOT_FOUND = new NotFoundError("the key is missing or expired");
