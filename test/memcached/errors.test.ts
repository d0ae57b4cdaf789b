import { describe, expect, it } from "vitest";
import { DriverError, NotSupportedError, UnavailableError } from "../../src/errors.js";
import {
  handshakeError,
  isErrorLine,
  metadumpError,
  toDriverError,
  withServerName,
} from "../../src/memcached/errors.js";

describe("An error of Memcached", () => {
  it("repeats a line only if it is known to be safe", () => {
    expect(toDriverError("SERVER_ERROR out of memory").message).toContain("(SERVER_ERROR out of memory)");
    expect(toDriverError("SERVER_ERROR secret").message).toContain("(SERVER_ERROR)");
    expect(toDriverError("ERROR").message).toContain("(ERROR)");
  });

  it.each([
    ["ERROR", true],
    ["ERROR what", true],
    ["CLIENT_ERROR what", true],
    ["SERVER_ERROR what", true],
    ["ERRORS", false],
    ["STAT a ERROR", false],
    ["END", false],
  ])("recognises whether %j is an error line", (line, expected) => {
    expect(isErrorLine(line)).toBe(expected);
  });

  it.each([
    ["ERROR", NotSupportedError, "1.6"],
    ["CLIENT_ERROR unauthenticated", NotSupportedError, "password"],
    ["ERROR Too many open connections", UnavailableError, "-c"],
    ["SERVER_ERROR what", DriverError, "SERVER_ERROR"],
  ])("explains %j as the answer to a handshake", (line, expected, text) => {
    expect(handshakeError(line)).toBeInstanceOf(expected);
    expect(handshakeError(line).message).toContain(text);
  });

  it.each([
    ["BUSY currently processing crawler request", UnavailableError, "BUSY"],
    ["ERROR locked try again later", UnavailableError, "BUSY"],
    ["ERROR Too many open connections", UnavailableError, "-c"],
    ["ERROR metadump not allowed", NotSupportedError, "-X"],
    ["CLIENT_ERROR lru crawler disabled", NotSupportedError, "no_lru_crawler"],
    ["CLIENT_ERROR what", DriverError, "CLIENT_ERROR"],
    ["what", UnavailableError, "does not belong"],
  ])("explains %j as the answer to a listing", (line, expected, text) => {
    expect(metadumpError(line)).toBeInstanceOf(expected);
    expect(metadumpError(line).message).toContain(text);
  });

  it("is named after its server, whatever its class", () => {
    const unavailable = withServerName(new UnavailableError("gone", { outcome: "not-applied" }), "a:1");
    expect(unavailable).toBeInstanceOf(UnavailableError);
    expect(unavailable).toMatchObject({ message: "a:1: gone", outcome: "not-applied" });
    expect(withServerName(new NotSupportedError("too old"), "a:1")).toMatchObject({ message: "a:1: too old" });
    const other = new Error("a bug");
    expect(withServerName(other, "a:1")).toBe(other);
  });
});
