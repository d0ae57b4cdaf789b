import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../package/consumer.js";

/** What a child that can ask for collections says of the heap, after `fill` and after `empty`, each on what was before. */
function heap(fill: string, empty: string): { filled: number; emptied: number } {
  const program = `
    import { setTimeout as sleep } from "node:timers/promises";
    import { Client, MemoryDriver, text } from ${JSON.stringify(join(ROOT, "dist/index.js"))};
    const held = () => {
      gc();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const MILLION = 1_000_000;
    const once = async (count) => { ${fill}
      const filled = held();
      ${empty}
      return [filled, held()];
    };
    const driver = new MemoryDriver({ maxEntries: 2 * MILLION, maxBytes: 1e9, sweepInterval: 50 });
    const other = new Client("app", "other", { driver, codec: text });
    await other.set("stays", "here");
    const client = new Client("app", "users", { driver, codec: text });
    // Its code is compiled, and counts no more.
    await once(20_000);
    const before = held();
    const [filled, emptied] = await once(MILLION);
    if (await other.find("stays") !== "here") throw new Error("too much is gone");
    console.log(JSON.stringify({ filled: filled / before, emptied: emptied / before }));
  `;
  const argv = ["--expose-gc", "--input-type=module", "--eval", program];
  return JSON.parse(execFileSync(process.execPath, argv, { encoding: "utf8" }));
}

const GONE = "while (driver.stats().entries > 1) await sleep(20); await sleep(20);";

describe("memory is given back", { timeout: 120_000 }, () => {
  it.each([
    ["expired", 'for (let n = 0; n < count; n++) await client.set("user:" + n, "value" + n, { ttl: 2_000 });', GONE],
    [
      "been cleared",
      'for (let n = 0; n < count; n++) await client.set("user:" + n, "value" + n, { ttl: "1h" });',
      "await client.clear(); for (let tries = 0; tries < 20 && held() > filled / 2; tries++) await sleep(500);",
    ],
    [
      "been deleted",
      'for (let n = 0; n < count; n++) await client.set("user:" + n, "value" + n);',
      'for (let n = 0; n < count; n++) await client.delete("user:" + n);',
    ],
  ])("when 1,000,000 entries have %s", (_how, fill, empty) => {
    const { filled, emptied } = heap(fill, empty);
    expect(filled).toBeGreaterThan(10);
    expect(emptied).toBeLessThan(1.1);
  });
});
