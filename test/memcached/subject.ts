import type { NetworkSubject } from "../network/subject.js";
import { open } from "./opening.js";
import { MemcachedServer } from "./servers.js";

/** The driver for Memcached, for the tests that every network driver runs. */
export const MEMCACHED: NetworkSubject = {
  startServer: () => MemcachedServer.start(),
  durable: false,
  open: async (address, { once = false, ...options } = {}) =>
    (await open({ servers: address, ...options }, once)).client,
  connect: "MemcachedDriver.connect({ servers: given.address, timeout: given.timeout })",
  refused: "no connection to Memcached (ECONNREFUSED)",
  readFirst: ["incr", "getSet"],
  garbage: [
    ["a line that is not of the protocol", "garbage\r\n"],
    ["the end of a list", "EN\r\n"],
    ["a reply too many", "HD O1\r\n"],
    ["a value too many", "VA 1 O3\r\nx\r\n"],
    ["an error too many", "ERROR\r\n"],
  ],
  cuts: { requests: range(0, 480, 3), replies: range(0, 90, 1) },
  incrementOf: (storageKey) => `ma ${storageKey} `,
};

function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.ceil((to - from) / step) }, (_, at) => from + at * step);
}
