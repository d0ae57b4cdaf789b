import { needs } from "./needs.js";

/** The global setup of the tests of the Redis driver. */
export function setup(): void {
  needs("redis-server", "redis-cli");
}
