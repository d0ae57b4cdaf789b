import { expect, it } from "vitest";
import { UnavailableError } from "../../src/errors.js";
import { ClosedStore } from "../../src/memory/closed-store.js";
import type { Store } from "../../src/memory/store.js";

const closed = new ClosedStore();

it.each(
  Object.entries({
    read: () => closed.read(),
    peek: () => closed.peek(),
    write: () => closed.write(),
    writeAll: () => closed.writeAll(),
    rewrite: () => closed.rewrite(),
    remove: () => closed.remove(),
    keys: () => closed.keys(),
    clear: () => closed.clear(),
    stats: () => closed.stats(),
  } satisfies Record<Exclude<keyof Store, "close">, () => never>),
)("a closed store throws an UnavailableError with a known outcome from %s", (_method, call) => {
  expect(call).toThrow(UnavailableError);
  expect(call).toThrow(expect.objectContaining({ outcome: "not-applied" }));
});

it("a closed store can be closed again", () => {
  expect(closed.close()).toBeUndefined();
});
