/**
 * What a driver can do beyond having the methods of `Driver`, as data. Wrappers and the conformance suite read it.
 * A member that is absent means `true`.
 *
 * @example
 * ```ts
 * const supports: Supports = { clear: false, atomicMSet: false };
 * ```
 */
export interface Supports {
  /** It lists keys. `false`: `scan` fails with `NotSupportedError`. */
  readonly scan?: boolean | undefined;
  /** It clears a namespace. `false`: `clear` fails with `NotSupportedError` and removes nothing. */
  readonly clear?: boolean | undefined;
  /** `mSet` is all or nothing. `false`: each key by itself holds what one caller wrote. */
  readonly atomicMSet?: boolean | undefined;
}
