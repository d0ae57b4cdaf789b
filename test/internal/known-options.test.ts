import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/index.js";
import { refuseUndefined, refuseUnknown } from "../../src/internal/known-options.js";

describe("refuseUnknown", () => {
  it("accepts known options", () => {
    expect(() => refuseUnknown({}, ["url", "timeout"])).not.toThrow();
    expect(() => refuseUnknown({ timeout: 1, url: undefined }, ["url", "timeout"])).not.toThrow();
  });

  it("refuses an unknown option by name, and shows no value", () => {
    const refuse = (): void => refuseUnknown({ url: "a", pasword: "hunter2" }, ["url", "password"]);
    expect(refuse).toThrow(InvalidArgumentError);
    expect(refuse).toThrow(/^there is no option "pasword"; allowed are url, password$/);
  });
});

describe("refuseUndefined", () => {
  it("refuses an option that is there and undefined, by name", () => {
    expect(() => refuseUndefined({ url: undefined }, ["url"])).toThrow("url is undefined");
    expect(() => refuseUndefined({ timeout: undefined, url: "a" }, ["url"])).not.toThrow();
    expect(() => refuseUndefined({}, ["url"])).not.toThrow();
  });
});
