import type { NetworkSubject } from "../network/subject.js";
import { open } from "./opening.js";
import { RedisServer } from "./servers.js";

/** The driver for Redis, for the tests that every network driver runs. */
export const REDIS: NetworkSubject = {
  startServer: () => RedisServer.start(DURABLE),
  durable: true,
  open: async (address, { once = false, ...options } = {}) =>
    (await open({ url: `redis://${address}`, ...options }, once)).client,
  connect: 'RedisDriver.connect({ url: "redis://" + given.address, timeout: given.timeout })',
  refused: "no connection to Redis (ECONNREFUSED)",
  readFirst: [],
  garbage: [
    ["a line that is not of the protocol", "garbage\r\n"],
    ["a status too many", "+OK\r\n"],
  ],
  // Each place in the first command and its reply, and steps through all of them.
  cuts: { requests: [...range(0, 170, 1), ...range(170, 900, 7)], replies: range(0, 100, 1) },
  incrementOf: (storageKey) => `${storageKey}\r`,
};

/** The configuration of a server that has every acknowledged write after it was killed. */
export const DURABLE = { appendonly: "yes", appendfsync: "always" } as const;

function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.ceil((to - from) / step) }, (_, at) => from + at * step);
}
