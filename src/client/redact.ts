/** Redis repeats the arguments of a command it does not know: `ERR unknown command 'X', with args beginning with: …`. */
const ARGUMENTS = "with args";

/** The text, cut where the arguments would follow: they hold values. */
export function withoutArguments(text: string): string {
  const at = text.indexOf(ARGUMENTS);
  return at < 0 ? text : text.slice(0, at + ARGUMENTS.length);
}

/** The cause itself, or, where it or what lies behind it holds such a text, a copy that is cut there. */
export function withoutArgumentsIn(cause: unknown): unknown {
  return holdsArguments(cause, new Set()) ? copy(cause, new Set()) : cause;
}

/** What has a message, as an error has; of another realm too, as the errors of Node are under jest. */
export function isErrorLike(
  thrown: unknown,
): thrown is Readonly<Record<"message" | "name" | "stack" | "cause", unknown>> {
  return typeof thrown === "object" && thrown !== null && "message" in thrown;
}

function holdsArguments(cause: unknown, seen: Set<unknown>): boolean {
  if (typeof cause === "string") return cause.includes(ARGUMENTS);
  if (!isErrorLike(cause) || seen.has(cause)) return false;
  seen.add(cause);
  const behind: unknown = (cause as { errors?: unknown }).errors;
  const parts: unknown[] = [cause.message, cause.stack, cause.cause];
  return parts.concat(behind).some((part) => holdsArguments(part, seen));
}

/** Of an error the copy has the name, the message, and what lies behind it; a circle ends. */
function copy(cause: unknown, seen: Set<unknown>): unknown {
  if (typeof cause === "string") return withoutArguments(cause);
  if (!isErrorLike(cause)) return cause;
  if (seen.has(cause)) return undefined;
  seen.add(cause);
  const made = new Error(withoutArguments(String(cause.message)), { cause: copy(cause.cause, seen) });
  if (typeof cause.name === "string") made.name = cause.name;
  return made;
}
