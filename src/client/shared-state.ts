import type { Driver } from "../driver/driver.js";
import { milliseconds } from "../duration.js";
import { MemoryDriver } from "../memory/memory-driver.js";
import { Log } from "./log.js";
import type { ClientOptions } from "./options.js";
import { Outage } from "./outage.js";
import { SingleFlight } from "./single-flight.js";

/** What a client shares with its views and siblings. */
export interface SharedState {
  /** Calls go through `CallRunner` and `GetOrSet` only. */
  readonly driver: Driver;
  /** The default TTL in milliseconds, 0 for none. */
  readonly ttl: number;
  readonly log: Log;
  readonly outage: Outage;
  readonly flights: SingleFlight;
}

/**
 * Returns the state of a new client. The other options were checked before.
 *
 * @throws InvalidArgumentError for a bad `ttl`.
 */
export function newSharedState(options: Omit<ClientOptions<unknown>, "codec">): SharedState {
  const ttl = options.ttl === undefined ? 0 : milliseconds(options.ttl, "ttl");
  const driver = options.driver ?? new MemoryDriver();
  const log = new Log(options.logger, options.logTag);
  return {
    driver,
    ttl,
    log,
    outage: new Outage(log, driver.name),
    flights: new SingleFlight(),
  };
}
