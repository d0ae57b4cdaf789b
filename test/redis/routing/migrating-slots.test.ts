import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { AnyBatch } from "../../../src/redis/commands/batch.js";
import type { NodeConnection } from "../../../src/redis/connection/node-connection.js";
import { MigratingSlots } from "../../../src/redis/routing/migrating-slots.js";

vi.mock("../../../src/net/clock.js", () => import("../../support/fake-clock.js"));

/** A node with these slots in flight. */
class FakeNode {
  silence = 0;
  readonly #inFlight: Map<number, () => void>;

  constructor(...slots: number[]) {
    this.#inFlight = new Map(slots.map((slot) => [slot, () => {}]));
  }

  whenSettled(slot: number, callback: () => void): boolean {
    return this.#inFlight.has(slot) && this.#inFlight.set(slot, callback) !== undefined;
  }

  /** Settles all that is in flight about a slot. */
  settle(slot: number): void {
    this.#inFlight.get(slot)?.();
    this.#inFlight.delete(slot);
  }

  /** As the connection that it stands for: it has all that is used of one. */
  get connection(): NodeConnection {
    return this as unknown as NodeConnection;
  }
}

const failed = new Map<AnyBatch, unknown>();
function batchOf(slot: number): AnyBatch {
  const batch = { slot, fail: (error: unknown) => failed.set(batch, error) } as unknown as AnyBatch;
  return batch;
}

describe("MigratingSlots", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function migrating(): { slots: MigratingSlots; sent: AnyBatch[] } {
    const sent: AnyBatch[] = [];
    const slots = new MigratingSlots((batch) => sent.push(batch));
    onTestFinished(() => slots.close());
    return { slots, sent };
  }

  it("holds batches in their order until the previous node has replied, slot by slot", () => {
    const { slots, sent } = migrating();
    const node = new FakeNode(1, 2);
    slots.leave(1, node.connection);
    slots.leave(2, node.connection);
    const [first, second, other] = [batchOf(1), batchOf(1), batchOf(2)];
    expect([first, other, second].map((batch) => slots.hold(batch))).toEqual([true, true, true]);
    expect(slots.hold(batchOf(3))).toBe(false);
    expect(sent).toEqual([]);
    node.settle(1);
    expect(sent).toEqual([first, second]);
    expect(slots.hold(batchOf(1))).toBe(false);
    node.settle(2);
    expect(sent).toEqual([first, second, other]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("holds nothing when nothing is in flight, or the previous node is silent", () => {
    const { slots } = migrating();
    slots.leave(1, new FakeNode().connection);
    const silent = new FakeNode(2);
    silent.silence = 501;
    slots.leave(2, silent.connection);
    expect([1, 2].map((slot) => slots.hold(batchOf(slot)))).toEqual([false, false]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("waits for the first node that the slot has left, though it leaves another", () => {
    const { slots, sent } = migrating();
    const [first, second] = [new FakeNode(1), new FakeNode(1)];
    const batch = batchOf(1);
    slots.leave(1, first.connection);
    slots.hold(batch);
    slots.leave(1, second.connection);
    second.settle(1);
    expect(sent).toEqual([]);
    first.settle(1);
    expect(sent).toEqual([batch]);
  });

  it("waits no longer for a node once that has been silent for half a second", () => {
    const { slots, sent } = migrating();
    const [node, next] = [new FakeNode(1), new FakeNode(1)];
    node.silence = 200;
    const [batch, later] = [batchOf(1), batchOf(1)];
    slots.leave(1, node.connection);
    slots.hold(batch);
    vi.advanceTimersByTime(299);
    expect(sent).toEqual([]);
    node.silence = 500;
    // A turn of the event loop later, which counts as a millisecond.
    vi.advanceTimersByTime(2);
    expect(sent).toEqual([batch]);
    // The slot moves once more; what the first node replies at last releases nothing.
    slots.leave(1, next.connection);
    slots.hold(later);
    node.settle(1);
    expect(sent).toEqual([batch]);
    next.settle(1);
    expect(sent).toEqual([batch, later]);
  });

  it("goes on waiting for a node that is slow, but replies", () => {
    const { slots, sent } = migrating();
    const node = new FakeNode(1);
    const batch = batchOf(1);
    node.silence = 400;
    slots.leave(1, node.connection);
    slots.hold(batch);
    vi.advanceTimersByTime(2_000);
    expect(sent).toEqual([]);
    node.settle(1);
    expect(sent).toEqual([batch]);
    vi.advanceTimersByTime(2_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("lets a check that is under way end when the slot has been released meanwhile", () => {
    const { slots, sent } = migrating();
    const node = new FakeNode(1);
    slots.leave(1, node.connection);
    vi.advanceTimersByTime(500);
    node.settle(1);
    vi.advanceTimersByTime(10);
    expect(sent).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("fails what it holds when it is closed, not applied", () => {
    const { slots } = migrating();
    const batch = batchOf(1);
    slots.leave(1, new FakeNode(1).connection);
    slots.hold(batch);
    slots.close();
    expect(failed.get(batch)).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    expect(vi.getTimerCount()).toBe(0);
  });
});
