/** Returns the message of an error, cut before the arguments of a command, which hold values. */
export function withoutArguments(message: string): string {
  const at = message.indexOf(ARGUMENTS);
  return at < 0 ? message : message.slice(0, at + ARGUMENTS.length);
}

/** Returns the cause itself, or a copy that is cut in the same way if it, or a cause behind it, holds arguments. */
export function withoutArgumentsIn(cause: unknown): unknown {
  return holdsArguments(cause, new Set()) ? copy(cause, new Set()) : cause;
}

/** Whether something has a message, as an error has. Not by class: under jest, the errors of Node are of another realm. */
export function isErrorLike(
  thrown: unknown,
): thrown is Readonly<Record<"message" | "name" | "stack" | "cause", unknown>> {
  return typeof thrown === "object" && thrown !== null && "message" in thrown;
}

/** Redis repeats the arguments of an unknown command: `ERR unknown command 'X', with args beginning with: …`. */
const ARGUMENTS = "with args";

function holdsArguments(cause: unknown, seen: Set<unknown>): boolean {
  if (typeof cause === "string") return cause.includes(ARGUMENTS);
  if (!isErrorLike(cause) || seen.has(cause)) return false;
  seen.add(cause);
  // An AggregateError has several causes.
  const behind: unknown = (cause as { errors?: unknown }).errors;
  const parts: unknown[] = [cause.message, cause.stack, cause.cause];
  return parts.concat(behind).some((part) => holdsArguments(part, seen));
}

/** The copy of an error has its name, its message and the copy of its cause. A cause that leads back to itself is left out. */
function copy(cause: unknown, seen: Set<unknown>): unknown {
  if (typeof cause === "string") return withoutArguments(cause);
  if (!isErrorLike(cause)) return cause;
  if (seen.has(cause)) return undefined;
  seen.add(cause);
  const copied = new Error(withoutArguments(String(cause.message)), { cause: copy(cause.cause, seen) });
  if (typeof cause.name === "string") copied.name = cause.name;
  return copied;
}
