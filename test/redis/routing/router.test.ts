import { describe, expect, it } from "vitest";
import { type AnyBatch, Batch } from "../../../src/redis/commands/batch.js";
import { resend } from "../../../src/redis/routing/router.js";
import { RAW } from "../raw.js";

function batchOf(calls: number): AnyBatch {
  const batch = new Batch({ command: RAW, slot: 0, prefix: "", deadline: 0 });
  for (let at = 0; at < calls; at++) {
    batch.add("key", [`${at}`], { signal: undefined, resolve() {}, reject() {} });
  }
  return batch;
}

const refusal = (prefix: string) => ({ prefix, message: `${prefix} of a server` });

describe("resend", () => {
  it("sends a batch again after NOSCRIPT", () => {
    const batch = batchOf(3);
    const sent: AnyBatch[] = [];
    expect(resend(batch, refusal("NOSCRIPT"), (again) => sent.push(again))).toBe(true);
    expect(sent).toEqual([batch]);
  });

  it.each(["NOPERM", "TRYAGAIN"])("sends the calls of a batch one by one after %s, and each only once", (prefix) => {
    const sent: AnyBatch[] = [];
    const send = (batch: AnyBatch): unknown => sent.push(batch);
    expect(resend(batchOf(3), refusal(prefix), send)).toBe(true);
    expect(sent.map(({ length }) => length)).toEqual([1, 1, 1]);
    for (const single of [...sent]) expect(resend(single, refusal(prefix), send)).toBe(false);
    expect(sent).toHaveLength(3);
  });

  it("leaves every other refusal to the callers", () => {
    for (const prefix of ["ERR", "OOM", "WRONGTYPE", "LOADING", ""]) {
      expect(resend(batchOf(3), refusal(prefix), () => expect.unreachable())).toBe(false);
    }
  });

  it("leaves the refusal to the callers after too many redirects", () => {
    const batch = batchOf(3);
    batch.redirects = 16;
    expect(resend(batch, refusal("NOSCRIPT"), () => expect.unreachable())).toBe(false);
  });
});
