import { isPromise } from "../internal/promise.js";

/** Writes to the user's logger, with the tag before each message. A logger that throws or rejects affects no call. */
export class Log {
  readonly #logger: Logger | undefined;
  readonly #tag: string;

  constructor(logger: Logger | undefined, tag: string | undefined) {
    this.#logger = logger;
    this.#tag = tag === undefined || tag === "" ? "" : `${tag} `;
  }

  warn(message: string): void {
    this.#write("warn", message);
  }

  error(message: string): void {
    this.#write("error", message);
  }

  #write(level: keyof Logger, message: string): void {
    try {
      const result: unknown = this.#logger?.[level](this.#tag + message);
      if (isPromise(result)) result.then(undefined, () => {});
    } catch {}
  }
}

/** Where a client reports failures. `console` and the loggers of pino and winston fit. Each method receives one string. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}
