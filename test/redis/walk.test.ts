import { describe, expect, it } from "vitest";
import type { Reply } from "../../src/redis/protocol.js";
import type { AnyRun } from "../../src/redis/run.js";
import type { Primary, Topology } from "../../src/redis/topology.js";
import { escapeGlob, walk } from "../../src/redis/walk.js";
import { rejection } from "../support/promises.js";
import { RedisServer } from "./servers.js";

describe("an escaped prefix", () => {
  it("escapes what Redis takes for more than itself", () => {
    expect(escapeGlob("a*b?c[d]e\\f")).toBe("a\\*b\\?c\\[d\\]e\\\\f");
    expect(escapeGlob("a:b^c-d!{e} é\n\0")).toBe("a:b^c-d!{e} é\n\0");
  });

  it("matches itself only, in Redis", async () => {
    const server = await RedisServer.start();
    const characters = ["*", "?", "[", "]", "\\", "^", "-", "!", "{", "}", "a", "é", "\n", "\0", " "];
    const texts = characters.flatMap((first) => characters.map((second) => `${first}${second}`));
    await server.commands(texts.map((text) => ["SET", text, "1"]));
    const found = await server.commands(texts.map((text) => ["KEYS", escapeGlob(text)]));
    expect(found).toEqual(texts.map((text) => [text]));
  });
});

/** A primary that gives these pages of keys, cursor by cursor, and notes what it was asked. */
class Pages implements Primary {
  readonly asked: string[] = [];
  epoch: unknown = 1;

  constructor(
    readonly pages: Readonly<Record<string, readonly [next: string, ...keys: string[]] | Error>>,
    readonly before: (cursor: string, primary: Pages) => void = () => {},
  ) {}

  send(run: AnyRun): void {
    const [, cursor] = run.command(new Set()) as [string, string];
    this.asked.push(cursor);
    this.before(cursor, this);
    const page = this.pages[cursor] as readonly [string, ...string[]] | Error;
    if (page instanceof Error) {
      run.refused(page);
    } else {
      const [next, ...keys] = page;
      run.settle([Buffer.from(next), keys.map((key) => Buffer.from(key))] as Reply);
    }
  }
}

function topology(primaries: () => readonly Primary[], version: () => number = () => 1): Topology {
  return {
    slotOf: () => 0,
    send() {},
    retake: () => false,
    primaries: async () => primaries(),
    get version() {
      return version();
    },
    closed: false,
    close() {},
  };
}

async function keysOf(over: Topology): Promise<string[]> {
  const found: string[] = [];
  for await (const keys of walk(over, "a:b:", 1_000, undefined)) found.push(...keys.map(String));
  return found;
}

describe("a walk", () => {
  it("goes through every page of every primary", async () => {
    const first = new Pages({ 0: ["7", "a"], 7: ["9"], 9: ["0", "b", "c"] });
    const second = new Pages({ 0: ["0", "d"] });
    expect(await keysOf(topology(() => [first, second]))).toEqual(["a", "b", "c", "d"]);
    expect(first.asked).toEqual(["0", "7", "9"]);
  });

  it("starts a primary again when its connection was made anew", async () => {
    let anew = true;
    const pages = new Pages({ 0: ["7", "a"], 7: ["0", "b"] }, (cursor, primary) => {
      if (cursor === "7" && anew) {
        anew = false;
        primary.epoch = 2;
      }
    });
    expect(await keysOf(topology(() => [pages]))).toEqual(["a", "b", "a", "b"]);
    expect(pages.asked).toEqual(["0", "7", "0", "7"]);
  });

  it("starts a primary again when its connection was made anew between two pages", async () => {
    const pages = new Pages({ 0: ["7", "a"], 7: ["0", "b"] });
    const found: string[] = [];
    for await (const keys of walk(
      topology(() => [pages]),
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

  it("starts everywhere again when a slot has moved", async () => {
    let version = 1;
    const first = new Pages({ 0: ["0", "a"] });
    const second = new Pages({ 0: ["0", "b"] }, () => {
      version = 2;
    });
    const third = new Pages({ 0: ["0", "c"] });
    const found = await keysOf(
      topology(
        () => (version === 1 ? [first, second] : [first, second, third]),
        () => version,
      ),
    );
    expect(new Set(found)).toEqual(new Set(["a", "b", "c"]));
    expect(first.asked).toEqual(["0", "0"]);
  });

  it("fails where the server refuses a step", async () => {
    class ErrorReply extends Error {}
    const pages = new Pages({ 0: ["7", "a"], 7: new ErrorReply("NOPERM this user has no permissions") });
    expect(await rejection(keysOf(topology(() => [pages])))).toMatchObject({
      code: "ERR_DRIVER",
      outcome: "not-applied",
    });
    expect(pages.asked).toEqual(["0", "7"]);
  });

  it("is not asked further than it is read", async () => {
    const pages = new Pages({ 0: ["7", "a"], 7: ["0", "b"] });
    for await (const keys of walk(
      topology(() => [pages]),
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
