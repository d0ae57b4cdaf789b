import { describe, expect, it } from "vitest";
import { DriverError, NotFoundError, TimeoutError, UnavailableError } from "../../src/index.js";
import { closed, GARBLED, lost, partly } from "../../src/internal/outcomes.js";

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

  it("of several parts stays as it is where it is no matter of outcome", () => {
    const reason = new NotFoundError("no such key");
    expect(partly(reason)).toBe(reason);
  });
});
