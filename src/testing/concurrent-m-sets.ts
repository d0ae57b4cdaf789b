import type { Texts } from "./scope.js";

/** Lets ten callers at the same time store a digit of their own under the same 20 keys, and returns the values. */
export async function concurrentMSets(client: Texts): Promise<string[]> {
  const keys = Array.from({ length: 20 }, (_, index) => `key ${index}`);
  // Every other caller begins at the end: a driver that stores key by key lets two of them meet half way.
  const calls = Array.from({ length: 10 }, (_, index) =>
    client.mSet((index % 2 === 0 ? keys : keys.toReversed()).map((key) => [key, `${index}`])),
  );
  await Promise.all(calls);
  return [...(await client.mGet(keys)).values()];
}
