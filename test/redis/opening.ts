import { onTestFinished } from "vitest";
import { Client } from "../../src/client/client.js";
import { text } from "../../src/codec/text.js";
import { RedisDriver, type RedisOptions } from "../../src/redis/index.js";
import type { Texts } from "../support/load.js";

/** The timeout of drivers in fault tests, in milliseconds. */
export const TIMEOUT = 500;

export interface Opened {
  readonly driver: RedisDriver;
  readonly client: Texts;
}

/** A client of text over a driver of this test's own, with a short timeout unless it is given another. */
export async function open(options: string | RedisOptions): Promise<Opened> {
  const driver = await RedisDriver.connect({
    timeout: TIMEOUT,
    ...(typeof options === "string" ? { url: options } : options),
  });
  onTestFinished(() => driver.close());
  return { driver, client: over(driver) };
}

/** A client of text over a driver. */
export function over(driver: RedisDriver, rootNS = "app", domain = "users"): Texts {
  return new Client(rootNS, domain, { driver, codec: text });
}
