/** Runs the conformance suite over every driver, on the runtime that runs this file: node drivers.mjs <redis url> <memcached address>. */

import process from "node:process";
import { MemoryDriver } from "namestore";
import { MemcachedDriver } from "namestore/memcached";
import { RedisDriver } from "namestore/redis";
import { conformance } from "namestore/testing";
import { runSuite } from "./suite.mjs";

const [url, address] = process.argv.slice(2);

/** What memcached's own defaults allow. */
const memcachedLimits = {
  ttlResolution: 1_000,
  limits: { keyBytes: 250, awkwardKeyBytes: 186, valueBytes: 1_000_000, ttl: Date.UTC(2038, 0, 19) - Date.now() },
};

const subjects = [
  { name: "memory", open: () => new MemoryDriver() },
  { name: "redis", open: () => RedisDriver.connect(url) },
  { name: "memcached", open: () => MemcachedDriver.connect(address), ...memcachedLimits },
];

const results = await Promise.all(
  subjects.map(async (subject) => ({ name: subject.name, ...(await runSuite(conformance, subject)) })),
);
for (const { name, passed, failures } of results) {
  console.log(`${name}: ${passed} passed, ${failures.length} failed`);
  for (const failure of failures.slice(0, 5)) console.log(`  ${failure}`);
}
process.exit(results.some(({ failures }) => failures.length > 0) ? 1 : 0);
