import { describe, expect, it } from "vitest";
import { DriverError, NotSupportedError, TypeMismatchError, UnavailableError } from "../../../src/errors.js";
import { errorPrefix, safeErrorPrefix, toDriverError } from "../../../src/redis/commands/errors.js";

describe("toDriverError", () => {
  it.each(["LOADING", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "TRYAGAIN", "NOREPLICAS", "BUSY"])(
    "makes %s an UnavailableError, not applied, since the server may serve later",
    (prefix) => {
      const error = toDriverError(new Error(`${prefix} secret`));
      expect(error).toBeInstanceOf(UnavailableError);
      expect(error).toMatchObject({ outcome: "not-applied", message: `Redis refuses for now (${prefix})` });
    },
  );

  it.each(["NOPERM", "NOAUTH", "WRONGPASS", "OOM", "MISCONF", "EXECABORT", "NOSCRIPT", "MOVED", "ASK"])(
    "makes %s a DriverError, not applied, since the server has refused the command",
    (prefix) => {
      const error = toDriverError(new Error(`${prefix} secret`));
      expect(error).toBeInstanceOf(DriverError);
      expect(error).toMatchObject({ outcome: "not-applied", message: expect.stringContaining(`(${prefix})`) });
      expect(error.message).not.toContain("secret");
    },
  );

  it.each(["ERR secret", "SECRET something"])("makes %j a DriverError of an unknown outcome", (message) => {
    const error = toDriverError(new Error(message));
    expect(error).toBeInstanceOf(DriverError);
    expect(error).toMatchObject({ outcome: "unknown" });
    expect(error.message).not.toMatch(/secret/i);
  });

  it("makes an error of the client library a lost connection, of an unknown outcome", () => {
    for (const reason of [new Error("Socket closed unexpectedly"), "not an error"]) {
      expect(toDriverError(reason)).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
    }
  });

  it("makes an error of the encoder a DriverError, not applied", () => {
    expect(toDriverError(new RangeError("Invalid string length"))).toMatchObject({
      ...{ code: "ERR_DRIVER", outcome: "not-applied" },
      message: "the command is too long",
    });
  });

  it("makes WRONGTYPE a TypeMismatchError", () => {
    expect(toDriverError(new Error("WRONGTYPE Operation against a key"))).toBeInstanceOf(TypeMismatchError);
  });

  it("makes what the server does not support a NotSupportedError that says what to do", () => {
    for (const [message, part] of [
      ["CROSSSLOT Keys in request don't hash to the same slot", "option cluster"],
      ["ERR This instance has cluster support disabled", "option url"],
      ["ERR unknown command 'EVALSHA', with args beginning with: 'secret'", "the command EVALSHA"],
      ["ERR unknown command `unlink`, with args beginning with: `secret`", "the command UNLINK"],
    ] as const) {
      const error = toDriverError(new Error(message));
      expect(error).toBeInstanceOf(NotSupportedError);
      expect(error.message).toContain(part);
      expect(error.message).not.toContain("secret");
    }
  });

  it("does not repeat the name of an unknown command that the driver does not send", () => {
    const error = toDriverError(new Error("ERR unknown command 'secret', with args beginning with: 'secret'"));
    expect(error).toMatchObject({ code: "ERR_DRIVER", outcome: "unknown" });
    expect(error.message).not.toContain("secret");
  });
});

describe("the prefix of an error", () => {
  it.each([
    [new Error("WRONGTYPE Operation against a key"), "WRONGTYPE"],
    [new Error("OOM"), "OOM"],
    [new Error("Socket closed unexpectedly"), undefined],
    [new Error("ERRoneous"), undefined],
    [new Error(""), undefined],
    ["ERR not an error", undefined],
  ])("of %s is %j", (error, prefix) => {
    expect(errorPrefix(error)).toBe(prefix);
  });

  it("is safe to show only if the driver knows it, with the command that was not permitted", () => {
    expect(safeErrorPrefix(new Error("OOM command not allowed"))).toBe("OOM");
    expect(safeErrorPrefix(new Error("SECRET something"))).toBeUndefined();
    const noPermission = (command: string) =>
      safeErrorPrefix(new Error(`NOPERM User has no permissions to run the '${command}' command`));
    expect(noPermission("cluster|slots")).toBe("NOPERM: cluster|slots");
    expect(noPermission("secret")).toBe("NOPERM");
  });
});
