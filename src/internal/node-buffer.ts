/**
 * Node's `Buffer` where there is one, for what it does many times as fast as portable code. Elsewhere it is `undefined`.
 * It is read from `globalThis`, so that no bundler looks for a module of Node.
 */
export const nodeBuffer = (globalThis as { readonly Buffer?: typeof Buffer }).Buffer;
