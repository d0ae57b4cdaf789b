import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Deadlines, type Due } from "../../src/internal/deadlines.js";

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
  const due = { name, deadline: performance.now() + within, over: false };
  deadlines.add(due);
  return due;
}

describe("deadlines", () => {
  it("expire what is not over by its time, in order, behind one timer", () => {
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

  it("leave alone what is over", () => {
    const [a, b] = [add("a", 100), add("b", 100)];
    a.over = true;
    vi.advanceTimersByTime(50);
    const c = add("c", 100);
    b.over = true;
    vi.advanceTimersByTime(99);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(1 + TURN);
    expect(expired).toEqual(["c"]);
    expect(c.over).toBe(true);
  });

  it("mark what expires as over before they tell", () => {
    const seen: boolean[] = [];
    const strict = new Deadlines<Due>((due) => seen.push(due.over));
    strict.add({ deadline: performance.now() + 10, over: false });
    vi.advanceTimersByTime(10 + TURN);
    expect(seen).toEqual([true]);
  });

  it("come in time for what is added with an earlier one than its neighbours", () => {
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

  it("of one millisecond lie together, whenever they were added", () => {
    add("a", 10);
    add("b", 20);
    add("c", 10);
    add("d", 9.5);
    expect(deadlines.all.map(({ name }) => name)).toEqual(["a", "c", "d", "b"]);
    vi.advanceTimersByTime(10 + TURN);
    expect(expired).toEqual(["a", "c", "d"]);
  });

  it("are all that is pending, in order", () => {
    const [a, b, c] = [add("a", 300), add("b", 100), add("c", 200)];
    expect(deadlines.all).toEqual([b, c, a]);
    c.over = true;
    expect(deadlines.all).toEqual([b, a]);
  });

  it("take long for none of very many with earlier deadlines", () => {
    for (let at = 0; at < 50_000; at++) add("late", 5_000 + at / 100);
    // One place further at a time these would need a thousand million steps.
    for (let at = 0; at < 50_000; at++) add("early", 4_000 + at / 100);
    expect(deadlines.first?.name).toBe("early");
    expect(deadlines.all).toHaveLength(100_000);
  });

  it("come at once for what is past", () => {
    add("past", -5);
    vi.advanceTimersByTime(1 + TURN);
    expect(expired).toEqual(["past"]);
  });

  it("hold as little as is pending, however much there was", () => {
    const first = add("first", 100_000);
    const many = Array.from({ length: 5_000 }, (_, at) => add(`${at}`, 100_000));
    first.over = true;
    for (const due of many.slice(0, 4_999)) due.over = true;
    add("last", 100_000);
    expect(deadlines.first?.name).toBe("4999");
    for (const due of many) due.over = true;
    expect(deadlines.first?.name).toBe("last");
    vi.advanceTimersByTime(100_000 + TURN);
    expect(expired).toEqual(["last"]);
    expect(deadlines.first).toBeUndefined();
  });

  it("are none after clear, and no timer is left", () => {
    add("a", 100);
    deadlines.clear();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1_000);
    expect(expired).toEqual([]);
    add("b", 100);
    vi.advanceTimersByTime(100 + TURN);
    expect(expired).toEqual(["b"]);
  });
});
