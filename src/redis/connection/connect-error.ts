import { DriverError, NamestoreError, NotSupportedError, UnavailableError } from "../../errors.js";
import { errorPrefix, safeErrorPrefix, unknownCommand } from "../commands/errors.js";

/** The coded error for a failed attempt to connect. Nothing of the cause is repeated but its kind: it may quote a password. */
export function toConnectError(error: unknown): NamestoreError {
  if (error instanceof NamestoreError) return error;
  const unknown = unknownCommand(error);
  if (unknown === "HELLO" || errorPrefix(error) === "NOPROTO") {
    return new NotSupportedError(
      "the server refuses HELLO 3: it has to be Redis 6 or later, or a proxy that speaks RESP3",
    );
  }
  if (unknown !== undefined) return new NotSupportedError(`the server does not know the command ${unknown}`);
  const reason = reasonOf(error);
  const refused = hopelessReason(reason, error);
  return refused === undefined
    ? new UnavailableError(`no connection to Redis (${reason})`, { outcome: "not-applied" })
    : new DriverError(refused, { outcome: "not-applied" });
}

/** What is wrong where trying again cannot help. */
function hopelessReason(reason: string, error: unknown): string | undefined {
  if (reason === "WRONGPASS" || reason === "NOAUTH") return `Redis refused the user or the password (${reason})`;
  if (reason.startsWith("NOPERM")) return `the user lacks a right that connecting needs (${reason})`;
  return reason === "ERR" && (error as Error).message.includes("DB index") ? "Redis has no such database" : undefined;
}

/** Why there is no connection, in a word or a few. */
function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return safeErrorPrefix(error) ?? (typeof code === "string" && /^[A-Z_0-9]+$/.test(code) ? code : "no Redis answered");
}
