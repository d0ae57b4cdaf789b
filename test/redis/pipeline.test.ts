import { describe, expect, it } from "vitest";
import { SET, SET_TTL } from "../../src/redis/kinds.js";
import { Pipeline } from "../../src/redis/pipeline.js";
import type { Topology } from "../../src/redis/topology.js";

/** One server that says OK, and notes how long the commands are. */
function server(): { topology: Topology; lengths: number[] } {
  const lengths: number[] = [];
  const topology: Topology = {
    slotOf: () => 0,
    send(run) {
      const command = run.command(new Set()) ?? [];
      lengths.push(command.reduce((sum, argument) => sum + argument.length, 0));
      run.settle("OK");
    },
    retake: () => false,
    primaries: async () => [],
    version: 0,
    closed: false,
    close() {},
  };
  return { topology, lengths };
}

describe("calls of one tick", () => {
  const value = "x".repeat(600_000);

  it.each<[string, (pipeline: Pipeline, key: string) => Promise<void>]>([
    ["sets", (pipeline, key) => pipeline.call(SET, "app:users:", key, value)],
    ["sets with a TTL", (pipeline, key) => pipeline.call(SET_TTL, "app:users:", key, { value, ttl: 1_000 })],
  ])("that are long, %s, share no command of more than 2 MB", async (_, set) => {
    const { topology, lengths } = server();
    const pipeline = new Pipeline(topology, 1_000, 1_000);
    await Promise.all(Array.from({ length: 1_000 }, (_, at) => set(pipeline, `key ${at}`)));
    expect(lengths).toHaveLength(500);
    expect(Math.max(...lengths)).toBeLessThan(2_000_000);
  });
});
