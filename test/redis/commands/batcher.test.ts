import { describe, expect, it } from "vitest";
import { Admission } from "../../../src/net/admission.js";
import { Batcher } from "../../../src/redis/commands/batcher.js";
import { SET, SET_TTL } from "../../../src/redis/commands/commands.js";
import type { Router } from "../../../src/redis/routing/router.js";

/** A server that replies OK, and notes how long the commands are. */
function server(): { router: Router; lengths: number[] } {
  const lengths: number[] = [];
  const router: Router = {
    clustered: false,
    slotOf: () => 0,
    send(batch) {
      const command = batch.encode() ?? [];
      lengths.push(command.reduce((sum, argument) => sum + argument.length, 0));
      batch.settle("OK");
    },
    primaries: async () => [],
    version: 0,
    closed: false,
    close() {},
  };
  return { router, lengths };
}

describe("Batcher", () => {
  const value = "x".repeat(600_000);

  it.each<[string, (batcher: Batcher, key: string) => Promise<void>]>([
    ["sets", (batcher, key) => batcher.call(SET, "app:users:", key, value)],
    ["sets with a TTL", (batcher, key) => batcher.call(SET_TTL, "app:users:", key, { value, ttl: 1_000 })],
  ])("never joins long %s into a command of more than 2 MB", async (_, set) => {
    const { router, lengths } = server();
    const batcher = new Batcher(router, 1_000, new Admission(1_000));
    await Promise.all(Array.from({ length: 1_000 }, (_, at) => set(batcher, `key ${at}`)));
    expect(lengths).toHaveLength(500);
    expect(Math.max(...lengths)).toBeLessThan(2_000_000);
  });
});
