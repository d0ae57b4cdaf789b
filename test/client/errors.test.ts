import { describe, expect, it } from "vitest";
import { Client } from "../../src/client/client.js";
import { text } from "../../src/codec/text.js";
import * as errors from "../../src/errors.js";
import { DriverError, NamestoreError, TimeoutError } from "../../src/errors.js";
import { driverWhere, failing } from "../support/driver.js";
import { everythingIn } from "../support/leaks.js";
import { rejection } from "../support/promises.js";

const CLASSES = [
  errors.NotFoundError,
  errors.TypeMismatchError,
  errors.OverflowError,
  errors.InvalidPatternError,
  errors.InvalidKeyError,
  errors.InvalidNamespaceError,
  errors.InvalidArgumentError,
  errors.CodecError,
  errors.ConflictError,
  errors.NotSupportedError,
  errors.TimeoutError,
  errors.UnavailableError,
  errors.DriverError,
] as const;

const notes = (thrown: unknown, how: "throws" | "rejects" = "throws") =>
  new Client("app", "notes", { driver: failing(thrown, how), codec: text });

describe.each(["throws", "rejects"] as const)("a driver that %s", (how) => {
  describe.each(CLASSES.map((made) => [made.name, made] as const))("a %s", (name, Made) => {
    it("reaches the caller as a new error of that class, with the operation and the key", async () => {
      const cause = new Error("the socket closed");
      const thrown = new Made("the reason", { cause });
      const error = await rejection<NamestoreError>(notes(thrown, how).find("a"));
      expect(error).not.toBe(thrown);
      expect(error).toBeInstanceOf(Made);
      expect(Object.getPrototypeOf(error)).toBe(Made.prototype);
      expect(error.name).toBe(name);
      expect(error.code).toBe(Made.code);
      expect(error.operation).toBe("find");
      expect(error.key).toBe("a");
      expect(error.message).toBe('find "a": the reason');
      expect(error.cause).toBe(cause);
    });

    it("is never modified, and each caller gets a different error", async () => {
      const thrown = Object.freeze(new Made("the reason"));
      const client = notes(thrown, how);
      const caught = await Promise.all(["a", "b", "a"].map((key) => rejection<NamestoreError>(client.find(key))));
      expect(new Set([thrown, ...caught]).size).toBe(4);
      expect(caught.map(({ key }) => key)).toEqual(["a", "b", "a"]);
      expect(thrown.message).toBe("the reason");
      expect(thrown).not.toHaveProperty("operation");
      expect(thrown).not.toHaveProperty("key");
    });

    it("has no key if the call is not about one", async () => {
      const client = notes(new Made("the reason"), how);
      for (const [operation, call] of [
        ["mGet", () => client.mGet(["a"])],
        ["mSet", () => client.mSet({ a: "x" })],
        ["mDel", () => client.mDel(["a"])],
        ["keys", () => client.keys()],
        ["scan", () => client.scan().next()],
        ["clear", () => client.clear()],
      ] as const) {
        const error = await rejection<NamestoreError>(call());
        expect(error.operation).toBe(operation);
        expect(error).not.toHaveProperty("key");
        expect(error.message).toBe(`${operation}: the reason`);
      }
    });
  });

  it.each([errors.TimeoutError, errors.UnavailableError, errors.DriverError])(
    "an error with an outcome keeps it",
    async (Made) => {
      const known = await rejection<TimeoutError>(notes(new Made("no", { outcome: "not-applied" }), how).find("a"));
      const open = await rejection<TimeoutError>(notes(new Made("no"), how).find("a"));
      expect(known.outcome).toBe("not-applied");
      expect(open.outcome).toBe("unknown");
    },
  );

  it.each([
    ["an Error", new Error("odd"), "odd"],
    ["a TypeError", new TypeError("odd"), "odd"],
    ["a text", "odd", "odd"],
    ["a number", 42, ""],
    ["null", null, ""],
    ["an object", { message: "odd" }, ""],
    ["a symbol", Symbol("odd"), ""],
    ["a function", () => {}, ""],
    ["an Error whose message is none", Object.assign(new Error("x"), { message: { not: "a text" } }), ""],
    ["an Error whose message is undefined", Object.assign(new Error("x"), { message: undefined }), ""],
  ])("%s becomes the cause of a DriverError", async (_name, thrown, said) => {
    const call = notes(thrown, how).find("a");
    const error = await rejection<DriverError>(call);
    expect(error).toBeInstanceOf(DriverError);
    expect(error).toMatchObject({ code: "ERR_DRIVER", operation: "find", key: "a", outcome: "unknown" });
    expect(error.cause).toBe(thrown);
    expect(error.message).toContain("memory driver");
    expect(error.message).toContain(said);
  });

  it("undefined becomes a DriverError, too", async () => {
    const error = await rejection<DriverError>(notes(undefined, how).find("a"));
    expect(error).toBeInstanceOf(DriverError);
    expect(error.cause).toBeUndefined();
  });

  it.each(["ERR_OF_A_LATER_VERSION", "constructor", "__proto__", undefined])(
    "an error of ours with a code that this version does not know becomes a DriverError: %s",
    async (code) => {
      class Newer extends NamestoreError {
        readonly code = code as never;
      }
      const thrown = new Newer("odd");
      const error = await rejection<DriverError>(notes(thrown, how).find("a"));
      expect(error).toBeInstanceOf(DriverError);
      expect(error.cause).toBe(thrown);
    },
  );

  it("a user's subclass reaches the caller as the class it extends", async () => {
    class ServerBusy extends TimeoutError {}
    const error = await rejection(notes(new ServerBusy("busy", { outcome: "not-applied" }), how).find("a"));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ code: "ERR_TIMEOUT", outcome: "not-applied", message: 'find "a": busy' });
  });

  describe("a message that repeats the arguments of a command", () => {
    const SECRET = "hunter2";
    const TEXT = `ERR unknown command 'X', with args beginning with: '${SECRET}'`;
    const CUT = "ERR unknown command 'X', with args";

    it("is cut before them in the message", async () => {
      const error = await rejection(notes(new DriverError(TEXT), how).find("a"));
      expect(error.message).toBe(`find "a": ${CUT}`);
      expect(everythingIn(error)).not.toContain(SECRET);
    });

    it("is cut before them in an Error, whose copy becomes the cause", async () => {
      const thrown = new TypeError(TEXT);
      const error = await rejection(notes(thrown, how).find("a"));
      expect(error.message).toContain(CUT);
      expect(error.cause).toBeInstanceOf(Error);
      expect(error.cause).not.toBe(thrown);
      expect(error.cause).toMatchObject({ name: "TypeError", message: CUT });
      expect(everythingIn(error)).not.toContain(SECRET);
      expect(thrown.message).toBe(TEXT);
    });

    it("is cut before them in a string that was thrown", async () => {
      const error = await rejection(notes(TEXT, how).find("a"));
      expect(error.cause).toBe(CUT);
      expect(everythingIn(error)).not.toContain(SECRET);
    });

    it.each([
      ["an Error as the cause of ours", new DriverError("odd", { cause: new Error(TEXT) })],
      ["a text as the cause of ours", new DriverError("odd", { cause: TEXT })],
      ["an Error as the cause of a foreign one", new Error("odd", { cause: new Error(TEXT) })],
      ["a text as the cause of a foreign one", new Error("odd", { cause: TEXT })],
      ["a cause far down", new DriverError("1", { cause: new Error("2", { cause: new Error("3", { cause: TEXT }) }) })],
      ["an Error with it, and a cause with it too", new Error(TEXT, { cause: new Error(TEXT) })],
      ["an object with a message, which may be an error of another realm", { message: TEXT, code: 5 }],
      ["the errors of an AggregateError", new AggregateError([new Error(TEXT), new Error("fine")], "several")],
    ])("is cut before them in %s", async (_name, thrown) => {
      const errors = [await rejection(notes(thrown, how).find("a")), await rejection(notes(thrown, how).clear())];
      for (const error of errors) expect(everythingIn(error)).not.toContain(SECRET);
      expect(everythingIn(thrown)).toContain(SECRET);
    });

    it("is cut even if causes form a circle", async () => {
      const first = new Error("first");
      const second = new Error(TEXT, { cause: first });
      first.cause = second;
      const error = await rejection(notes(first, how).find("a"));
      expect(error).toBeInstanceOf(DriverError);
      expect(everythingIn(error)).not.toContain(SECRET);
    });

    it("does not lead to a copy of other causes", async () => {
      const cause = new Error("odd", { cause: new Error("odder") });
      expect((await rejection(notes(cause, how).find("a"))).cause).toBe(cause);
    });
  });
});

describe("an error's message", () => {
  it("shows a key on one line, cut where it is long", async () => {
    const client = new Client("app", "notes", { codec: text });
    expect((await rejection(client.get("a\n\u0000b"))).message).toMatch(/^get "a\\n\\u0000b": /);
    const long = "k".repeat(1000);
    const error = await rejection<NamestoreError>(client.get(long));
    expect(error.message.length).toBeLessThan(200);
    expect(error.key).toBe(long);
  });
});

describe("a reply that breaks the contract", () => {
  it("is reported as the driver's fault, and not the codec's", async () => {
    const client = new Client("app", "notes", { driver: driverWhere(() => null), codec: text });
    await expect(client.find("a")).rejects.toMatchObject({
      code: "ERR_DRIVER",
      message: 'find "a": the driver answered null; allowed is a string, a Uint8Array or undefined',
    });
  });

  it("is treated as a promise if it has a then method, and the caller gets a real promise", async () => {
    // biome-ignore lint/suspicious/noThenProperty: a promise that is no Promise is what is tested.
    const thenable = { then: (resolve: (answer: string) => void) => resolve("later") };
    const client = new Client("app", "notes", { driver: driverWhere(() => thenable), codec: text });
    const call = client.find("a");
    expect(call).toBeInstanceOf(Promise);
    expect(await call).toBe("later");
  });
});
