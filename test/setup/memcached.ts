import { needs } from "./needs.js";

/** The global setup of the tests of the Memcached driver. */
export function setup(): void {
  needs("memcached");
}
