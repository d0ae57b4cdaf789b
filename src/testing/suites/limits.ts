import { InvalidArgumentError, InvalidKeyError } from "../../errors.js";
import * as assert from "../assert.js";
import { rejects } from "../assertions.js";
import { named, type Operation, ofOneKey, ofSeveralKeys, writes } from "../operations.js";
import { DAY } from "../scope.js";
import type { Suite } from "../suite.js";

/** The limits that the subject declares: what is within them works, and what is beyond them is rejected. */
export function limits({ it, facts: { limits } }: Suite): void {
  const { keyBytes = 10_000, awkwardKeyBytes = keyBytes, valueBytes = 1_000_000, ttl = LONGEST_TTL } = limits;

  for (const [kind, letter, bytes, limit] of [
    ["printable ASCII", "k", keyBytes, limits.keyBytes],
    ["not only printable ASCII", "\n", awkwardKeyBytes, limits.awkwardKeyBytes ?? limits.keyBytes],
  ] as const) {
    it(`accepts a storage key of ${bytes} bytes, ${kind}`, async ({ client, prefix }) => {
      const beginning = letter.repeat(bytes - prefix.length - 1);
      const [a, b] = [`${beginning}a`, `${beginning}b`];
      await client.set(a, "1");
      assert.equal(await client.exists(b), false);
      assert.equal(await client.incr(a), 2);
      await client.mSet([[b, "3"]]);
      assert.deepEqual(
        await client.mGet([a, b]),
        new Map([
          [a, "2"],
          [b, "3"],
        ]),
      );
      assert.equal(await client.mDel([a, b]), 2);
    });

    it(
      `lists a storage key of ${bytes} bytes, ${kind}`,
      async ({ client, prefix }) => {
        const key = letter.repeat(bytes - prefix.length);
        await client.set(key, "1");
        assert.deepEqual(await client.keys(), [key]);
      },
      "scan",
    );

    if (limit === undefined) continue;
    it(`rejects a storage key of ${bytes + 1} bytes, ${kind}`, async ({ client, prefix }) => {
      const key = letter.repeat(bytes - prefix.length + 1);
      // A cache works without its store.
      assert.equal(await client.getOrSet(key, () => "computed"), "computed");
      const { getOrSet: _, ...others } = ofOneKey;
      for (const [operation, call] of Object.entries<Operation>({ ...others, ...ofSeveralKeys })) {
        const error = await rejects(() => call(client, key), InvalidKeyError, operation, named(operation, key));
        assert.ok(
          error.message.includes(`${bytes}`),
          `the message should name the limit of ${bytes} bytes; it is: ${error.message}`,
        );
      }
      assert.equal(await client.exists("other"), false);
    });
  }

  it(`stores a value of ${valueBytes} bytes`, async ({ client }) => {
    await client.set("key", "v".repeat(valueBytes));
    assert.ok((await client.get("key")) === "v".repeat(valueBytes));
  });

  if (limits.valueBytes !== undefined) {
    it(`rejects a value of ${2 * valueBytes} bytes and keeps the old one`, async ({ client }) => {
      const value = "v".repeat(2 * valueBytes);
      const calls: Readonly<Record<string, Operation>> = {
        set: (_, key) => client.set(key, value),
        setNX: (_, key) => client.setNX(key, value),
        mSet: (_, key) => client.mSet({ [key]: value }),
        getSet: (_, key) => client.getSet(key, value),
        compareAndSwap: (_, key) => client.compareAndSwap(key, "old", value),
      };
      await client.set("key", "old");
      for (const [operation, call] of Object.entries(calls)) {
        await rejects(() => call(client, "key"), InvalidArgumentError, operation, named(operation, "key"));
        assert.equal(await client.get("key"), "old");
      }
    });
  }

  it(`keeps a TTL of ${Math.floor((0.99 * ttl) / DAY)} days`, async ({ client, assertTtl }) => {
    const longest = Math.floor(0.99 * ttl);
    await client.set("key", "1", { ttl: longest });
    await assertTtl("key", longest);
    await client.incr("key");
    await assertTtl("key", longest);
  });

  it(`rejects a TTL of ${Math.ceil((1.01 * ttl) / DAY)} days and writes nothing`, async ({ client }) => {
    const options = { ttl: Math.ceil(1.01 * ttl) };
    for (const [operation, call] of Object.entries(writes)) {
      // compareAndSwap is the one that needs a key.
      if (operation === "compareAndSwap") await client.set("key", "41");
      await rejects(() => call(client, "key", options), InvalidArgumentError, operation, named(operation, "key"));
      assert.equal(await client.exists("other"), false);
    }
    await rejects(() => client.expire("key", options.ttl), InvalidArgumentError, "expire", "key");
    assert.equal(await client.get("key"), "41");
    assert.equal(await client.ttl("key"), -1);
  });
}

/** A hundred years: the limit of the client itself. */
const LONGEST_TTL = 36_525 * DAY;
