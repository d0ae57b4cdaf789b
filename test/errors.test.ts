import { afterEach, describe, expect, it, vi } from "vitest";
import {
  CodecError,
  ConflictError,
  DriverError,
  type ErrorCode,
  InvalidArgumentError,
  InvalidKeyError,
  InvalidNamespaceError,
  InvalidPatternError,
  NamestoreError,
  NotFoundError,
  NotSupportedError,
  OutcomeError,
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

/** The class with each code. Those with an outcome come last. */
const NAMES = {
  ERR_NOT_FOUND: "NotFoundError",
  ERR_TYPE_MISMATCH: "TypeMismatchError",
  ERR_OVERFLOW: "OverflowError",
  ERR_INVALID_PATTERN: "InvalidPatternError",
  ERR_INVALID_KEY: "InvalidKeyError",
  ERR_INVALID_NAMESPACE: "InvalidNamespaceError",
  ERR_INVALID_ARGUMENT: "InvalidArgumentError",
  ERR_CODEC: "CodecError",
  ERR_CONFLICT: "ConflictError",
  ERR_NOT_SUPPORTED: "NotSupportedError",
  ERR_TIMEOUT: "TimeoutError",
  ERR_UNAVAILABLE: "UnavailableError",
  ERR_DRIVER: "DriverError",
} as const satisfies Record<ErrorCode, keyof typeof errors>;
const CLASSES = Object.entries(NAMES).map(([code, name]) => [name, code] as const);

describe.each(CLASSES)("%s", (name, code) => {
  const ErrorClass = errors[name];

  it(`has the code ${code}, its name, and no details by default`, () => {
    const error = new ErrorClass("why");
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(NamestoreError);
    expect(error).toBeInstanceOf(ErrorClass);
    expect(error).toMatchObject({ name, code, message: "why" });
    expect(ErrorClass.code).toBe(code);
    expect(error.stack).toMatch(new RegExp(`^${name}: why\\n`));
    for (const absent of ["operation", "key", "cause"]) expect(error).not.toHaveProperty(absent);
  });

  it("carries the operation, the key and the cause", () => {
    const cause = new Error("behind");
    const error = new ErrorClass("why", { operation: "get", key: "", cause });
    expect(error).toMatchObject({ operation: "get", key: "", cause });
    expect(Object.keys(error)).not.toContain("cause");
    const bare = new ErrorClass("why", { operation: undefined, key: undefined, cause: undefined });
    for (const absent of ["operation", "key", "cause"]) expect(bare).not.toHaveProperty(absent);
  });

  it("has the brand that every copy of the package checks", () => {
    expect(Reflect.get(new ErrorClass("why"), Symbol.for("namestore.error"))).toBe(true);
  });

  it("is not an instance of any other class", () => {
    const error = new ErrorClass("why");
    const is = CLASSES.filter(([other]) => error instanceof errors[other]).map(([other]) => other);
    expect(is).toEqual([name]);
  });
});

describe("the outcome of an error", () => {
  it.each([TimeoutError, UnavailableError, DriverError])("is unknown by default: %o", (ErrorClass) => {
    expect(new ErrorClass("why").outcome).toBe("unknown");
    expect(new ErrorClass("why", {}).outcome).toBe("unknown");
    expect(new ErrorClass("why", { outcome: undefined }).outcome).toBe("unknown");
    expect(new ErrorClass("why", { outcome: "unknown" }).outcome).toBe("unknown");
    expect(new ErrorClass("why", { outcome: "not-applied" }).outcome).toBe("not-applied");
  });

  it("exists on the last three classes only", () => {
    for (const [name] of CLASSES.slice(0, -3)) expect(new errors[name]("why")).not.toHaveProperty("outcome");
  });
});

describe("instanceof", () => {
  class ServerBusy extends TimeoutError {}
  class VeryBusy extends ServerBusy {}
  class Own extends NamestoreError {
    readonly code = "ERR_DRIVER";
  }

  it("holds for OutcomeError on the classes with an outcome only", () => {
    const withOutcome = CLASSES.filter(([name]) => new errors[name]("why") instanceof OutcomeError);
    expect(withOutcome).toEqual(CLASSES.slice(-3));
  });

  it("holds for a user's subclass and its superclasses, not for its subclasses", () => {
    const busy = new VeryBusy("why");
    for (const ErrorClass of [VeryBusy, ServerBusy, TimeoutError, NamestoreError, Error])
      expect(busy).toBeInstanceOf(ErrorClass);
    expect(new ServerBusy("why")).not.toBeInstanceOf(VeryBusy);
    expect(new TimeoutError("why")).not.toBeInstanceOf(ServerBusy);
    expect(busy).not.toBeInstanceOf(DriverError);
    expect(busy.code).toBe("ERR_TIMEOUT");
  });

  it("holds for a user's direct subclass of NamestoreError", () => {
    expect(new Own("why")).toBeInstanceOf(Own);
    expect(new Own("why")).toBeInstanceOf(NamestoreError);
    expect(new DriverError("why")).not.toBeInstanceOf(Own);
  });

  it("does not hold for other values", () => {
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

// Importing a second copy of the sources may take seconds on a busy machine.
describe("instanceof across two copies of the package", { timeout: 60_000 }, () => {
  afterEach(() => {
    vi.resetModules();
  });

  async function copy(): Promise<typeof import("../src/errors.js")> {
    vi.resetModules();
    return import("../src/errors.js");
  }

  it("holds for each class, in both directions", async () => {
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

  it("holds for a user's subclass where it should, and nowhere else", async () => {
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

  it("lets a client add operation and key to an error of another copy's driver", async () => {
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
