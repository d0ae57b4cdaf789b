import { DriverError, NotSupportedError, OutcomeError, TypeMismatchError, UnavailableError } from "../../errors.js";
import { lost, withOutcome } from "../../net/outcomes.js";

/**
 * The coded error for what a command failed with. Of the server's own text only the prefix is repeated: some of its
 * texts quote the command's arguments.
 *
 * @param server - the address, where it is known.
 */
export function toDriverError(error: unknown, server?: string): Error {
  const reason = codedError(error, server);
  return server === undefined || !(reason instanceof OutcomeError) || errorPrefix(error) === undefined
    ? reason
    : withOutcome(reason, reason.outcome, `${server}: `);
}

function codedError(error: unknown, server: string | undefined): Error {
  const prefix = errorPrefix(error);
  // The encoder throws it for what does not fit into one string.
  if (error instanceof RangeError) return new DriverError("the command is too long", { outcome: "not-applied" });
  if (prefix === undefined) return lost(server);
  if (prefix === "ERR" && (error as Error).message.includes("cluster support disabled")) {
    return new NotSupportedError("the server is not a node of a Redis Cluster: connect with the option url");
  }
  const unknown = unknownCommand(error);
  if (unknown !== undefined) {
    return new NotSupportedError(`the server does not know the command ${unknown}: it is too old, or has it renamed`);
  }
  return errorOfPrefix(prefix, safeErrorPrefix(error));
}

/** The coded error for a prefix of Redis's errors. */
export function errorOfPrefix(prefix: string, shown = KNOWN.has(prefix) ? prefix : undefined): Error {
  if (prefix === "WRONGTYPE") return new TypeMismatchError("the key holds another Redis type than a string");
  if (UNAVAILABLE.has(prefix)) {
    return new UnavailableError(`Redis refuses for now (${prefix})`, { outcome: "not-applied" });
  }
  if (prefix === "CROSSSLOT") {
    return new NotSupportedError(
      "the keys lie in several slots: connect to a node of a Redis Cluster with the option cluster",
    );
  }
  const hint = prefix === "MOVED" ? ": connect to a node of a Redis Cluster with the option cluster" : "";
  return new DriverError(`Redis replied with an error (${shown ?? "of an unknown kind"})${hint}`, {
    outcome: prefix === "ERR" || !KNOWN.has(prefix) ? "unknown" : "not-applied",
  });
}

/**
 * The first word of an error that the server sent, such as `"WRONGTYPE"`, or `undefined` for an error of the client
 * library: then the reply, if there was one, is lost. The message
 * decides, since a client that was passed in has classes of its own, and a bundler may have renamed ours: no library's own
 * message begins with a word in capitals.
 */
export function errorPrefix(error: unknown): string | undefined {
  return error instanceof Error ? /^[A-Z][A-Z0-9_]+(?= |$)/.exec(error.message)?.[0] : undefined;
}

/** The command of the driver's that the server does not know: nothing was done then. */
export function unknownCommand(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const [, command = ""] = /^ERR unknown command ['`]([A-Za-z]+)['`]/.exec(error.message) ?? [];
  return COMMANDS.includes(command.toLowerCase()) ? command.toUpperCase() : undefined;
}

/** What is safe to repeat of a server's error: its prefix, and the name of a command that is not permitted. */
export function safeErrorPrefix(error: unknown): string | undefined {
  const prefix = errorPrefix(error);
  if (prefix === undefined || !KNOWN.has(prefix)) return undefined;
  const [, command = ""] = /'([a-z|]+)' command/.exec((error as Error).message) ?? [];
  if (prefix === "NOPERM" && COMMANDS.includes(command)) return `${prefix}: ${command}`;
  const text = SAFE_TEXTS.find((safe) => (error as Error).message === `${prefix} ${safe}`);
  return text === undefined ? prefix : `${prefix} ${text}`;
}

/** An error that a server sent in place of a reply. */
export interface Refusal {
  /** Its first word, such as `"MOVED"`. */
  readonly prefix: string;
  readonly message: string;
}

/** The prefixes that mean: not now, and nothing was done. */
const UNAVAILABLE = new Set(["LOADING", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "TRYAGAIN", "NOREPLICAS", "BUSY"]);

/** Prefixes that are safe to repeat. Any other word of a broken or unusual server could be part of a value. */
const KNOWN = new Set([
  ...UNAVAILABLE,
  "ERR",
  "WRONGTYPE",
  "NOPERM",
  "NOAUTH",
  "WRONGPASS",
  "OOM",
  "MISCONF",
  "EXECABORT",
  "NOSCRIPT",
  "CROSSSLOT",
  "MOVED",
  "ASK",
]);

/** Whole texts of errors that hold nothing of a command, and say what its prefix does not. */
const SAFE_TEXTS: readonly string[] = [
  "max number of clients reached",
  "Protocol error: invalid bulk length",
  "string exceeds maximum allowed size (proto-max-bulk-len)",
];

/** Commands that the driver sends: a server's word about any other is not repeated. */
const COMMANDS =
  "get mget set mset incrby exists pttl pexpire persist del unlink evalsha eval scan asking select role ping hello auth sentinel cluster cluster|slots".split(
    " ",
  );
