import type { StandardSchemaV1 } from "@standard-schema/spec";
import { CodecError, InvalidArgumentError } from "../errors.js";
import { kindOf } from "../internal/describe.js";
import { isPromise } from "../internal/promise.js";
import type { TextCodec } from "./codec.js";

/**
 * JSON of any type, unchecked: what is read back is whatever was stored.
 *
 * @example
 * ```ts
 * const users = new Client<UserID, User>("app", "users", { codec: json() });
 * ```
 */
export function json<T>(): TextCodec<T>;

/**
 * JSON that a schema validates on the way in and on the way out: zod, valibot, arktype or anything else that
 * speaks Standard Schema. The schema must be synchronous, and take its own output as input, after a round trip through
 * JSON too: `z.iso.datetime()` does, `z.date()` does not.
 *
 * A value that fails is a `CodecError` that names the paths of the issues, and no values.
 *
 * @see https://standardschema.dev
 * @example
 * ```ts
 * const User = z.object({ name: z.string(), admin: z.boolean().default(false) });
 * const users = new Client("app", "users", { codec: json(User) });
 * ```
 */
export function json<Out extends In, In = Out>(schema: StandardSchemaV1<In, Out>): TextCodec<Out>;

export function json<T>(schema?: StandardSchemaV1<T, T>): TextCodec<T> {
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
    // What was thrown is not kept: a toJSON of the user's may have put the value into it.
    throw new CodecError("the value has no JSON form: it holds a cycle, a BigInt, or a toJSON that throws");
  }
  if (written === undefined) throw new CodecError(`the value has no JSON form: it is ${kindOf(value)}`);
  return written;
}

function parse(stored: string): unknown {
  try {
    return JSON.parse(stored);
  } catch {
    // The SyntaxError is not kept: it quotes the value.
    throw new CodecError("the stored value is not JSON");
  }
}

function validator<T>(schema: StandardSchemaV1<T, T>): (value: unknown) => T {
  const validate = (schema as Partial<typeof schema> | null)?.["~standard"]?.validate;
  if (typeof validate !== "function") {
    throw new InvalidArgumentError(`the schema is ${kindOf(schema)}; allowed is one that speaks Standard Schema`);
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

/** Where an issue lies, such as `address.lines.0`. Its message is left out: it could quote the value. */
function pathOf(issue: StandardSchemaV1.Issue): string {
  // Not path.map: arktype's paths are of an array class of its own, which makes one step out of none.
  const steps = Array.from(issue.path ?? [], (step) => String(typeof step === "object" ? step.key : step));
  return steps.length === 0 ? "the root" : steps.join(".");
}
