import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Link } from "../../src/redis/link.js";
import { MovingSlots } from "../../src/redis/moving-slots.js";
import type { AnyRun } from "../../src/redis/run.js";

/** A node with these slots in flight. */
function node(...slots: number[]): { link: Link; inFlight: Set<number> } {
  const inFlight = new Set(slots);
  return { link: { stalled: () => false, slotsInFlight: () => inFlight } as unknown as Link, inFlight };
}

const runOf = (slot: number): AnyRun => ({ slot, fail() {} }) as unknown as AnyRun;

describe("runs of slots that have just moved", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function moving(): { slots: MovingSlots; sent: AnyRun[] } {
    const sent: AnyRun[] = [];
    const slots = new MovingSlots((run) => sent.push(run));
    onTestFinished(() => slots.close());
    return { slots, sent };
  }

  it("wait in their order until the node before has answered, slot by slot", () => {
    const { slots, sent } = moving();
    const { link, inFlight } = node(1, 2);
    slots.leave(1, link);
    slots.leave(2, link);
    const [first, second, other] = [runOf(1), runOf(1), runOf(2)];
    expect([first, other, second].map((run) => slots.hold(run))).toEqual([true, true, true]);
    expect(slots.hold(runOf(3))).toBe(false);
    vi.advanceTimersByTime(10);
    expect(sent).toEqual([]);
    inFlight.delete(1);
    vi.advanceTimersByTime(10);
    expect(sent).toEqual([first, second]);
    inFlight.clear();
    vi.advanceTimersByTime(10);
    expect(sent).toEqual([first, second, other]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("wait for the first node that their slot has left, though it leaves another", () => {
    const { slots, sent } = moving();
    const first = node(1);
    const run = runOf(1);
    slots.leave(1, first.link);
    slots.hold(run);
    slots.leave(1, node().link);
    vi.advanceTimersByTime(10);
    expect(sent).toEqual([]);
    first.inFlight.clear();
    vi.advanceTimersByTime(10);
    expect(sent).toEqual([run]);
  });
});
