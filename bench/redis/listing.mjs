import assert from "node:assert/strict";
import { createClient } from "redis";
import { Client, text } from "../../dist/index.js";
import { RedisDriver } from "../../dist/redis.js";
import { startRedis } from "./server.mjs";

const LISTED = 10_000;
const OTHERS = 990_000;

/**
 * The keys of one namespace among many others, and its `clear`, beside a raw SCAN.
 *
 * @param {import("./run.mjs").Options} options
 * @returns {Promise<import("../report.mjs").Report>}
 */
export async function listing({ progress }) {
  const server = await startRedis();
  try {
    progress("listing");
    const rounds = await measure(`redis://127.0.0.1:${server.port}`);
    return {
      name: "redis-listing",
      title: "One namespace of 10,000 keys among 1,000,000 on Redis",
      tables: [
        {
          columns: ["", "raw SCAN", "keys", "clear"],
          rows: rounds.map(({ scan, keys, clear }, at) => [
            `round ${at + 1}`,
            ...[scan, keys, clear].map((spent) => `${Math.round(spent)} ms`),
          ]),
          note: `SCAN with COUNT 1,000 each. redis-server ${server.version}.`,
        },
      ],
      bars: [],
      data: rounds,
    };
  } finally {
    server.stop();
  }
}

/** Milliseconds of each, round by round. */
async function measure(/** @type {string} */ url) {
  const raw = await createClient({ url }).connect();
  const driver = await RedisDriver.connect({ url, timeout: "60s" });
  const users = new Client("app", "listed", { driver, codec: text });
  await fill(new Client("app", "others", { driver, codec: text }), OTHERS);
  const rounds = [];
  for (let round = 0; round < 3; round++) {
    await fill(users, LISTED);
    const scan = await timed(async () => assert.equal(await rawScan(raw, "app:listed:*"), LISTED));
    const keys = await timed(async () => assert.equal((await users.keys()).length, LISTED));
    const clear = await timed(() => users.clear());
    assert.equal(await users.exists("user:1"), false);
    rounds.push({ scan, keys, clear });
  }
  await driver.close();
  raw.destroy();
  return rounds;
}

async function fill(/** @type {Client<string, string>} */ client, /** @type {number} */ count) {
  for (let i = 0; i < count; i += 5_000) {
    await client.mSet(
      Array.from({ length: Math.min(5_000, count - i) }, (_, j) => /** @type {const} */ ([`user:${i + j}`, "x"])),
    );
  }
}

async function rawScan(/** @type {{ scan: Function }} */ raw, /** @type {string} */ pattern) {
  let found = 0;
  let cursor = "0";
  do {
    const reply = await raw.scan(cursor, { MATCH: pattern, COUNT: 1_000 });
    cursor = reply.cursor;
    found += reply.keys.length;
  } while (cursor !== "0");
  return found;
}

async function timed(/** @type {() => Promise<unknown>} */ run) {
  const start = performance.now();
  await run();
  return performance.now() - start;
}
