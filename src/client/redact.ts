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

function holdsArguments(cause: unknown, seen: Set<unknown>): boolean {
  if (typeof cause === "string") return cause.includes(ARGUMENTS);
  if (!(cause instanceof Error) || seen.has(cause)) return false;
  seen.add(cause);
  const behind: unknown = (cause as { errors?: unknown }).errors;
  const parts: unknown[] = [cause.message, cause.stack, cause.cause];
  return parts.concat(behind).some((part) => holdsArguments(part, seen));
}

/** Of an error the copy has the name, the message, and what lies behind it; a circle ends. */
function copy(cause: unknown, seen: Set<unknown>): unknown {
  if (typeof cause === "string") return withoutArguments(cause);
  if (!(cause instanceof Error)) return cause;
  if (seen.has(cause)) return undefined;
  seen.add(cause);
  const made = new Error(withoutArguments(String(cause.message)), { cause: copy(cause.cause, seen) });
  made.name = cause.name;
  return made;
}
