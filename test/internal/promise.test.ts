import { describe, expect, it } from "vitest";
import { attempt, isPromise, resolved } from "../../src/internal/promise.js";
import { rejection } from "../support/promises.js";

describe("isPromise", () => {
  it("distinguishes a promise of any realm from another result", async () => {
    const { runInNewContext } = await import("node:vm");
    expect(isPromise(Promise.resolve())).toBe(true);
    expect(isPromise(runInNewContext("Promise.resolve()"))).toBe(true);
    for (const result of [undefined, null, "text", 0, true, {}, [], Uint8Array.of(1)]) {
      expect(isPromise(result)).toBe(false);
    }
  });
});

describe("resolved", () => {
  it.each([undefined, null, true, false, 0, "", "text"])("returns a promise of %s", async (value) => {
    expect(resolved(value)).toBeInstanceOf(Promise);
    expect(await resolved(value)).toBe(value);
  });

  it("returns one shared promise for each of the most common values", () => {
    for (const value of [undefined, true, false]) expect(resolved(value)).toBe(resolved(value));
    expect(resolved("text")).not.toBe(resolved("text"));
  });
});

describe("attempt", () => {
  it("returns what the function returns", () => {
    expect(attempt(() => 1)).toBe(1);
    const promise = Promise.resolve(1);
    expect(attempt(() => promise)).toBe(promise);
  });

  it("turns a throw into a rejection", async () => {
    const failure = new Error("odd");
    const given = attempt(() => {
      throw failure;
    });
    expect(await rejection(given as Promise<never>)).toBe(failure);
  });
});
