import { describe, expect, it } from "vitest";
import type { AnyBatch } from "../../src/redis/commands/batch.js";
import { toDriverError } from "../../src/redis/commands/errors.js";
import type { Reply } from "../../src/redis/commands/replies.js";
import type { Primary, Router } from "../../src/redis/routing/router.js";
import { escapeGlob, scan } from "../../src/redis/scan.js";
import { rejection } from "../support/promises.js";
import { RedisServer } from "./servers.js";

describe("escapeGlob", () => {
  it("escapes every character that means more than itself to Redis", () => {
    expect(escapeGlob("a*b?c[d]e\\f")).toBe("a\\*b\\?c\\[d\\]e\\\\f");
    expect(escapeGlob("a:b^c-d!{e} é\n\0")).toBe("a:b^c-d!{e} é\n\0");
  });

  it("makes a pattern that matches only the text itself in Redis", async () => {
    const server = await RedisServer.start();
    const characters = ["*", "?", "[", "]", "\\", "^", "-", "!", "{", "}", "a", "é", "\n", "\0", " "];
    const texts = characters.flatMap((first) => characters.map((second) => `${first}${second}`));
    await server.commands(texts.map((text) => ["SET", text, "1"]));
    const found = await server.commands(texts.map((text) => ["KEYS", escapeGlob(text)]));
    expect(found).toEqual(texts.map((text) => [text]));
  });
});

/** A primary that replies with these pages of keys, by their cursors, and records the cursors. */
class Pages implements Primary {
  readonly asked: string[] = [];
  epoch: unknown = 1;

  constructor(
    readonly pages: Readonly<Record<string, readonly [next: string, ...keys: string[]] | Error>>,
    readonly before: (cursor: string, primary: Pages) => void = () => {},
  ) {}

  send(batch: AnyBatch): void {
    const [, cursor] = batch.encode() as [string, string];
    this.asked.push(cursor);
    this.before(cursor, this);
    const page = this.pages[cursor] as readonly [string, ...string[]] | Error;
    if (page instanceof Error) {
      batch.fail(toDriverError(page));
    } else {
      const [next, ...keys] = page;
      batch.settle([Buffer.from(next), keys.map((key) => Buffer.from(key))] as Reply);
    }
  }
}

function router(primaries: () => readonly Primary[], version: () => number = () => 1): Router {
  return {
    clustered: false,
    slotOf: () => 0,
    send() {},
    primaries: async () => primaries(),
    get version() {
      return version();
    },
    closed: false,
    close() {},
  };
}

async function keysOf(over: Router): Promise<string[]> {
  const found: string[] = [];
  for await (const keys of scan(over, "a:b:", 1_000, undefined)) found.push(...keys.map(String));
  return found;
}

describe("scan", () => {
  it("lists every page of every primary", async () => {
    const first = new Pages({ 0: ["7", "a"], 7: ["9"], 9: ["0", "b", "c"] });
    const second = new Pages({ 0: ["0", "d"] });
    expect(await keysOf(router(() => [first, second]))).toEqual(["a", "b", "c", "d"]);
    expect(first.asked).toEqual(["0", "7", "9"]);
  });

  it("starts a primary again after a reconnect", async () => {
    let reconnects = true;
    const pages = new Pages({ 0: ["7", "a"], 7: ["0", "b"] }, (cursor, primary) => {
      if (cursor === "7" && reconnects) {
        reconnects = false;
        primary.epoch = 2;
      }
    });
    expect(await keysOf(router(() => [pages]))).toEqual(["a", "b", "a", "b"]);
    expect(pages.asked).toEqual(["0", "7", "0", "7"]);
  });

  it("starts a primary again after a reconnect between two pages", async () => {
    const pages = new Pages({ 0: ["7", "a"], 7: ["0", "b"] });
    const found: string[] = [];
    for await (const keys of scan(
      router(() => [pages]),
      "a:b:",
      1_000,
      undefined,
    )) {
      found.push(...keys.map(String));
      if (found.length === 1) pages.epoch = 2;
    }
    expect(pages.asked).toEqual(["0", "0", "7"]);
    expect(found).toEqual(["a", "a", "b"]);
  });

  it("starts every primary again after a slot has moved", async () => {
    let version = 1;
    const first = new Pages({ 0: ["0", "a"] });
    const second = new Pages({ 0: ["0", "b"] }, () => {
      version = 2;
    });
    const third = new Pages({ 0: ["0", "c"] });
    const found = await keysOf(
      router(
        () => (version === 1 ? [first, second] : [first, second, third]),
        () => version,
      ),
    );
    expect(new Set(found)).toEqual(new Set(["a", "b", "c"]));
    expect(first.asked).toEqual(["0", "0"]);
  });

  it("rejects when the server refuses a page", async () => {
    class ErrorReply extends Error {}
    const pages = new Pages({ 0: ["7", "a"], 7: new ErrorReply("NOPERM this user has no permissions") });
    expect(await rejection(keysOf(router(() => [pages])))).toMatchObject({
      code: "ERR_DRIVER",
      outcome: "not-applied",
    });
    expect(pages.asked).toEqual(["0", "7"]);
  });

  it("does not ask for a page before the one before it is read", async () => {
    const pages = new Pages({ 0: ["7", "a"], 7: ["0", "b"] });
    for await (const keys of scan(
      router(() => [pages]),
      "a:b:",
      1_000,
      undefined,
    )) {
      expect(keys.map(String)).toEqual(["a"]);
      break;
    }
    expect(pages.asked).toEqual(["0"]);
  });
});
