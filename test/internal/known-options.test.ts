import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/index.js";
import { refuseUnknown } from "../../src/internal/known-options.js";

describe("options", () => {
  it("that are known pass", () => {
    expect(() => refuseUnknown({}, ["url", "timeout"])).not.toThrow();
    expect(() => refuseUnknown({ timeout: 1, url: undefined }, ["url", "timeout"])).not.toThrow();
  });

  it("that are not known are refused by name, and nothing is shown of their values", () => {
    const refuse = (): void => refuseUnknown({ url: "a", pasword: "hunter2" }, ["url", "password"]);
    expect(refuse).toThrow(InvalidArgumentError);
    expect(refuse).toThrow(/^there is no option "pasword"; allowed are url, password$/);
  });
});
