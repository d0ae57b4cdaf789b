import { describe, expect, it } from "vitest";
import { DriverError, NotSupportedError, TimeoutError, UnavailableError } from "../../../src/errors.js";
import { toConnectError } from "../../../src/redis/connection/connect-error.js";

describe("toConnectError", () => {
  it("returns an error that has a code already", () => {
    const error = new TimeoutError("no connection within 5000 ms", { outcome: "not-applied" });
    expect(toConnectError(error)).toBe(error);
  });

  it.each([
    [Object.assign(new Error("secret"), { code: "ECONNREFUSED" }), "ECONNREFUSED"],
    [Object.assign(new Error("secret"), { code: "secret" }), "no Redis answered"],
    [new Error("LOADING Redis is loading the dataset in memory"), "LOADING"],
    [new Error("ERR max number of clients reached"), "ERR max number of clients reached"],
    [new Error("secret"), "no Redis answered"],
    [undefined, "no Redis answered"],
  ])("makes %s an UnavailableError, not applied, with a reason that is safe to show", (error, reason) => {
    const coded = toConnectError(error);
    expect(coded).toBeInstanceOf(UnavailableError);
    expect(coded).toMatchObject({ outcome: "not-applied", message: `no connection to Redis (${reason})` });
  });

  it.each([
    ["WRONGPASS invalid username-password pair", "Redis refused the user or the password (WRONGPASS)"],
    ["NOAUTH Authentication required", "Redis refused the user or the password (NOAUTH)"],
    ["NOPERM no permissions to run the 'select' command", "the user lacks a right that connecting needs"],
    ["ERR DB index is out of range", "Redis has no such database"],
  ])("makes %j a DriverError, since it would fail again", (message, shown) => {
    const coded = toConnectError(new Error(message));
    expect(coded).toBeInstanceOf(DriverError);
    expect(coded).toMatchObject({ outcome: "not-applied", message: expect.stringContaining(shown) });
  });

  it.each([
    ["ERR unknown command 'HELLO', with args beginning with: 'secret'", "HELLO 3"],
    ["NOPROTO unsupported protocol version", "HELLO 3"],
    ["ERR unknown command 'ROLE', with args beginning with: 'secret'", "the command ROLE"],
  ])("makes %j a NotSupportedError", (message, shown) => {
    const coded = toConnectError(new Error(message));
    expect(coded).toBeInstanceOf(NotSupportedError);
    expect(coded.message).toContain(shown);
    expect(coded.message).not.toContain("secret");
  });
});
