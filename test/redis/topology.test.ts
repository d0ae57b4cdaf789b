import { describe, expect, it } from "vitest";
import { type AnyRun, Run } from "../../src/redis/run.js";
import { retakeAnywhere } from "../../src/redis/topology.js";
import { RAW } from "./raw.js";

const run = (calls: number): AnyRun =>
  new Run(
    RAW,
    0,
    0,
    { retake: () => false },
    Array.from({ length: calls }, (_, at) => ({
      key: "",
      payload: [`${at}`],
      signal: undefined,
      resolve() {},
      reject() {},
    })),
  );

describe("a run that is refused", () => {
  it("for a script that is not known goes again with all of it, once", () => {
    const refused = run(3);
    const sent: AnyRun[] = [];
    expect(retakeAnywhere(refused, "NOSCRIPT", (again) => sent.push(again))).toBe(true);
    expect(sent).toEqual([refused]);
    expect(refused.whole).toBe(true);
    expect(retakeAnywhere(refused, "NOSCRIPT", (again) => sent.push(again))).toBe(false);
    expect(sent).toHaveLength(1);
  });

  it.each(["NOPERM", "TRYAGAIN"])("as a whole with %s goes one by one, and each of those no further", (word) => {
    const sent: AnyRun[] = [];
    expect(retakeAnywhere(run(3), word, (again) => sent.push(again))).toBe(true);
    expect(sent.map(({ length }) => length)).toEqual([1, 1, 1]);
    for (const alone of [...sent]) expect(retakeAnywhere(alone, word, (again) => sent.push(again))).toBe(false);
    expect(sent).toHaveLength(3);
  });

  it("with anything else is its callers'", () => {
    for (const word of ["ERR", "OOM", "WRONGTYPE", "LOADING", ""]) {
      expect(retakeAnywhere(run(3), word, () => expect.unreachable())).toBe(false);
    }
  });

  it("too often is its callers'", () => {
    const refused = run(3);
    refused.hops = 16;
    expect(retakeAnywhere(refused, "NOSCRIPT", () => expect.unreachable())).toBe(false);
  });
});
