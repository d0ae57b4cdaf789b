import { afterAll } from "vitest";
import { Client } from "../../src/client/client.js";
import { text } from "../../src/codec/text.js";
import { RedisDriver, type RedisOptions } from "../../src/redis/index.js";
import { connected, LONG_TIMEOUT } from "../network/connecting.js";
import type { Texts } from "../support/load.js";

export interface Opened {
  readonly driver: RedisDriver;
  readonly client: Texts;
}

/**
 * Opens a client of strings over a driver of its own, with a long timeout by default. It is closed after the tests.
 *
 * @param once - whether to connect once only, even if that times out.
 */
export async function open(options: string | RedisOptions, once = false): Promise<Opened> {
  const given = { timeout: LONG_TIMEOUT, ...(typeof options === "string" ? { url: options } : options) };
  const connect = (): Promise<RedisDriver> => RedisDriver.connect(given);
  const driver = await (once ? connect() : connected(connect));
  drivers.add(driver);
  return { driver, client: over(driver) };
}

/** A client of strings over a driver. */
export function over(driver: RedisDriver, rootNS = "app", domain = "users"): Texts {
  return new Client(rootNS, domain, { driver, codec: text });
}

const drivers = new Set<RedisDriver>();
afterAll(() => {
  for (const driver of drivers) driver.close();
});
