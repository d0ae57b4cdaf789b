import { describe, expectTypeOf, it } from "vitest";
import {
  type AnyNamestoreError,
  CodecError,
  type ConflictError,
  type DriverError,
  type ErrorCode,
  type InvalidArgumentError,
  type InvalidKeyError,
  type InvalidNamespaceError,
  type InvalidPatternError,
  NamestoreError,
  NotFoundError,
  type NotSupportedError,
  type Outcome,
  type OverflowError,
  TimeoutError,
  type TypeMismatchError,
  type UnavailableError,
} from "../../src/index.js";

declare const thrown: unknown;

describe("an error's code", () => {
  it("is a literal type of its class, on instances and on the class", () => {
    expectTypeOf<NotFoundError["code"]>().toEqualTypeOf<"ERR_NOT_FOUND">();
    expectTypeOf<TypeMismatchError["code"]>().toEqualTypeOf<"ERR_TYPE_MISMATCH">();
    expectTypeOf<OverflowError["code"]>().toEqualTypeOf<"ERR_OVERFLOW">();
    expectTypeOf<InvalidPatternError["code"]>().toEqualTypeOf<"ERR_INVALID_PATTERN">();
    expectTypeOf<InvalidKeyError["code"]>().toEqualTypeOf<"ERR_INVALID_KEY">();
    expectTypeOf<InvalidNamespaceError["code"]>().toEqualTypeOf<"ERR_INVALID_NAMESPACE">();
    expectTypeOf<InvalidArgumentError["code"]>().toEqualTypeOf<"ERR_INVALID_ARGUMENT">();
    expectTypeOf<CodecError["code"]>().toEqualTypeOf<"ERR_CODEC">();
    expectTypeOf<ConflictError["code"]>().toEqualTypeOf<"ERR_CONFLICT">();
    expectTypeOf<NotSupportedError["code"]>().toEqualTypeOf<"ERR_NOT_SUPPORTED">();
    expectTypeOf<TimeoutError["code"]>().toEqualTypeOf<"ERR_TIMEOUT">();
    expectTypeOf<UnavailableError["code"]>().toEqualTypeOf<"ERR_UNAVAILABLE">();
    expectTypeOf<DriverError["code"]>().toEqualTypeOf<"ERR_DRIVER">();
    expectTypeOf<NamestoreError["code"]>().toEqualTypeOf<ErrorCode>();
  });

  it("is one of thirteen codes", () => {
    const seen: Record<ErrorCode, true> = {
      ERR_NOT_FOUND: true,
      ERR_TYPE_MISMATCH: true,
      ERR_OVERFLOW: true,
      ERR_INVALID_PATTERN: true,
      ERR_INVALID_KEY: true,
      ERR_INVALID_NAMESPACE: true,
      ERR_INVALID_ARGUMENT: true,
      ERR_CODEC: true,
      ERR_CONFLICT: true,
      ERR_NOT_SUPPORTED: true,
      ERR_TIMEOUT: true,
      ERR_UNAVAILABLE: true,
      ERR_DRIVER: true,
    };
    void seen;
  });
});

describe("an error", () => {
  it("is narrowed by instanceof", () => {
    if (thrown instanceof TimeoutError) {
      expectTypeOf(thrown).toEqualTypeOf<TimeoutError>();
      expectTypeOf(thrown.outcome).toEqualTypeOf<Outcome>();
    }
    if (thrown instanceof NamestoreError) {
      expectTypeOf(thrown.code).toEqualTypeOf<ErrorCode>();
      expectTypeOf(thrown.operation).toEqualTypeOf<string | undefined>();
      expectTypeOf(thrown.key).toEqualTypeOf<string | undefined>();
      expectTypeOf(thrown.cause).toEqualTypeOf<unknown>();
    }
  });

  it("is narrowed by code in a union", () => {
    const describe = (error: NotFoundError | DriverError): string => {
      if (error.code === "ERR_DRIVER") return error.outcome;
      expectTypeOf(error).toEqualTypeOf<NotFoundError>();
      return error.message;
    };
    void describe;
  });

  it("of any kind is narrowed by code in the union of them all", () => {
    const failure = thrown as AnyNamestoreError;
    expectTypeOf<AnyNamestoreError["code"]>().toEqualTypeOf<ErrorCode>();
    if (failure.code === "ERR_TIMEOUT") expectTypeOf(failure.outcome).toEqualTypeOf<Outcome>();
    if (failure.code === "ERR_UNAVAILABLE") expectTypeOf(failure.down).toEqualTypeOf<true | undefined>();
    // @ts-expect-error
    if (failure.code === "ERR_NOT_FOUND") void failure.outcome;
    if (thrown instanceof NamestoreError) expectTypeOf(thrown as AnyNamestoreError).toEqualTypeOf<AnyNamestoreError>();
  });

  it("has an outcome only if it may leave open whether the call took effect", () => {
    expectTypeOf<DriverError["outcome"]>().toEqualTypeOf<"not-applied" | "unknown">();
    // @ts-expect-error
    void new NotFoundError("why").outcome;
    // @ts-expect-error
    void new NotFoundError("why", { outcome: "unknown" });
    // @ts-expect-error
    void new TimeoutError("why", { outcome: "maybe" });
  });

  it("is constructed with a message, an outcome and a cause", () => {
    void new TimeoutError("why", { outcome: "not-applied", cause: thrown });
    void new TimeoutError("why", { outcome: undefined, cause: undefined });
    void new CodecError("why", { cause: thrown });
    void new CodecError("why", {});
    // @ts-expect-error
    void new CodecError();
    // @ts-expect-error the base class is no kind of error
    void new NamestoreError("why");
  });

  it("is read-only", () => {
    const error = new NotFoundError("why");
    // @ts-expect-error
    error.code = "ERR_NOT_FOUND";
    // @ts-expect-error
    error.key = "k";
    // @ts-expect-error
    error.operation = "get";
  });

  it("may be extended by a user's class", () => {
    class ServerBusy extends TimeoutError {
      readonly retryAfter = 5;
    }
    expectTypeOf<ServerBusy["code"]>().toEqualTypeOf<"ERR_TIMEOUT">();
    if (thrown instanceof ServerBusy) expectTypeOf(thrown).toEqualTypeOf<ServerBusy>();
  });
});
