import type { StandardSchemaV1 } from "@standard-schema/spec";
import { CodecError, InvalidArgumentError } from "../errors.js";
import { kindOf } from "../internal/describe.js";
import { isPromise } from "../internal/promise.js";
import type { TextCodec } from "./codec.js";

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
 * Standard Schema. The schema must be synchronous. It must accept its own output as input, also after a round trip
 * through JSON: `z.iso.datetime()` does, `z.date()` does not.
 *
 * An invalid value is a `CodecError` that names the paths of the issues, but no values.
 *
 * @throws InvalidArgumentError when the schema is not a Standard Schema.
 * @see https://standardschema.dev
 * @example
 * ```ts
 * const User = z.object({ name: z.string(), admin: z.boolean().default(false) });
 * const users = new Client("app", "users", { codec: json(User) });
 * ```
 */
export function json<Out extends In, In = Out>(schema: StandardSchemaV1<In, Out>): TextCodec<Out>;

export function json<T>(schema?: StandardSchemaV1<T, T>): TextCodec<T> {
  // Without a schema, the type is what the caller says it is.
  const checked = schema === undefined ? (value: unknown) => value as T : validator(schema);
  return {
    format: "text",
    encode: (value) => stringify(checked(value)),
    decode: (stored) => checked(parse(stored)),
  };
}

function stringify(value: unknown): string {
  let written: string | undefined;
  try {
    written = JSON.stringify(value);
  } catch {
    // What was thrown is not kept as the cause: a user's toJSON may have put the value into it.
    throw new CodecError("the value has no JSON form: it holds a cycle, a BigInt, or a toJSON that throws");
  }
  if (written === undefined) throw new CodecError(`the value has no JSON form: it is ${kindOf(value)}`);
  return written;
}

function parse(stored: string): unknown {
  try {
    return JSON.parse(stored);
  } catch {
    // The SyntaxError is not kept as the cause: it quotes the value.
    throw new CodecError("the stored value is not JSON");
  }
}

function validator<T>(schema: StandardSchemaV1<T, T>): (value: unknown) => T {
  // A caller without types may pass anything.
  const validate = (schema as Partial<typeof schema> | null)?.["~standard"]?.validate;
  if (typeof validate !== "function") {
    throw new InvalidArgumentError(`the schema is ${kindOf(schema)}; allowed is a Standard Schema`);
  }
  return (value) => {
    const result = validate(value);
    if (isPromise(result)) {
      result.then(undefined, () => {});
      throw new CodecError("the schema is asynchronous; a codec's schema must be synchronous");
    }
    if (result.issues === undefined) return result.value;
    throw new CodecError(`the value does not fit the schema at ${result.issues.map(pathOf).join(", ")}`);
  };
}

/** Returns the path of an issue, such as `address.lines.0`. Its message is left out: it could quote the value. */
function pathOf(issue: StandardSchemaV1.Issue): string {
  // Not path.map: arktype's paths are instances of its own array class, whose map returns one step for an empty path.
  const steps = Array.from(issue.path ?? [], (step) => String(typeof step === "object" ? step.key : step));
  return steps.length === 0 ? "the root" : steps.join(".");
}
