import { DriverError, NamestoreError, UnavailableError } from "../errors.js";
import { withOutcome } from "../internal/outcomes.js";
import { spokenWord } from "./protocol.js";

/**
 * What is told of a failed connect. Nothing of it is repeated but its kind: it may quote what was sent.
 *
 * @param where - the addresses that were tried.
 */
export function connectError(error: unknown, where: string): NamestoreError {
  if (error instanceof NamestoreError) return withOutcome(error, "not-applied", `${where}: `);
  const why = reasonOf(error);
  const refused = refusal(why, error);
  return refused === undefined
    ? new UnavailableError(`${where}: no connection to Redis (${why})`, { outcome: "not-applied" })
    : new DriverError(`${where}: ${refused}`, { outcome: "not-applied" });
}

/** Where trying again cannot help. */
function refusal(why: string, error: unknown): string | undefined {
  if (why === "WRONGPASS" || why === "NOAUTH") return `Redis refused the user or the password (${why})`;
  if (why.startsWith("NOPERM")) return `the user lacks a right that connecting needs (${why})`;
  return why === "ERR" && (error as Error).message.includes("DB index") ? "Redis has no such database" : undefined;
}

/** Why there is no connection, in a word or a few. */
export function reasonOf(error: unknown): string {
  if (error instanceof NamestoreError) return error.message;
  const code = (error as { code?: unknown } | null)?.code;
  return spokenWord(error) ?? (typeof code === "string" && /^[A-Z_0-9]+$/.test(code) ? code : "no Redis answered");
}
