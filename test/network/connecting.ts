import { TimeoutError } from "../../src/errors.js";
import { eventually } from "../support/waiting.js";

/**
 * What `connect` resolves to. It is called again when it times out: on a busy machine a handshake may take longer than
 * the short timeout of calls in a test.
 */
export async function connected<D>(connect: () => Promise<D>): Promise<D> {
  return await eventually("a connection", async () => {
    try {
      return { driver: await connect() };
    } catch (error) {
      if (error instanceof TimeoutError) throw error;
      return { error };
    }
  }).then(({ driver, error }) => {
    if (error !== undefined) throw error;
    return driver as D;
  });
}

/** The timeout of calls that should not time out, however busy the machine is, in milliseconds. */
export const LONG_TIMEOUT = 60_000;

/** The timeout of calls in tests about timeouts, in milliseconds. */
export const SHORT_TIMEOUT = 500;

/** How long a call may stay pending beyond its timeout on a busy machine, in milliseconds. */
export const PATIENCE = 10_000;

/** The longest that calls may fail once the server can be reached again, on a busy machine, in milliseconds. */
export const RECOVERY = 15_000;
