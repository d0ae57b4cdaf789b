import { describe, expect, it } from "vitest";
import type { Reader } from "../../src/client/call-runner.js";
import { Client } from "../../src/client/client.js";
import { text } from "../../src/codec/text.js";
import type { RequiredDriverMethod } from "../../src/driver/driver-method.js";
import { recording } from "../support/driver.js";
import { deferred, settle } from "../support/promises.js";

type Texts = Client<string, string>;

/** A call for each method of the driver that changes a value or removes one: all methods but those of `Reader`. */
const WRITES: Readonly<Record<Exclude<RequiredDriverMethod, keyof Reader>, (client: Texts) => Promise<unknown>>> = {
  set: (client) => client.set("a", "1"),
  setNX: (client) => client.setNX("a", "1"),
  delete: (client) => client.delete("a"),
  mSet: (client) => client.mSet({ a: "1" }),
  mDel: (client) => client.mDel(["a"]),
  incr: (client) => client.incr("a"),
  getSet: (client) => client.getSet("a", "1"),
  compareAndSwap: (client) => client.compareAndSwap("a", "1", "2"),
  compareAndDelete: (client) => client.compareAndDelete("a", "1"),
  clear: (client) => client.clear(),
};

/** A call for each of the other methods. */
const OTHERS: Readonly<Record<keyof Reader, (client: Texts) => Promise<unknown>>> = {
  get: (client) => client.find("a"),
  exists: (client) => client.exists("a"),
  mGet: (client) => client.mGet(["a"]),
  ttl: (client) => client.ttl("a").catch(() => {}),
  expire: (client) => client.expire("a", "1h").catch(() => {}),
  persist: (client) => client.persist("a").catch(() => {}),
  scan: (client) => client.keys(),
};

/** The driver's methods that run when `call` is made during a computation, and after it. */
async function callsAround(call: (client: Texts) => Promise<unknown>): Promise<string[]> {
  const { driver, calls } = recording();
  const client = new Client("app", "users", { driver, codec: text });
  const computed = deferred<string>();
  const result = client.getOrSet("a", () => computed.promise);
  await settle();
  calls.length = 0;
  await call(client);
  computed.resolve("computed");
  expect(await result).toBe("computed");
  return calls.map(({ method }) => method);
}

describe("a computation of getOrSet under way", () => {
  it.each(Object.entries(WRITES))("is not stored after a call of the driver's %s", async (method, call) => {
    expect(await callsAround(call)).toEqual([method]);
  });

  it.each(Object.entries(OTHERS))("is stored after a call of the driver's %s", async (method, call) => {
    expect(await callsAround(call)).toEqual([method, "setNX"]);
  });
});
