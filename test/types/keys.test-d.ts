import { describe, expectTypeOf, it } from "vitest";
import { Client, json, type Key, text } from "../../src/index.js";

type UserID = Key<"UserID">;
type CartID = Key<"CartID">;
interface User {
  readonly name: string;
}

declare const users: Client<UserID, User>;
declare const carts: Client<CartID, string>;
declare const alice: UserID;
declare const cart: CartID;
declare const anyText: string;

describe("a branded key", () => {
  it("is a string", () => {
    expectTypeOf(alice).toExtend<string>();
    expectTypeOf(alice.length).toEqualTypeOf<number>();
    expectTypeOf<string>().not.toExtend<UserID>();
    expectTypeOf<CartID>().not.toExtend<UserID>();
    expectTypeOf("1001" as UserID).toEqualTypeOf<UserID>();
  });

  it("is accepted by a client of its own type", () => {
    expectTypeOf(users.get(alice)).toEqualTypeOf<Promise<User>>();
    expectTypeOf(carts.find(cart)).toEqualTypeOf<Promise<string | undefined>>();
  });

  it("is not accepted by any method of another client", () => {
    // @ts-expect-error a UserID is no CartID
    void carts.get(alice);
    // @ts-expect-error a CartID is no UserID
    void users.get(cart);
    // @ts-expect-error
    void users.find(cart);
    // @ts-expect-error
    void users.set(cart, { name: "x" });
    // @ts-expect-error
    void users.setNX(cart, { name: "x" });
    // @ts-expect-error
    void users.delete(cart);
    // @ts-expect-error
    void users.exists(cart);
    // @ts-expect-error
    void users.ttl(cart);
    // @ts-expect-error
    void users.expire(cart, 1);
    // @ts-expect-error
    void users.persist(cart);
    // @ts-expect-error
    void users.incr(cart);
    // @ts-expect-error
    void users.decr(cart);
    // @ts-expect-error
    void users.getSet(cart, { name: "x" });
    // @ts-expect-error
    void users.compareAndSwap(cart, { name: "x" }, { name: "y" });
    // @ts-expect-error
    void users.compareAndDelete(cart, { name: "x" });
    // @ts-expect-error
    void users.getOrSet(cart, () => ({ name: "x" }));
    // @ts-expect-error
    void users.mGet([alice, cart]);
    // @ts-expect-error
    void users.mDel(new Set([cart]));
    // @ts-expect-error
    void users.mSet([[cart, { name: "x" }]]);
    // @ts-expect-error
    void users.mSet(new Map([[cart, { name: "x" }]]));
  });

  it("does not accept any string", () => {
    // @ts-expect-error
    void users.get("1001");
    // @ts-expect-error
    void users.get(anyText);
    // @ts-expect-error
    void users.mGet([anyText]);
  });

  it("is the type of listed keys", () => {
    expectTypeOf(users.keys()).toEqualTypeOf<Promise<UserID[]>>();
    expectTypeOf(users.scan()).toEqualTypeOf<AsyncIterableIterator<UserID>>();
    expectTypeOf(users.mGet([alice])).toEqualTypeOf<Promise<Map<UserID, User>>>();
  });

  it("is passed to compute", () => {
    void users.getOrSet(alice, (key) => {
      expectTypeOf(key).toEqualTypeOf<UserID>();
      return { name: key };
    });
  });

  it("gives clients of two domains different types", () => {
    expectTypeOf<Client<UserID, string>>().not.toExtend<Client<CartID, string>>();
    expectTypeOf<Client<CartID, string>>().not.toExtend<Client<UserID, string>>();
    // @ts-expect-error
    const wrong: Client<UserID, string> = carts;
    void wrong;
  });

  it("is the type of the keys of mSet's object", () => {
    const record = { [alice]: { name: "Alice" } } as Record<UserID, User>;
    void users.mSet(record);
    void users.mSet([[alice, { name: "Alice" }] as const]);
    void users.mSet(new Map([[alice, { name: "Alice" }]]));
    // @ts-expect-error a value of another type
    void users.mSet({ [alice]: 5 } as Record<UserID, number>);
  });
});

describe("a template literal key", () => {
  const client = new Client<`user:${string}`, string>("app", "users", { codec: text });

  it("accepts strings that match it", () => {
    const id = 5;
    void client.get("user:5");
    void client.get(`user:${id}`);
    void client.mGet(["user:1", "user:2"]);
    void client.mSet({ "user:1": "Alice" });
    // @ts-expect-error
    void client.get("cart:5");
    // @ts-expect-error
    void client.get(anyText);
    // @ts-expect-error
    void client.mSet({ "cart:1": "x" });
    // @ts-expect-error
    void client.mGet(["user:1", "cart:1"]);
  });

  it("is the type of listed keys", () => {
    expectTypeOf(client.keys("user:*")).toEqualTypeOf<Promise<`user:${string}`[]>>();
  });
});

describe("a union of keys", () => {
  it("accepts its members, and some of them in mSet's object", () => {
    const settings = new Client<"theme" | "language", string>("app", "settings", { codec: text });
    void settings.get("theme");
    void settings.mSet({ theme: "dark" });
    void settings.mSet({});
    // @ts-expect-error
    void settings.get("colour");
    // @ts-expect-error
    void settings.mSet({ colour: "red" });
    // @ts-expect-error a partial record is no record of undefined
    void settings.mSet({ theme: undefined });
  });
});

describe("the key of a sibling", () => {
  it("may have a type of its own", () => {
    const origin = new Client<UserID, User>("app", "users", { codec: json() });
    expectTypeOf(origin.domain<CartID>("carts")).toEqualTypeOf<Client<CartID, User>>();
    // @ts-expect-error
    void origin.domain<CartID>("carts").get(alice);
  });
});
