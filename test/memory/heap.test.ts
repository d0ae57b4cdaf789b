import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

/** They take more than ten times the memory of everything else, so that a leak of 2 bytes an entry shows. */
const ENTRIES = 250_000;

describe("a memory driver with bounds and a sweep", { timeout: 300_000 }, () => {
  it.concurrent.each([
    ["expired", "1h", "ahead += 3_600_000; await until(() => driver.stats().entries === 1);"],
    ["been cleared", "1h", "await client.clear();"],
    ["been deleted", 0, 'for (let n = 0; n < count; n++) await client.delete("user:" + n);'],
  ])(`releases the memory of ${ENTRIES} entries that have %s`, async (_how, ttl, empty) => {
    const { filled, emptied } = await measureHeap(ttl, empty);
    expect(filled).toBeGreaterThan(10);
    expect(emptied).toBeLessThan(1.1);
  });
});

/**
 * Measures the memory of a separate process, once it holds its entries and once `empty` has removed them.
 *
 * @param empty - code that removes the `count` entries of `client`.
 * @returns both as multiples of the memory before.
 */
async function measureHeap(ttl: string | number, empty: string): Promise<{ filled: number; emptied: number }> {
  const program = `
    import { setTimeout as sleep } from "node:timers/promises";
    import { Client, MemoryDriver, text } from ${JSON.stringify(new URL("../../dist/index.js", import.meta.url).href)};

    // The clock is moved, so that no deadline passes before it should.
    const realNow = Date.now;
    let ahead = 0;
    Date.now = () => realNow() + ahead;

    const heldBytes = () => {
      gc();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const until = async (condition) => {
      for (let wait = 10; wait < 10_000 && !condition(); wait *= 1.2) await sleep(wait);
    };

    const open = async () => {
      const driver = new MemoryDriver({ maxEntries: ${2 * ENTRIES}, maxBytes: 1e9, sweepInterval: 50 });
      const other = new Client("app", "other", { driver, codec: text });
      // It stays: a driver that is empty releases everything at once.
      await other.set("stays", "here");
      return { driver, other, client: new Client("app", "users", { driver, codec: text }) };
    };
    const fill = async ({ client }, count) => {
      for (let n = 0; n < count; n++) await client.set("user:" + n, "value" + n, { ttl: ${JSON.stringify(ttl)} });
    };
    const empty = async ({ driver, client }, count) => { ${empty} };

    // First with another driver, so that compiled code does not count as a leak.
    const first = await open();
    await fill(first, 20_000);
    await empty(first, 20_000);
    first.driver.close();

    const measured = await open();
    const before = heldBytes();
    await fill(measured, ${ENTRIES});
    const filled = heldBytes();
    await empty(measured, ${ENTRIES});
    // Cleared entries are unlinked in slices, and released after that.
    let emptied;
    await until(() => (emptied = heldBytes()) < before * 1.1);
    if (await measured.other.find("stays") !== "here") throw new Error("an entry of another namespace was removed");
    console.log(JSON.stringify({ filled: filled / before, emptied: emptied / before }));
  `;
  const flags = ["--expose-gc", "--input-type=module", "--eval", program];
  return JSON.parse((await promisify(execFile)(process.execPath, flags)).stdout);
}
