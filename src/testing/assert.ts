/**
 * The assertions of the suite. They need no module of Node, so that the suite runs wherever a driver does. A failure has
 * the fields by which test runners show a difference.
 */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
  readonly code = "ERR_ASSERTION";
  readonly actual: unknown;
  readonly expected: unknown;
  readonly operator: string;

  constructor(message: string, { actual, expected, operator }: Comparison) {
    super(message);
    this.actual = actual;
    this.expected = expected;
    this.operator = operator;
  }
}

interface Comparison {
  readonly actual?: unknown;
  readonly expected?: unknown;
  readonly operator: string;
}

/** Asserts that the condition holds. */
export function ok(condition: unknown, message = "a condition does not hold"): asserts condition {
  if (!condition) throw new AssertionError(message, { actual: condition, expected: true, operator: "==" });
}

/** Asserts that both are the same value, as `Object.is` compares them. */
export function equal<T>(actual: unknown, expected: T, message?: string): asserts actual is T {
  if (Object.is(actual, expected)) return;
  throw new AssertionError(message ?? `expected ${show(expected)}; got ${show(actual)}`, {
    actual,
    expected,
    operator: "strictEqual",
  });
}

/** Asserts that both have equal content: lists, Maps, Sets, bytes of one class, and plain objects. */
export function deepEqual<T>(actual: unknown, expected: T, message?: string): asserts actual is T {
  const difference = differenceOf(actual, expected);
  if (difference === undefined) return;
  const { path, found, wanted } = difference;
  const at = path === "" ? "" : ` at ${path}`;
  const detail = `expected ${show(wanted)}${at}; got ${show(found)}`;
  throw new AssertionError(message === undefined ? detail : `${message}: ${detail}`, {
    actual,
    expected,
    operator: "deepStrictEqual",
  });
}

/** Asserts that the text matches. */
export function match(actual: unknown, pattern: RegExp): void {
  if (typeof actual === "string" && pattern.test(actual)) return;
  const message = `expected a match of ${pattern}; got ${show(actual)}`;
  throw new AssertionError(message, { actual, expected: pattern, operator: "match" });
}

/** Asserts that the call throws an error of this class. */
export function throws(call: () => unknown, expected: ErrorClass): void {
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  if (thrown instanceof expected) return;
  throw new AssertionError(`expected ${expected.name} to be thrown; got ${show(thrown)}`, {
    actual: thrown,
    expected,
    operator: "throws",
  });
}

type ErrorClass = abstract new (...args: never) => Error;

/** Fails. */
export function fail(message: string): never {
  throw new AssertionError(message, { operator: "fail" });
}

/** Returns a value as a message shows it, in at most a few hundred characters. */
export function show(value: unknown): string {
  const shown = shownWithin(value, 3);
  return shown.length <= LONGEST_SHOWN ? shown : `${shown.slice(0, LONGEST_SHOWN)}… (${shown.length} characters)`;
}

const LONGEST_SHOWN = 400;
const MOST_SHOWN = 20;

function shownWithin(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (depth === 0) return "…";
  const inner = (each: unknown): string => shownWithin(each, depth - 1);
  if (value instanceof Uint8Array) return `${value.constructor.name}(${value.length}) [${listed(value, String)}]`;
  if (Array.isArray(value)) return `[${listed(value, inner)}]`;
  if (value instanceof Set) return `Set(${value.size}) { ${listed(value, inner)} }`;
  const pair = ([key, each]: [unknown, unknown]): string => `${inner(key)} => ${inner(each)}`;
  if (value instanceof Map) return `Map(${value.size}) { ${listed(value, pair)} }`;
  return `{ ${listed(Object.entries(value), ([key, each]) => `${key}: ${inner(each)}`)} }`;
}

function listed<T>(values: Iterable<T>, shown: (value: T) => string): string {
  const parts: string[] = [];
  for (const value of values) {
    if (parts.length === MOST_SHOWN) return [...parts, "…"].join(", ");
    parts.push(shown(value));
  }
  return parts.join(", ");
}

/** The first place at which two values differ. */
interface Difference {
  readonly path: string;
  readonly found: unknown;
  readonly wanted: unknown;
}

function differenceOf(found: unknown, wanted: unknown, path = ""): Difference | undefined {
  if (Object.is(found, wanted)) return undefined;
  const difference = { path, found, wanted };
  if (typeof found !== "object" || typeof wanted !== "object" || found === null || wanted === null) return difference;
  if (Object.getPrototypeOf(found) !== Object.getPrototypeOf(wanted)) return difference;
  if (wanted instanceof Uint8Array || Array.isArray(wanted)) {
    const [list, other] = [found as ArrayLike<unknown>, wanted as ArrayLike<unknown>];
    if (list.length !== other.length) return difference;
    return firstOf(Array.from(other), (each, at) => differenceOf(list[at], each, `${path}[${at}]`));
  }
  if (wanted instanceof Map) {
    const map = found as ReadonlyMap<unknown, unknown>;
    return (
      firstOf([...wanted], ([key, each]) => differenceOf(map.get(key), each, `${path}[${show(key)}]`)) ??
      firstOf([...map], ([key, each]) => (wanted.has(key) ? undefined : unexpected(path, key, each)))
    );
  }
  if (wanted instanceof Set) {
    const set = found as ReadonlySet<unknown>;
    return set.size === wanted.size && [...wanted].every((each) => set.has(each)) ? undefined : difference;
  }
  const [fields, others] = [new Map(Object.entries(found)), new Map(Object.entries(wanted))];
  // Anything else, such as an error, is equal to itself alone.
  const isPlain = Object.getPrototypeOf(wanted) === Object.prototype;
  return isPlain ? differenceOf(fields, others, path) : difference;
}

function unexpected(path: string, key: unknown, found: unknown): Difference {
  return { path: `${path}[${show(key)}]`, found, wanted: undefined };
}

function firstOf<T, R>(list: readonly T[], find: (each: T, at: number) => R | undefined): R | undefined {
  for (const [at, each] of list.entries()) {
    const found = find(each, at);
    if (found !== undefined) return found;
  }
  return undefined;
}
