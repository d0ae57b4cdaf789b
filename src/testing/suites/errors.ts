import {
  InvalidKeyError,
  InvalidNamespaceError,
  NamestoreError,
  NotFoundError,
  OverflowError,
  TypeMismatchError,
} from "../../errors.js";
import * as assert from "../assert.js";
import { invalid, reasonOf, rejects } from "../assertions.js";
import { type Operation, ofOneKey, ofSeveralKeys } from "../operations.js";
import type { Suite } from "../suite.js";

/** What errors are, and what they name and contain. */
export function errors({ it }: Suite): void {
  for (const [operation, call] of Object.entries<Operation>(ofOneKey)) {
    it(`${operation} of a bad key rejects with InvalidKeyError and does not throw`, async ({ client }) => {
      for (const key of badKeys) {
        const about = typeof key === "string" ? key : undefined;
        await rejects(() => call(client, invalid(key)), InvalidKeyError, operation, about);
      }
    });
  }

  for (const [operation, call] of Object.entries<Operation>(ofSeveralKeys)) {
    it(`${operation} with a bad key rejects with InvalidKeyError and does nothing`, async ({ client }) => {
      await client.set("other", "value");
      for (const key of badKeys) await rejects(() => call(client, invalid(key)), InvalidKeyError, operation);
      assert.equal(await client.get("other"), "value");
    });
  }

  it("a bad root namespace or domain is an InvalidNamespaceError", async ({ texts, root }) => {
    for (const name of ["", "a:b", ":", "\ud800", null, 1]) {
      assert.throws(() => texts(invalid(name)), InvalidNamespaceError);
      assert.throws(() => texts("cases", invalid(name)), InvalidNamespaceError);
      assert.throws(() => texts("cases", root).domain(invalid(name)), InvalidNamespaceError);
    }
  });

  it("every caller gets an error of its own", async ({ client }) => {
    await client.set("text", "value");
    const calls = () => [client.get("missing"), client.get("missing"), client.incr("text"), client.incr("text")];
    const reasons = await Promise.all([...calls(), ...calls()].map(reasonOf));
    assert.equal(new Set(reasons).size, 8);
  });

  it("an error names the operation and key of its own call", async ({ client }) => {
    await client.mSet({ a: "text", b: "text", c: String(Number.MAX_SAFE_INTEGER) });
    await Promise.all([
      rejects(() => client.incr("a"), TypeMismatchError, "incr", "a"),
      rejects(() => client.decr("b"), TypeMismatchError, "decr", "b"),
      rejects(() => client.incr("c"), OverflowError, "incr", "c"),
      rejects(() => client.ttl("d"), NotFoundError, "ttl", "d"),
    ]);
    await rejects(() => client.incr("b"), TypeMismatchError, "incr", "b");
  });

  it("a call that fails does not make its neighbours fail", async ({ client }) => {
    await client.mSet({ text: "value", counter: "1" });
    const calls = Array.from({ length: 30 }, (_, index) => client.incr(index % 3 === 0 ? "text" : "counter"));
    const settled = await Promise.allSettled(calls);
    assert.deepEqual(
      settled.map(({ status }) => status),
      settled.map((_, index) => (index % 3 === 0 ? "rejected" : "fulfilled")),
    );
    assert.equal(await client.get("counter"), "21");
  });

  it("no error contains a value", async ({ client, bytes }) => {
    const secret = "s3cret";
    await client.mSet({ text: secret, bytes: secret });
    await bytes.set("bytes", Uint8Array.from([0xff, ...new TextEncoder().encode(secret)]));
    const reasons = await Promise.all([
      reasonOf(client.incr("text")),
      reasonOf(client.get("bytes")),
      reasonOf(client.set("text", `${secret}\ud800`)),
      reasonOf(client.set("text", secret, { ttl: -1 })),
    ]);
    for (const reason of reasons) {
      assert.ok(reason instanceof NamestoreError);
      assert.ok(!everythingIn(reason).includes(secret), `${reason.code} contains the value`);
    }
  });
}

/** All that a log could show of an error: every property of it and of its causes, hidden ones included. */
function everythingIn(value: unknown, seen = new Set<unknown>()): string {
  if (typeof value !== "object" || value === null || seen.has(value)) return String(value);
  seen.add(value);
  const names = Object.getOwnPropertyNames(value);
  const own = names.map((name) => `${name}: ${everythingIn(Reflect.get(value, name), seen)}`);
  return [String(value), JSON.stringify(value), ...own].join("\n");
}

const badKeys: readonly unknown[] = ["", "\ud800", "a\udc00b", undefined, null, 1, {}, ["key"]];
