import { describe, expectTypeOf, it } from "vitest";
import { type CallOptions, Client, json, type NO_EXPIRY, text, type WriteOptions } from "../../src/index.js";

interface User {
  readonly name: string;
}
declare const notes: Client<string, string>;
declare const users: Client<string, User>;
declare const signal: AbortSignal;

describe("what the calls return", () => {
  it("is a promise of their result", () => {
    expectTypeOf(notes.prefix).toEqualTypeOf<string>();
    expectTypeOf(notes.set("k", "v")).toEqualTypeOf<Promise<void>>();
    expectTypeOf(notes.setNX("k", "v")).toEqualTypeOf<Promise<boolean>>();
    expectTypeOf(users.get("k")).toEqualTypeOf<Promise<User>>();
    expectTypeOf(users.find("k")).toEqualTypeOf<Promise<User | undefined>>();
    expectTypeOf(notes.delete("k")).toEqualTypeOf<Promise<boolean>>();
    expectTypeOf(notes.exists("k")).toEqualTypeOf<Promise<boolean>>();
    expectTypeOf(users.mGet(["k"])).toEqualTypeOf<Promise<Map<string, User>>>();
    expectTypeOf(notes.mSet({ k: "v" })).toEqualTypeOf<Promise<void>>();
    expectTypeOf(notes.mDel(["k"])).toEqualTypeOf<Promise<number>>();
    expectTypeOf(notes.ttl("k")).toEqualTypeOf<Promise<number>>();
    expectTypeOf(notes.expire("k", "1h")).toEqualTypeOf<Promise<void>>();
    expectTypeOf(notes.persist("k")).toEqualTypeOf<Promise<void>>();
    expectTypeOf(notes.incr("k")).toEqualTypeOf<Promise<number>>();
    expectTypeOf(notes.decr("k", 5)).toEqualTypeOf<Promise<number>>();
    expectTypeOf(users.getSet("k", { name: "x" })).toEqualTypeOf<Promise<User | undefined>>();
    expectTypeOf(notes.compareAndSwap("k", "v", "w")).toEqualTypeOf<Promise<boolean>>();
    expectTypeOf(notes.compareAndDelete("k", "v")).toEqualTypeOf<Promise<boolean>>();
    expectTypeOf(notes.keys()).toEqualTypeOf<Promise<string[]>>();
    expectTypeOf(notes.scan()).toEqualTypeOf<AsyncIterableIterator<string>>();
    expectTypeOf(notes.clear()).toEqualTypeOf<Promise<void>>();
    expectTypeOf(notes.close()).toEqualTypeOf<Promise<void>>();
    expectTypeOf(notes[Symbol.asyncDispose]()).toEqualTypeOf<Promise<void>>();
    expectTypeOf<typeof NO_EXPIRY>().toEqualTypeOf<-1>();
  });

  it("includes a prefix that is read-only", () => {
    // @ts-expect-error
    notes.prefix = "other:";
  });
});

describe("getOrSet", () => {
  it("resolves to the value if compute always returns one", () => {
    expectTypeOf(users.getOrSet("k", () => ({ name: "x" }))).toEqualTypeOf<Promise<User>>();
    expectTypeOf(users.getOrSet("k", async () => ({ name: "x" }))).toEqualTypeOf<Promise<User>>();
    expectTypeOf(notes.getOrSet("k", (key) => key)).toEqualTypeOf<Promise<string>>();
  });

  it("may resolve to undefined if compute may return undefined", () => {
    const load = async (key: string): Promise<User | undefined> => (key === "" ? undefined : { name: key });
    expectTypeOf(users.getOrSet("k", load)).toEqualTypeOf<Promise<User | undefined>>();
    expectTypeOf(users.getOrSet("k", () => undefined)).toEqualTypeOf<Promise<User | undefined>>();
    const perhaps = (key: string) => (key === "" ? undefined : key);
    expectTypeOf(notes.getOrSet("k", perhaps)).toEqualTypeOf<Promise<string | undefined>>();
  });

  it("resolves to the client's type of value, not to the narrower type of compute", () => {
    const load = () => ({ name: "x", age: 5 });
    expectTypeOf(users.getOrSet("k", load)).toEqualTypeOf<Promise<User>>();
    expectTypeOf(notes.getOrSet("k", () => "literal" as const)).toEqualTypeOf<Promise<string>>();
  });

  it("resolves to the client's type of value if compute is of type any", () => {
    const parse = (stored: string) => JSON.parse(stored);
    expectTypeOf(users.getOrSet("k", parse)).toEqualTypeOf<Promise<User>>();
    expectTypeOf(users.getOrSet("k", async (key) => parse(key))).toEqualTypeOf<Promise<User>>();
  });

  it("passes the key and a signal to compute", () => {
    void notes.getOrSet("k", (key, { signal }) => {
      expectTypeOf(key).toEqualTypeOf<string>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      return key;
    });
  });

  it("accepts no compute of other values", () => {
    // @ts-expect-error
    void users.getOrSet("k", () => 5);
    // @ts-expect-error
    void users.getOrSet("k", async () => ({ age: 5 }));
    // @ts-expect-error null is no miss
    void notes.getOrSet("k", () => null);
    // @ts-expect-error
    void notes.getOrSet("k", "value");
    // @ts-expect-error
    void notes.getOrSet("k");
  });
});

describe("what the calls accept", () => {
  it("is a value of the client's type", () => {
    // @ts-expect-error
    void notes.set("k", 5);
    // @ts-expect-error
    void notes.set("k");
    // @ts-expect-error
    void notes.set("k", undefined);
    // @ts-expect-error
    void users.set("k", { age: 5 });
    // @ts-expect-error
    void users.mSet({ k: { age: 5 } });
    // @ts-expect-error
    void users.mSet([["k", 5]]);
    // @ts-expect-error
    void notes.compareAndSwap("k", "v");
    // @ts-expect-error
    void notes.compareAndSwap("k", 1, 2);
    // @ts-expect-error
    void notes.compareAndDelete("k");
    // @ts-expect-error
    void notes.getSet("k", 5);
  });

  it("is bytes of any kind for a bytes client", () => {
    const blobs = new Client("a", "b");
    void blobs.set("k", Buffer.from("x"));
    void blobs.set("k", new Uint8Array(new SharedArrayBuffer(1)));
    // @ts-expect-error
    void blobs.set("k", "x");
    // @ts-expect-error
    void blobs.set("k", new ArrayBuffer(1));
    // @ts-expect-error
    void blobs.set("k", [1, 2]);
  });

  it("is a list of keys, and not a string", () => {
    void notes.mGet(["k"]);
    void notes.mGet(["k"] as readonly string[]);
    void notes.mGet(new Set(["k"]));
    void notes.mDel(new Map<string, 1>().keys());
    // @ts-expect-error
    void notes.mGet("k");
    // @ts-expect-error
    void notes.mDel("k");
    // @ts-expect-error
    void notes.mGet([1]);
    // @ts-expect-error
    void notes.mGet();
    // @ts-expect-error
    void notes.mDel(Promise.resolve(["k"]));
  });

  it("is entries as an object, pairs, a Map or a generator", () => {
    void notes.mSet({ k: "v" } as const);
    void notes.mSet([["k", "v"]]);
    void notes.mSet([["k", "v"]] as const);
    void notes.mSet(new Map([["k", "v"]]));
    void notes.mSet(Object.entries({ k: "v" }));
    // @ts-expect-error
    void notes.mSet("k");
    // @ts-expect-error
    void notes.mSet(["k", "v"]);
    // @ts-expect-error
    void notes.mSet(new Set(["k"]));
  });

  it("is a number for a counter, and a string for a pattern", () => {
    void notes.incr("k", undefined, { ttl: "1m" });
    void notes.keys(undefined, { signal });
    // @ts-expect-error
    void notes.incr("k", "1");
    // @ts-expect-error
    void notes.incr("k", 1n);
    // @ts-expect-error
    void notes.keys(/k/);
    // @ts-expect-error
    void notes.expire("k");
  });
});

describe("the options of a call", () => {
  const write: WriteOptions = { ttl: undefined, signal: undefined };
  const call: CallOptions = { signal: undefined };

  it("may be undefined, all together and each of them", () => {
    void notes.set("k", "v", write);
    void notes.set("k", "v", undefined);
    void notes.setNX("k", "v", { ttl: undefined });
    void notes.get("k", call);
    void notes.find("k", { signal: undefined });
    void notes.mSet({}, write);
    void notes.incr("k", 1, write);
    void notes.getOrSet("k", () => "v", write);
    void notes.clear({ signal });
    void notes.scan("*", call);
  });

  it("have a ttl only if the call writes", () => {
    void notes.set("k", "v", { ttl: "1h", signal });
    void notes.getSet("k", "v", { ttl: 0 });
    void notes.compareAndSwap("k", "v", "w", { ttl: 5 });
    // @ts-expect-error
    void notes.get("k", { ttl: 5 });
    // @ts-expect-error
    void notes.delete("k", { ttl: 5 });
    // @ts-expect-error
    void notes.compareAndDelete("k", "v", { ttl: 5 });
    // @ts-expect-error
    void notes.expire("k", 5, { ttl: 5 });
    // @ts-expect-error
    void notes.set("k", "v", { ttl: null });
    // @ts-expect-error
    void notes.set("k", "v", { expire: 5 });
    // @ts-expect-error
    void notes.set("k", "v", 5);
    // @ts-expect-error
    void notes.get("k", { signal: new AbortController() });
  });
});

it("await using accepts a client and its views", async () => {
  await using client = new Client("a", "b", { codec: text });
  await using view = client.withCodec(json<number>());
  expectTypeOf(view).toEqualTypeOf<Client<string, number>>();
});
