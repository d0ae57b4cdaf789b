/** Returns whether a value is a `Uint8Array`, of any realm and of any subclass, such as Node's `Buffer`. */
export function isUint8Array(value: unknown): value is Uint8Array {
  return typeof value === "object" && value !== null && Reflect.apply(tagOf, value, []) === "Uint8Array";
}

/** The getter that every realm's typed arrays inherit. It reads what the engine knows, which no property can forge. */
const tagOf = // The standard says that it is there.
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get as () =>
    | string
    | undefined;
