import { DriverError, NamestoreError, UnavailableError } from "../errors.js";
import { knownWord } from "./protocol.js";

/** What is told of a failed connect. Nothing of it is repeated but its kind: it may quote what was sent. */
export function connectError(error: unknown): NamestoreError {
  if (error instanceof NamestoreError) return error;
  const why = reasonOf(error);
  const refused = refusal(why, error);
  return refused === undefined
    ? new UnavailableError(`no connection to Redis (${why})`, { outcome: "not-applied" })
    : new DriverError(refused, { outcome: "not-applied" });
}

/** Where trying again cannot help. */
function refusal(why: string, error: unknown): string | undefined {
  if (why === "WRONGPASS" || why === "NOAUTH") return `Redis refused the user or the password (${why})`;
  if (why === "NOPERM") return "the user lacks a right that connecting needs (NOPERM)";
  return why === "ERR" && (error as Error).message.includes("DB index") ? "Redis has no such database" : undefined;
}

/** Why there is no connection, in a word or a few. */
export function reasonOf(error: unknown): string {
  if (error instanceof NamestoreError) return error.message;
  const code = (error as { code?: unknown } | null)?.code;
  return knownWord(error) ?? (typeof code === "string" && /^[A-Z_0-9]+$/.test(code) ? code : "no Redis answered");
}
