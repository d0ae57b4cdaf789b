import { expectTypeOf, it } from "vitest";
import { Client, type Duration, text } from "../../src/index.js";

declare const count: number;
declare const anyText: string;
declare const notes: Client<string, string>;

it("a duration is a number, or a number with a unit", () => {
  const good: Duration[] = [
    0,
    1500,
    count,
    "250ms",
    "30s",
    "15m",
    "1h",
    "7d",
    "2w",
    "1.5h",
    ".5s",
    "1e3ms",
    `${count}s`,
  ];
  expectTypeOf(good).items.toEqualTypeOf<Duration>();
  expectTypeOf<"30s">().toExtend<Duration>();
  expectTypeOf<`${number}ms`>().toExtend<Duration>();
});

it("a duration is nothing else", () => {
  expectTypeOf<string>().not.toExtend<Duration>();
  expectTypeOf<"">().not.toExtend<Duration>();
  expectTypeOf<"5">().not.toExtend<Duration>();
  expectTypeOf<"s">().not.toExtend<Duration>();
  expectTypeOf<"5 minutes">().not.toExtend<Duration>();
  expectTypeOf<"5sec">().not.toExtend<Duration>();
  expectTypeOf<"1h30m">().not.toExtend<Duration>();
  expectTypeOf<"1,5s">().not.toExtend<Duration>();
  expectTypeOf<"5S">().not.toExtend<Duration>();
  expectTypeOf<"one s">().not.toExtend<Duration>();
  expectTypeOf<null>().not.toExtend<Duration>();
  expectTypeOf<bigint>().not.toExtend<Duration>();
  expectTypeOf<Date>().not.toExtend<Duration>();
});

it("a TTL is a duration, in every place", () => {
  void notes.set("k", "v", { ttl: "30s" });
  void notes.expire("k", "1.5h");
  void new Client("a", "b", { codec: text, ttl: "7d" });
  // @ts-expect-error
  void notes.set("k", "v", { ttl: "soon" });
  // @ts-expect-error
  void notes.set("k", "v", { ttl: anyText });
  // @ts-expect-error
  void notes.expire("k", "5");
  // @ts-expect-error
  void notes.incr("k", 1, { ttl: "5 minutes" });
  // @ts-expect-error
  void new Client("a", "b", { codec: text, ttl: "1y" });
});
