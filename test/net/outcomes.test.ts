import { describe, expect, it } from "vitest";
import {
  DriverError,
  InvalidArgumentError,
  NotSupportedError,
  TimeoutError,
  UnavailableError,
} from "../../src/index.js";
import { allParts, closed, DESYNCHRONISED, lost, partialFailure, withOutcome } from "../../src/net/outcomes.js";

describe("the errors of calls that fail on their way", () => {
  it("carry the outcome of a call to a closed driver", () => {
    expect(closed("not-applied")).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    expect(closed("unknown")).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
  });

  it("are never not-applied after a lost connection or a reply out of step", () => {
    expect(lost()).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
    expect(lost("localhost:6379", "ECONNRESET").message).toBe(
      "localhost:6379: the connection was lost before the reply came (ECONNRESET)",
    );
    expect(DESYNCHRONISED).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
  });

  it.each([TimeoutError, UnavailableError, DriverError])(
    "are unknown when one of several parts failed: %o",
    (ErrorClass) => {
      const error = partialFailure(new ErrorClass("refused", { outcome: "not-applied" }));
      expect(error).toBeInstanceOf(ErrorClass);
      expect(error).toMatchObject({ message: "one of several parts failed: refused", outcome: "unknown" });
    },
  );

  it("are unknown when one of several parts was refused before it was sent", () => {
    const reason = new InvalidArgumentError("too large");
    const error = partialFailure(reason);
    expect(error).toBeInstanceOf(DriverError);
    expect(error).toMatchObject({
      message: "one of several parts failed: too large",
      outcome: "unknown",
      cause: reason,
    });
  });

  it("stay as they are when they are not namestore's", () => {
    const reason = new Error("aborted");
    expect(partialFailure(reason)).toBe(reason);
  });
});

describe("withOutcome", () => {
  it("changes the outcome, and puts words in front of the message", () => {
    const cause = new Error("refused");
    expect(withOutcome(new TimeoutError("late", { outcome: "unknown", cause }), "not-applied", "a:1: ")).toMatchObject({
      ...{ code: "ERR_TIMEOUT", outcome: "not-applied", message: "a:1: late", cause },
    });
    const refused = new NotSupportedError("too old", { cause });
    expect(withOutcome(refused, "not-applied", "a:1: ")).toMatchObject({
      ...{ code: "ERR_NOT_SUPPORTED", message: "a:1: too old", cause },
    });
    expect(withOutcome(refused, "not-applied")).toBe(refused);
  });
});

describe("allParts", () => {
  const refused = new DriverError("refused", { outcome: "not-applied" });
  const late = new TimeoutError("late", { outcome: "unknown" });

  it("resolves to the results of all parts, in their order", async () => {
    expect(await allParts([])).toEqual([]);
    expect(await allParts([Promise.resolve("a"), Promise.resolve("b")])).toEqual(["a", "b"]);
  });

  it("rejects with the first reason when no part was applied", async () => {
    const other = new DriverError("refused too", { outcome: "not-applied" });
    await expect(allParts([Promise.reject(refused), Promise.reject(other)])).rejects.toBe(refused);
    await expect(allParts([Promise.reject(late)])).rejects.toBe(late);
  });

  it.each([
    ["a part may have been", () => [Promise.reject(refused), Promise.reject(late)], "ERR_TIMEOUT"],
    ["a part was", () => [Promise.reject(refused), Promise.resolve("a")], "ERR_DRIVER"],
  ])("rejects with an unknown outcome when %s applied", async (_, parts, code) => {
    await expect(allParts(parts())).rejects.toMatchObject({ code, outcome: "unknown" });
  });

  it("rejects with the refusal when every part was refused", async () => {
    const invalid = new InvalidArgumentError("too large");
    await expect(allParts([Promise.reject(invalid), Promise.reject(refused)])).rejects.toBe(invalid);
    await expect(allParts([Promise.reject(invalid), Promise.resolve("a")])).rejects.toMatchObject({
      code: "ERR_DRIVER",
      outcome: "unknown",
      cause: invalid,
    });
  });

  it("rejects only once every part has settled", async () => {
    let ended = false;
    const slow = new Promise((resolve) => setTimeout(resolve, 20)).then(() => {
      ended = true;
    });
    await expect(allParts([Promise.reject(new Error("aborted")), slow])).rejects.toThrow("aborted");
    expect(ended).toBe(true);
  });
});
