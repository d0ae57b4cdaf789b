import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as root from "../../src/index.js";
import { MemcachedServer } from "../memcached/servers.js";
import { RedisServer } from "../redis/servers.js";
import { Consumer, ROOT } from "./consumer.js";

const DOCUMENTS = ["README.md", "docs/recipes.md", "docs/redis.md", "docs/memcached.md", "docs/coming-from-go.md"];
/** What has examples that are whole, in its doc comments. */
const SOURCES = ["src/redis/redis-driver.ts", "src/memcached/memcached-driver.ts"];
const read = (document: string): string => readFileSync(join(ROOT, document), "utf8");

const BLOCK = /^```ts\n(.*?)^```$/gms;

/** A name that a block gives itself in its first line, so that others can import it. */
const NAME = /^\/\/ ([\w.-]+\.ts)$/m;

/** `call; // → value`: what the line gives. */
const GIVES = /^(.+); \/\/ → (.+)$/gm;

interface Block {
  readonly file: string;
  readonly code: string;
}

/** The servers that the code is told of. */
const redis = await RedisServer.start();
const memcached = await MemcachedServer.start();

const blocks = [...DOCUMENTS, ...SOURCES].flatMap((document) => {
  const text = SOURCES.includes(document) ? read(document).replace(/^ +\* ?/gm, "") : read(document);
  return Array.from(text.matchAll(BLOCK)).map(([, code = ""], at): Block => {
    const file =
      NAME.exec(code)?.[1] ??
      `${basename(document)
        .replace(/\.\w+$/, "")
        .toLowerCase()}-${at + 1}.ts`;
    const checked = code
      .replace(GIVES, "assert.deepStrictEqual($1, $2);")
      .replaceAll("redis://localhost:6379", redis.url)
      .replaceAll("localhost:11211", memcached.address);
    return { file, code: `import assert from "node:assert/strict";\n${checked}` };
  });
});

describe("the code in the documentation", { timeout: 60_000 }, () => {
  let consumer: Consumer;

  beforeAll(async () => {
    consumer = new Consumer("zod", "redis", "ioredis");
    for (const { file, code } of blocks) consumer.write(file, code);
    const strict = { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, verbatimModuleSyntax: true };
    const files = blocks.map(({ file }) => file);
    // As it stands, for whoever writes plain JavaScript, on the oldest Node too: nothing is translated.
    const options = { ...strict, target: "ESNext", outDir: "out" };
    expect(await consumer.compile("typescript", options, files)).toBe("");
  }, 180_000);

  afterAll(() => consumer.remove());

  it("is there", () => {
    expect(blocks.length).toBeGreaterThan(10);
    expect(blocks.filter(({ code }) => code.includes("assert.")).length).toBeGreaterThan(10);
  });

  it.each(blocks)("$file compiles, runs, and gives what it says", async ({ file }) => {
    const compiled = `out/${file.replace(/\.ts$/, ".js")}`;
    await consumer.node(...(file.endsWith(".test.ts") ? ["--test", compiled] : [compiled]));
  });
});

describe("the documentation", () => {
  it("has a heading for the code of every error", () => {
    const codes = Object.values(root).flatMap((given) =>
      "code" in Object(given) ? [(given as { code: string }).code] : [],
    );
    expect(codes.length).toBeGreaterThan(10);
    const headings = read("README.md").match(/(?<=^#### ).+$/gm);
    expect(headings?.sort()).toEqual(codes.sort());
  });

  it.each([...DOCUMENTS, "CONTRIBUTING.md", "SECURITY.md"])("links from %s to what exists", (document) => {
    const targets = Array.from(read(document).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g));
    expect(targets.length).toBeGreaterThan(0);
    for (const [, path = "", anchor] of targets) {
      const target = path === "" ? document : join(dirname(document), path);
      expect(existsSync(join(ROOT, target)), target).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(target)).toContain(anchor);
    }
  });
});

/** The anchors that GitHub gives a document's headings. */
function anchorsOf(document: string): string[] {
  const headings = Array.from(read(document).matchAll(/^#+ (.+)$/gm), ([, heading = ""]) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, "")
      .replaceAll(" ", "-"),
  );
}
