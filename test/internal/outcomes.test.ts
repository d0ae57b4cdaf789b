import { describe, expect, it } from "vitest";
import { DriverError, InvalidArgumentError, TimeoutError, UnavailableError } from "../../src/index.js";
import { allParts, closed, GARBLED, lost, partly } from "../../src/internal/outcomes.js";

describe("what calls are told", () => {
  it("by a driver that is closed is what became of them", () => {
    expect(closed("not-applied")).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    expect(closed("unknown")).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
  });

  it("after a lost connection or a garbled reply is never that they were not applied", () => {
    expect(lost()).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
    expect(GARBLED).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
  });

  it.each([TimeoutError, UnavailableError, DriverError])(
    "of several parts, one of which failed, is unknown: %o",
    (Kind) => {
      const told = partly(new Kind("refused", { outcome: "not-applied" }));
      expect(told).toBeInstanceOf(Kind);
      expect(told).toMatchObject({ message: "of several parts, one: refused", outcome: "unknown" });
    },
  );

  it("of several parts, one of which was refused, is unknown, though it was refused before it was sent", () => {
    const reason = new InvalidArgumentError("too large");
    const told = partly(reason);
    expect(told).toBeInstanceOf(DriverError);
    expect(told).toMatchObject({ message: "of several parts, one: too large", outcome: "unknown", cause: reason });
  });

  it("of several parts stays as it is where it is no error of ours", () => {
    const reason = new Error("aborted");
    expect(partly(reason)).toBe(reason);
  });
});

describe("a call in several parts", () => {
  const refused = new DriverError("refused", { outcome: "not-applied" });
  const late = new TimeoutError("late", { outcome: "unknown" });

  it("gives the answers of all of them, in their order", async () => {
    expect(await allParts([])).toEqual([]);
    expect(await allParts([Promise.resolve("a"), Promise.resolve("b")])).toEqual(["a", "b"]);
  });

  it("was not applied where each of them was not, and is told the first reason", async () => {
    const other = new DriverError("refused too", { outcome: "not-applied" });
    await expect(allParts([Promise.reject(refused), Promise.reject(other)])).rejects.toBe(refused);
    await expect(allParts([Promise.reject(late)])).rejects.toBe(late);
  });

  it.each([
    ["one of them may have been", () => [Promise.reject(refused), Promise.reject(late)], "ERR_TIMEOUT"],
    ["one of them was", () => [Promise.reject(refused), Promise.resolve("a")], "ERR_DRIVER"],
  ])("may have been applied in part where %s", async (_, parts, code) => {
    await expect(allParts(parts())).rejects.toMatchObject({ code, outcome: "unknown" });
  });

  it("was refused where each of them was", async () => {
    const invalid = new InvalidArgumentError("too large");
    await expect(allParts([Promise.reject(invalid), Promise.reject(refused)])).rejects.toBe(invalid);
    await expect(allParts([Promise.reject(invalid), Promise.resolve("a")])).rejects.toMatchObject({
      code: "ERR_DRIVER",
      outcome: "unknown",
      cause: invalid,
    });
  });

  it("fails only when each of them has ended", async () => {
    let ended = false;
    const slow = new Promise((resolve) => setTimeout(resolve, 20)).then(() => {
      ended = true;
    });
    await expect(allParts([Promise.reject(new Error("aborted")), slow])).rejects.toThrow("aborted");
    expect(ended).toBe(true);
  });
});
