import type { StandardSchemaV1 } from "@standard-schema/spec";
import { CodecError, InvalidArgumentError } from "../errors.js";
import { kindOf } from "../internal/describe.js";
import { refuseUnknown } from "../internal/known-options.js";
import { isPromise } from "../internal/promise.js";
import type { TextCodec } from "./codec.js";
import { describeIssue } from "./issue.js";

/**
 * A codec for values of any type as JSON, without a check: reading returns whatever was stored.
 *
 * @example
 * ```ts
 * const users = new Client<UserID, User>("app", "users", { codec: json() });
 * ```
 */
export function json<T>(): TextCodec<T>;

/**
 * A codec for JSON that a schema validates before writing and after reading: zod, valibot, arktype or any other
 * Standard Schema. The schema must be synchronous.
 *
 * What is written must be readable: a value whose JSON the schema refuses, such as a `Date` for `z.date()`, is refused
 * too. A schema whose output is not its input needs the option `encode`, which is its reverse: `schema.encode` of a zod
 * schema with codecs. Without that option, `encode` of a zod schema is used where it accepts the value.
 *
 * An invalid value is a `CodecError` that names the paths of the first five issues, and the schema's messages unless
 * they could repeat a part of the value.
 *
 * @throws InvalidArgumentError when the schema is not a Standard Schema, or for a bad option.
 * @see https://standardschema.dev
 * @example
 * ```ts
 * const User = z.object({ name: z.string(), admin: z.boolean().default(false) });
 * const users = new Client("app", "users", { codec: json(User) });
 *
 * const date = z.codec(z.iso.datetime(), z.date(), { decode: (text) => new Date(text), encode: (at) => at.toISOString() });
 * const Visit = z.object({ at: date });
 * const visits = new Client("app", "visits", { codec: json(Visit, { encode: Visit.encode }) });
 * ```
 */
export function json<Out extends In, In = Out>(
  schema: StandardSchemaV1<In, Out>,
  options?: JsonOptions<In, Out>,
): TextCodec<Out>;

/** A codec for JSON by a schema whose output is not its input: the option `encode` turns the one into the other. */
export function json<In, Out>(
  schema: StandardSchemaV1<In, Out>,
  options: JsonOptions<In, Out> & { encode: (value: Out) => In },
): TextCodec<Out>;

export function json<In, Out>(schema?: StandardSchemaV1<In, Out>, options: JsonOptions<In, Out> = {}): TextCodec<Out> {
  if (schema === undefined) {
    // Without a schema, the type is what the caller says it is.
    return {
      format: "text",
      encode: (value) => stringify(awaited(value)),
      decode: (stored) => parse(stored) as Out,
    };
  }
  const validate = validator(schema);
  const { encode = reverseOf(schema) ?? validate, verify = true } = checked(options);
  const decode = (stored: string): Out => validate(parse(stored));
  return {
    format: "text",
    encode(value) {
      const written = stringify(encode(awaited(value)));
      if (verify) checkReadable(written, decode);
      return written;
    },
    decode,
  };
}

/** The options of {@link json} with a schema. */
export interface JsonOptions<In, Out> {
  /** Turns a value into what the schema accepts as input. Default: what the schema makes of the value as input. */
  encode?: ((value: Out) => In) | undefined;
  /**
   * Whether each value that is encoded is decoded again at once, and refused where that fails. It takes as long as
   * another read. Default: `true`.
   */
  verify?: boolean | undefined;
}

function checked<In, Out>(options: JsonOptions<In, Out>): JsonOptions<In, Out> {
  if (typeof options !== "object" || options === null) {
    throw new InvalidArgumentError(`options is ${kindOf(options)}; allowed is an object such as { verify, encode }`);
  }
  refuseUnknown(options, ["encode", "verify"]);
  const { encode, verify } = options;
  if (encode !== undefined && typeof encode !== "function") {
    throw new InvalidArgumentError(`encode is ${kindOf(encode)}; allowed is a function`);
  }
  if (verify !== undefined && typeof verify !== "boolean") {
    throw new InvalidArgumentError(`verify is ${kindOf(verify)}; allowed is a boolean`);
  }
  return { ...options, encode: encode && namingIssues(encode) };
}

/** Standard Schema knows one direction only. A zod schema also has `encode`, the other way through its codecs. */
function reverseOf<In, Out>(schema: StandardSchemaV1<In, Out>): ((value: Out) => In) | undefined {
  const { encode }: { encode?: unknown } = schema as object;
  if (schema["~standard"].vendor !== "zod" || typeof encode !== "function") return undefined;
  const validate = validator(schema);
  return (value) => {
    try {
      return encode(value) as In;
    } catch {
      // It cannot go backwards through a default or a transform. Then the value may be an input itself.
      return validate(value) as unknown as In;
    }
  };
}

/** Where an `encode` throws the issues of a schema, as that of zod does, they are named like those of a validation. */
function namingIssues<In, Out>(encode: (value: Out) => In): (value: Out) => In {
  return (value) => {
    try {
      return encode(value);
    } catch (error) {
      const { issues }: { issues?: unknown } = Object(error) as object;
      throw Array.isArray(issues) ? unfit(issues as StandardSchemaV1.Issue[], value) : error;
    }
  };
}

/**
 * Returns the value itself.
 *
 * @throws CodecError when it is a promise, whose JSON is `{}`: nobody means to store that.
 */
function awaited<T>(value: T): T {
  if (isPromise(value)) throw new CodecError("the value is a promise: await it");
  return value;
}

/** @throws CodecError when what was written does not decode. */
function checkReadable(written: string, decode: (stored: string) => unknown): void {
  try {
    decode(written);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw new CodecError(`the value can be written but not be read: ${error.message}`);
  }
}

function stringify(value: unknown): string {
  let written: string | undefined;
  try {
    written = JSON.stringify(value);
  } catch (error) {
    // What was thrown is not kept as the cause: a user's toJSON may have put the value into it.
    throw new CodecError(
      isTooDeep(error)
        ? "the value has no JSON form: it is nested too deeply"
        : "the value has no JSON form: it holds a cycle, a BigInt, or a toJSON that throws",
    );
  }
  if (written === undefined) throw new CodecError(`the value has no JSON form: it is ${kindOf(value)}`);
  return written;
}

/** Whether the stack overflowed, in the words of V8 and JavaScriptCore, or of SpiderMonkey. */
function isTooDeep(error: unknown): boolean {
  return error instanceof Error && /call stack size|recursion/.test(error.message);
}

function parse(stored: string): unknown {
  try {
    return JSON.parse(stored);
  } catch {
    // The SyntaxError is not kept as the cause: it quotes the value.
    throw new CodecError("the stored value is not JSON");
  }
}

function validator<In, Out>(schema: StandardSchemaV1<In, Out>): (value: unknown) => Out {
  // A caller without types may pass anything.
  const validate = (schema as Partial<typeof schema> | null)?.["~standard"]?.validate;
  if (typeof validate !== "function") {
    throw new InvalidArgumentError(`the schema is ${kindOf(schema)}; allowed is a Standard Schema`);
  }
  return (value) => {
    const result = validate(value);
    if (isPromise(result)) {
      result.then(undefined, () => {});
      rethrow(schema, value);
      throw new CodecError("the schema is asynchronous; a codec's schema must be synchronous");
    }
    if (result.issues === undefined) return result.value;
    throw unfit(result.issues, value);
  };
}

/**
 * Throws what a function of a zod schema throws. zod validates asynchronously then, as it does where the schema itself is
 * asynchronous; only its `safeParse` tells the two apart.
 */
function rethrow(schema: StandardSchemaV1, value: unknown): void {
  const { safeParse }: { safeParse?: unknown } = schema as object;
  if (schema["~standard"].vendor !== "zod" || typeof safeParse !== "function") return;
  try {
    Reflect.apply(safeParse, schema, [value]);
  } catch (error) {
    if (!isAsynchronous(error)) throw error;
  }
}

/** Whether a schema is asynchronous, in the words of zod 3 and of zod 4. */
function isAsynchronous(error: unknown): boolean {
  return error instanceof Error && error.message.includes("synchronous parse");
}

function unfit(issues: readonly StandardSchemaV1.Issue[], value: unknown): CodecError {
  // Not issues.slice: a schema may return an array class of its own.
  const shown = Array.from(issues).slice(0, MOST_ISSUES);
  const described = shown.map((issue) => describeIssue(issue, value)).join(", ");
  const more = issues.length - shown.length;
  return new CodecError(`the value does not fit the schema at ${described}${more > 0 ? ` and ${more} more` : ""}`);
}

/** A long list can have an issue for each of its items. */
const MOST_ISSUES = 5;
