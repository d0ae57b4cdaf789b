/**
 * What is measured: one library, behind the same few calls as all others.
 *
 * @template [Handle=any] - what a call is made on: the library's view of one namespace.
 * @typedef {object} Subject
 * @property {string} name
 * @property {string} package - its npm package, for the version; "" for none.
 * @property {(names: readonly string[], capacity: number) => Handle[]} open - a new store with these namespaces in it;
 * `capacity` is for the libraries that evict, and more than what it is to hold.
 * @property {Partial<Calls<Handle>>} calls - those that the library has. Each is one arrow function that uses nothing
 * from outside: the harness compiles its source anew for each operation.
 */

/**
 * Every call gives a promise. A miss is `undefined` or `null`; what a write answers is the library's own affair.
 *
 * @template Handle
 * @typedef {object} Calls
 * @property {(store: Handle, key: string) => Promise<string | undefined | null>} find
 * @property {(store: Handle, key: string, value: string) => Promise<unknown>} set
 * @property {(store: Handle, key: string, value: string, ttl: number) => Promise<unknown>} setTTL
 * @property {(store: Handle, key: string, value: string) => Promise<boolean>} setNX
 * @property {(store: Handle, key: string) => Promise<unknown>} delete
 * @property {(store: Handle, key: string) => Promise<number>} incr
 * @property {(store: Handle, keys: string[]) => Promise<Iterable<unknown>>} mGet - a Map, an array of values, or of
 * objects with a `value`.
 * @property {(store: Handle, key: string, oldValue: string, newValue: string) => Promise<boolean>} compareAndSwap
 * @property {(store: Handle) => Promise<string[]>} keys
 * @property {(store: Handle) => Promise<unknown>} clear
 * @property {(store: Handle, key: string, compute: () => Promise<string>) => Promise<string | undefined>} getOrSet
 */

export {};
