import { describe, expectTypeOf, it } from "vitest";
import {
  bytes,
  Client,
  type ClientOptions,
  type Codec,
  type Driver,
  json,
  type Key,
  MemoryDriver,
  type TextCodec,
  text,
} from "../../src/index.js";

type UserID = Key<"UserID">;
interface User {
  readonly name: string;
}
declare const driver: Driver;
declare const date: Codec<Date>;

describe("a client without a codec", () => {
  it("stores bytes, with or without other options", () => {
    expectTypeOf(new Client("a", "b")).toEqualTypeOf<Client<string, Uint8Array>>();
    expectTypeOf(new Client("a", "b", {})).toEqualTypeOf<Client<string, Uint8Array>>();
    expectTypeOf(new Client("a", "b", undefined)).toEqualTypeOf<Client<string, Uint8Array>>();
    expectTypeOf(new Client("a", "b", { driver, ttl: "1h", logger: console })).toEqualTypeOf<Client>();
    expectTypeOf(new Client<UserID>("a", "b")).toEqualTypeOf<Client<UserID, Uint8Array>>();
    expectTypeOf(new Client<UserID, Uint8Array>("a", "b", { driver })).toEqualTypeOf<Client<UserID>>();
  });

  it("stores nothing but bytes", () => {
    // @ts-expect-error a codec is missing
    void new Client<string, string>("a", "b");
    // @ts-expect-error
    void new Client<string, string>("a", "b", {});
    // @ts-expect-error
    void new Client<string, string>("a", "b", { driver, ttl: 5 });
    // @ts-expect-error
    void new Client<string, string>("a", "b", undefined);
    // @ts-expect-error
    void new Client<string, string>("a", "b", { codec: undefined });
    // @ts-expect-error
    void new Client<UserID, User>("a", "b", { driver });
    // @ts-expect-error
    void new Client<string, unknown>("a", "b");
    // @ts-expect-error
    void new Client<string, Uint8Array | undefined>("a", "b");
    // @ts-expect-error a Buffer is more than the Uint8Array that is read back
    void new Client<string, Buffer>("a", "b");
    // @ts-expect-error
    void new Client<string, Uint8Array | string>("a", "b");
    // @ts-expect-error
    void new Client<string, never>("a", "b");
  });
});

describe("a client with a codec", () => {
  it("has the values of the codec", () => {
    expectTypeOf(new Client("a", "b", { codec: text })).toEqualTypeOf<Client<string, string>>();
    expectTypeOf(new Client("a", "b", { codec: bytes })).toEqualTypeOf<Client<string, Uint8Array>>();
    expectTypeOf(new Client("a", "b", { codec: date })).toEqualTypeOf<Client<string, Date>>();
    expectTypeOf(new Client("a", "b", { codec: json<User>() })).toEqualTypeOf<Client<string, User>>();
    expectTypeOf(new Client("a", "b", { driver, codec: text, ttl: "1h" })).toEqualTypeOf<Client<string, string>>();
  });

  it("accepts explicit types of keys and values", () => {
    expectTypeOf(new Client<UserID, User>("a", "b", { driver, codec: json() })).toEqualTypeOf<Client<UserID, User>>();
    expectTypeOf(new Client<UserID, string>("a", "b", { codec: text })).toEqualTypeOf<Client<UserID, string>>();
    expectTypeOf(new Client<UserID, Date>("a", "b", { codec: date })).toEqualTypeOf<Client<UserID, Date>>();
  });

  it("accepts no codec of other values", () => {
    // @ts-expect-error
    void new Client<UserID, User>("a", "b", { codec: text });
    // @ts-expect-error
    void new Client<UserID, string>("a", "b", { codec: bytes });
    // @ts-expect-error
    void new Client<UserID, string>("a", "b", { codec: json<number>() });
    // @ts-expect-error
    void new Client<string, Uint8Array>("a", "b", { codec: text });
  });

  it("accepts a codec of Buffers for Buffers", () => {
    const buffers: Codec<Buffer> = {
      format: "bytes",
      encode: (value) => Uint8Array.from(value),
      decode: (stored) => Buffer.from(stored),
    };
    expectTypeOf(new Client("a", "b", { codec: buffers })).toEqualTypeOf<Client<string, Buffer>>();
  });
});

describe("the options", () => {
  it("may each be undefined", () => {
    void new Client("a", "b", {
      driver: undefined,
      codec: undefined,
      ttl: undefined,
      logger: undefined,
      logTag: undefined,
    });
    void new Client<string, string>("a", "b", { codec: text, driver: undefined, ttl: undefined, logger: undefined });
    const options: ClientOptions<string> = { ttl: undefined, codec: undefined };
    void options;
  });

  it("have these types", () => {
    void new Client("a", "b", { driver: new MemoryDriver(), ttl: 5, logger: console, logTag: "[b]" });
    // @ts-expect-error
    void new Client("a", "b", { driver: "memory" });
    // @ts-expect-error
    void new Client("a", "b", { ttl: "soon" });
    // @ts-expect-error
    void new Client("a", "b", { ttl: null });
    // @ts-expect-error
    void new Client("a", "b", { logger: { error() {} } });
    // @ts-expect-error
    void new Client("a", "b", { logTag: 5 });
    // @ts-expect-error no such option
    void new Client("a", "b", { prefix: "a" });
    // @ts-expect-error
    void new Client("a");
    // @ts-expect-error
    void new Client(5, "b");
  });

  it("can be passed on by a subclass", () => {
    class Users extends Client<UserID, User> {
      constructor() {
        super("app", "users", { codec: json() });
      }
    }
    expectTypeOf(new Users().get("1" as UserID)).toEqualTypeOf<Promise<User>>();
  });
});

describe("views", () => {
  it("have the new codec's values and the same keys", () => {
    const users = new Client<UserID, User>("a", "b", { codec: json() });
    expectTypeOf(users.withCodec(text)).toEqualTypeOf<Client<UserID, string>>();
    expectTypeOf(users.withCodec(bytes)).toEqualTypeOf<Client<UserID, Uint8Array>>();
    expectTypeOf(users.withCodec(json<number>())).toEqualTypeOf<Client<UserID, number>>();
    expectTypeOf<typeof text>().toEqualTypeOf<TextCodec<string>>();
    // @ts-expect-error
    void users.withCodec({});
    // @ts-expect-error
    void users.withCodec();
  });

  it("of another domain have new keys and the same values", () => {
    const users = new Client<UserID, User>("a", "b", { codec: json() });
    expectTypeOf(users.domain<"x" | "y">("c")).toEqualTypeOf<Client<"x" | "y", User>>();
    expectTypeOf(users.domain("c")).toEqualTypeOf<Client<string, User>>();
  });
});
