import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Deadlines, type Due } from "../../src/net/deadlines.js";

vi.mock("../../src/net/clock.js", () => import("../support/fake-clock.js"));

interface Named extends Due {
  readonly name: string;
}

let expired: string[] = [];
let deadlines: Deadlines<Named>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "clearImmediate", "performance"] });
  expired = [];
  deadlines = new Deadlines<Named>((due) => expired.push(due.name));
});
afterEach(() => {
  vi.useRealTimers();
});

/** Fake timers take a turn of the loop, in which late replies are read first, for a millisecond. */
const TURN = 1;

function add(name: string, within: number): Named {
  const due = { name, deadline: performance.now() + within, settled: false };
  deadlines.add(due);
  return due;
}

describe("Deadlines", () => {
  it("expires what has not settled in time, in order, behind one timer", () => {
    add("a", 100);
    vi.advanceTimersByTime(10);
    add("b", 100);
    add("c", 100);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(89);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(1 + TURN);
    expect(expired).toEqual(["a"]);
    vi.advanceTimersByTime(10);
    expect(expired).toEqual(["a", "b", "c"]);
    vi.advanceTimersByTime(1_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leaves alone what has settled", () => {
    const [a, b] = [add("a", 100), add("b", 100)];
    a.settled = true;
    vi.advanceTimersByTime(50);
    const c = add("c", 100);
    b.settled = true;
    vi.advanceTimersByTime(99);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(1 + TURN);
    expect(expired).toEqual(["c"]);
    expect(c.settled).toBe(true);
  });

  it("marks what expires as settled before it calls back", () => {
    const seen: boolean[] = [];
    const strict = new Deadlines<Due>((due) => seen.push(due.settled));
    strict.add({ deadline: performance.now() + 10, settled: false });
    vi.advanceTimersByTime(10 + TURN);
    expect(seen).toEqual([true]);
  });

  it("expires in time what is added with an earlier deadline than its neighbours", () => {
    add("late", 1_000);
    add("early", 100);
    add("between", 500);
    vi.advanceTimersByTime(100 + TURN);
    expect(expired).toEqual(["early"]);
    vi.advanceTimersByTime(400);
    expect(expired).toEqual(["early", "between"]);
    vi.advanceTimersByTime(500);
    expect(expired).toEqual(["early", "between", "late"]);
  });

  it("keeps what is due in one millisecond together, whenever it was added", () => {
    add("a", 10);
    add("b", 20);
    add("c", 10);
    add("d", 9.5);
    expect(deadlines.all.map(({ name }) => name)).toEqual(["a", "c", "d", "b"]);
    vi.advanceTimersByTime(10 + TURN);
    expect(expired).toEqual(["a", "c", "d"]);
  });

  it("lists what is pending, sorted by deadline", () => {
    const [a, b, c] = [add("a", 300), add("b", 100), add("c", 200)];
    expect(deadlines.all).toEqual([b, c, a]);
    c.settled = true;
    expect(deadlines.all).toEqual([b, a]);
  });

  it("adds each of very many earlier deadlines at once", () => {
    for (let at = 0; at < 50_000; at++) add("late", 5_000 + at / 100);
    // One place further at a time these would need a thousand million steps.
    for (let at = 0; at < 50_000; at++) add("early", 4_000 + at / 100);
    expect(deadlines.first?.name).toBe("early");
    expect(deadlines.all).toHaveLength(100_000);
  });

  it("expires at once what is overdue when it is added", () => {
    add("past", -5);
    vi.advanceTimersByTime(1 + TURN);
    expect(expired).toEqual(["past"]);
  });

  it("holds only what is pending, however much there was", () => {
    const first = add("first", 100_000);
    const many = Array.from({ length: 5_000 }, (_, at) => add(`${at}`, 100_000));
    first.settled = true;
    for (const due of many.slice(0, 4_999)) due.settled = true;
    add("last", 100_000);
    expect(deadlines.first?.name).toBe("4999");
    for (const due of many) due.settled = true;
    expect(deadlines.first?.name).toBe("last");
    vi.advanceTimersByTime(100_000 + TURN);
    expect(expired).toEqual(["last"]);
    expect(deadlines.first).toBeUndefined();
  });

  it("expires nothing after clear, and leaves no timer", () => {
    add("a", 100);
    deadlines.clear();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1_000);
    expect(expired).toEqual([]);
    add("b", 100);
    vi.advanceTimersByTime(100 + TURN);
    expect(expired).toEqual(["b"]);
  });

  it("grants a moment more after the event loop was blocked for long", () => {
    add("a", 100);
    // The timer fires 150 ms late.
    const fire = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 250);
    vi.advanceTimersToNextTimer();
    fire.mockRestore();
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(99);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(1 + TURN);
    expect(expired).toEqual(["a"]);
  });
});
