import { Client } from "../../client/client.js";
import { NO_EXPIRY } from "../../driver/driver.js";
import type { NamestoreError } from "../../errors.js";
import { MemoryDriver } from "../../memory/memory-driver.js";
import * as assert from "../assert.js";
import { DAY, HOUR, type Texts, text } from "../scope.js";
import type { Suite } from "../suite.js";

/** Every driver has the same results, whatever is called and in whatever order. */
export function model({ it }: Suite): void {
  for (let seed = 1; seed <= 10; seed++) {
    it(`300 random calls have the same results as on the memory driver, seed ${seed}`, async ({ client }) => {
      const reference: Texts = new Client("ns", "reference", { driver: new MemoryDriver(), codec: text });
      const random = randomFrom(seed);
      for (let count = 1; count <= 300; count++) {
        const call = randomCall(random);
        assert.deepEqual(await outcome(call(client)), await outcome(call(reference)), `call ${count}: ${call}`);
      }
      assert.deepEqual(await client.mGet(KEYS), await reference.mGet(KEYS));
    });
  }
}

const KEYS = ["a", "b", "a:b", "*"];
const VALUES = ["", "0", "41", "-7", "text", "9007199254740991", "😀"];
const TTLS = [undefined, 0, HOUR, DAY] as const;

/** A small random generator: the same seed leads to the same numbers. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Returns a random call, which is then made on two clients. */
function randomCall(random: (below: number) => number): (client: Texts) => Promise<unknown> {
  // The index is within the list.
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const [key, other] = [pick(KEYS), pick(KEYS)];
  const [value, old] = [pick(VALUES), pick(VALUES)];
  const delta = pick([1, -1, 10, 9_007_199_254_740_991]);
  const options = { ttl: pick(TTLS) };
  return pick<(client: Texts) => Promise<unknown>>([
    (client) => client.set(key, value, options),
    (client) => client.setNX(key, value, options),
    (client) => client.find(key),
    (client) => client.delete(key),
    (client) => client.exists(key),
    (client) => client.mGet([key, other]),
    (client) =>
      client.mSet(
        [
          [key, value],
          [other, old],
        ],
        options,
      ),
    (client) => client.mDel([key, other]),
    // Rounded to hours, since time passes between the two clients' calls.
    (client) => client.ttl(key).then((left) => (left === NO_EXPIRY ? left : Math.round(left / HOUR))),
    (client) => client.expire(key, options.ttl || HOUR),
    (client) => client.persist(key),
    (client) => client.incr(key, delta, options),
    (client) => client.decr(key, delta, options),
    (client) => client.getSet(key, value, options),
    (client) => client.compareAndSwap(key, old, value, options),
    (client) => client.compareAndDelete(key, old),
    (client) => client.getOrSet(key, () => value, options),
  ]);
}

/** The result of a call, or the code of its error. */
function outcome(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: NamestoreError) => error.code);
}
