import { expect, it } from "vitest";
import { UnavailableError } from "../../src/errors.js";
import { ClosedStore } from "../../src/memory/closed-store.js";

const closed = new ClosedStore();

it.each(["read", "peek", "write", "writeAll", "rewrite", "remove", "keys", "clear", "stats"] as const)(
  "a closed store refuses %s",
  (method) => {
    expect(() => closed[method]()).toThrow(UnavailableError);
    expect(() => closed[method]()).toThrow(expect.objectContaining({ outcome: "not-applied" }));
  },
);

it("a closed store closes again", () => {
  expect(closed.close()).toBeUndefined();
});
