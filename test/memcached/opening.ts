import { onTestFinished } from "vitest";
import { Client } from "../../src/client/client.js";
import { text } from "../../src/codec/text.js";
import { MemcachedDriver, type MemcachedOptions } from "../../src/memcached/index.js";
import type { Texts } from "../support/load.js";

/** The timeout of drivers in fault tests, in milliseconds. */
export const TIMEOUT = 500;

export interface Opened {
  readonly driver: MemcachedDriver;
  readonly client: Texts;
}

/** A client of text over a driver of this test's own, by default with a timeout that no healthy server reaches. */
export async function open(options: string | MemcachedOptions): Promise<Opened> {
  const driver = await MemcachedDriver.connect({
    timeout: 10_000,
    ...(typeof options === "string" ? { servers: options } : options),
  });
  onTestFinished(() => driver.close());
  return { driver, client: over(driver) };
}

/** A client of text over a driver. */
export function over(driver: MemcachedDriver, rootNS = "app", domain = "users"): Texts {
  return new Client(rootNS, domain, { driver, codec: text });
}
