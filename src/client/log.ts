import { isPromise } from "../internal/promise.js";

/** Where a client reports to: `console`, pino and winston fit as they are. Each method gets one string. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Writes to the user's logger, with the tag in front. A logger that throws or rejects harms nobody. */
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
      const answer: unknown = this.#logger?.[level](this.#tag + message);
      if (isPromise(answer)) answer.then(undefined, () => {});
    } catch {}
  }
}
