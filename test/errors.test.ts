import { afterEach, describe, expect, it, vi } from "vitest";
import {
  CodecError,
  ConflictError,
  DriverError,
  InvalidArgumentError,
  InvalidKeyError,
  InvalidNamespaceError,
  InvalidPatternError,
  NamestoreError,
  NotFoundError,
  NotSupportedError,
  OverflowError,
  TimeoutError,
  TypeMismatchError,
  UnavailableError,
} from "../src/errors.js";

const errors = {
  NotFoundError,
  TypeMismatchError,
  OverflowError,
  InvalidPatternError,
  InvalidKeyError,
  InvalidNamespaceError,
  InvalidArgumentError,
  CodecError,
  ConflictError,
  NotSupportedError,
  TimeoutError,
  UnavailableError,
  DriverError,
};

const CLASSES = [
  ["NotFoundError", "ERR_NOT_FOUND"],
  ["TypeMismatchError", "ERR_TYPE_MISMATCH"],
  ["OverflowError", "ERR_OVERFLOW"],
  ["InvalidPatternError", "ERR_INVALID_PATTERN"],
  ["InvalidKeyError", "ERR_INVALID_KEY"],
  ["InvalidNamespaceError", "ERR_INVALID_NAMESPACE"],
  ["InvalidArgumentError", "ERR_INVALID_ARGUMENT"],
  ["CodecError", "ERR_CODEC"],
  ["ConflictError", "ERR_CONFLICT"],
  ["NotSupportedError", "ERR_NOT_SUPPORTED"],
  ["TimeoutError", "ERR_TIMEOUT"],
  ["UnavailableError", "ERR_UNAVAILABLE"],
  ["DriverError", "ERR_DRIVER"],
] as const;

describe.each(CLASSES)("%s", (name, code) => {
  const Made = errors[name];

  it(`has the code ${code}, its name, and nothing that was not given`, () => {
    const error = new Made("why");
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(NamestoreError);
    expect(error).toBeInstanceOf(Made);
    expect(error).toMatchObject({ name, code, message: "why" });
    expect(Made.code).toBe(code);
    expect(error.stack).toMatch(new RegExp(`^${name}: why\\n`));
    for (const absent of ["operation", "key", "cause"]) expect(error).not.toHaveProperty(absent);
  });

  it("carries the operation, the key and the cause", () => {
    const cause = new Error("behind");
    const error = new Made("why", { operation: "get", key: "", cause });
    expect(error).toMatchObject({ operation: "get", key: "", cause });
    expect(Object.keys(error)).not.toContain("cause");
    const bare = new Made("why", { operation: undefined, key: undefined, cause: undefined });
    for (const absent of ["operation", "key", "cause"]) expect(bare).not.toHaveProperty(absent);
  });

  it("bears the brand that every copy of the package knows", () => {
    expect(Reflect.get(new Made("why"), Symbol.for("namestore.error"))).toBe(true);
  });

  it("is an instance of no other class", () => {
    const error = new Made("why");
    const is = CLASSES.filter(([other]) => error instanceof errors[other]).map(([other]) => other);
    expect(is).toEqual([name]);
  });
});

describe("an outcome", () => {
  it.each([TimeoutError, UnavailableError, DriverError])("is unknown unless it is known: %o", (Made) => {
    expect(new Made("why").outcome).toBe("unknown");
    expect(new Made("why", {}).outcome).toBe("unknown");
    expect(new Made("why", { outcome: undefined }).outcome).toBe("unknown");
    expect(new Made("why", { outcome: "unknown" }).outcome).toBe("unknown");
    expect(new Made("why", { outcome: "not-applied" }).outcome).toBe("not-applied");
  });

  it("is on the last three classes only", () => {
    for (const [name] of CLASSES.slice(0, -3)) expect(new errors[name]("why")).not.toHaveProperty("outcome");
  });
});

describe("instanceof", () => {
  class ServerBusy extends TimeoutError {}
  class VeryBusy extends ServerBusy {}
  class Own extends NamestoreError {
    readonly code = "ERR_DRIVER";
  }

  it("holds for the user's subclasses, up the line and not down", () => {
    const busy = new VeryBusy("why");
    for (const Made of [VeryBusy, ServerBusy, TimeoutError, NamestoreError, Error]) expect(busy).toBeInstanceOf(Made);
    expect(new ServerBusy("why")).not.toBeInstanceOf(VeryBusy);
    expect(new TimeoutError("why")).not.toBeInstanceOf(ServerBusy);
    expect(busy).not.toBeInstanceOf(DriverError);
    expect(busy.code).toBe("ERR_TIMEOUT");
  });

  it("holds for a direct subclass of the user's", () => {
    expect(new Own("why")).toBeInstanceOf(Own);
    expect(new Own("why")).toBeInstanceOf(NamestoreError);
    expect(new DriverError("why")).not.toBeInstanceOf(Own);
  });

  it("does not hold for anything else", () => {
    const others: unknown[] = [
      undefined,
      null,
      "ERR_NOT_FOUND",
      5,
      Symbol("x"),
      () => {},
      {},
      { code: "ERR_NOT_FOUND" },
      new Error("why"),
      Object.assign(new Error("why"), { code: "ERR_NOT_FOUND", name: "NotFoundError" }),
      Object.create(null),
    ];
    for (const other of others) {
      expect(other instanceof NamestoreError).toBe(false);
      expect(other instanceof NotFoundError).toBe(false);
      expect(other instanceof ServerBusy).toBe(false);
    }
  });
});

describe("instanceof, across two copies of the package", () => {
  afterEach(() => {
    vi.resetModules();
  });

  async function copy(): Promise<typeof import("../src/errors.js")> {
    vi.resetModules();
    return import("../src/errors.js");
  }

  it("holds for each class, both ways", async () => {
    const other = await copy();
    for (const [name] of CLASSES) {
      expect(other[name]).not.toBe(errors[name]);
      for (const [theirs] of CLASSES) {
        expect(new other[theirs]("why") instanceof errors[name]).toBe(theirs === name);
        expect(new errors[theirs]("why") instanceof other[name]).toBe(theirs === name);
      }
      expect(new other[name]("why")).toBeInstanceOf(NamestoreError);
      expect(new errors[name]("why")).toBeInstanceOf(other.NamestoreError);
    }
  });

  it("holds for the user's subclasses where they are instances, and not where they are not", async () => {
    const other = await copy();
    class ServerBusy extends other.TimeoutError {}
    const busy = new ServerBusy("why");
    expect(busy).toBeInstanceOf(TimeoutError);
    expect(busy).toBeInstanceOf(NamestoreError);
    expect(busy).not.toBeInstanceOf(DriverError);
    expect(new TimeoutError("why")).not.toBeInstanceOf(ServerBusy);
    class Same extends TimeoutError {}
    expect(busy).not.toBeInstanceOf(Same);
  });

  it("lets a client complete the errors of a driver of another copy", async () => {
    const other = await copy();
    vi.resetModules();
    const { Client } = await import("../src/client/client.js");
    const { failing } = await import("./support/driver.js");
    const thrown = new other.TimeoutError("slow", { outcome: "not-applied" });
    const client = new Client("app", "users", { driver: failing(thrown) });
    const error: unknown = await client.find("a").catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ outcome: "not-applied", operation: "find", message: 'find "a": slow' });
  });
});
