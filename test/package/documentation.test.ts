import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as root from "../../src/index.js";
import { MemcachedServer } from "../memcached/servers.js";
import { RedisServer } from "../redis/servers.js";
import { Consumer, ROOT } from "./consumer.js";

/** Every page of the documentation, read from the folder so that none is forgotten. */
const PAGES = readdirSync(join(ROOT, "docs"))
  .filter((file) => file.endsWith(".md"))
  .map((file) => `docs/${file}`)
  .sort();
const DOCUMENTS = ["README.md", ...PAGES];
/** Sources whose doc comments hold whole examples. */
const SOURCES = ["src/redis/redis-driver.ts", "src/memcached/memcached-driver.ts"];
const ERROR_PAGE = "docs/faults-and-errors.md";

const MOST_README_LINES = 200;
const MOST_README_WORDS = 1_500;

const read = (document: string): string => readFileSync(join(ROOT, document), "utf8");

const BLOCK = /^```ts\n(.*?)^```$/gms;

/** The file name in a block's first line, by which other blocks can import it. */
const NAME = /^\/\/ ([\w.-]+\.ts)$/m;

/** `call; // → value`: what the line returns. */
const RETURNS = /^(.+); \/\/ → (.+)$/gm;

interface Block {
  readonly file: string;
  readonly code: string;
}

/** The servers that stand in for those in the code. */
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
      .replace(RETURNS, "assert.deepStrictEqual($1, $2);")
      .replaceAll("redis://localhost:6379", redis.url)
      .replaceAll("localhost:11211", memcached.address);
    const imported = /^import assert /m.test(code) ? "" : 'import assert from "node:assert/strict";\n';
    return { file, code: imported + checked };
  });
});

describe("the code in the documentation", { timeout: 60_000 }, () => {
  let consumer: Consumer;

  beforeAll(async () => {
    consumer = new Consumer("zod", "redis", "ioredis");
    for (const { file, code } of blocks) consumer.write(file, code);
    const strict = { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, verbatimModuleSyntax: true };
    const files = blocks.map(({ file }) => file);
    // Nothing is translated, so that the code is good JavaScript without its types, on the oldest Node too.
    const options = { ...strict, target: "ESNext", outDir: "out" };
    expect(await consumer.compile("typescript", options, files)).toBe("");
  }, 180_000);

  afterAll(() => consumer.remove());

  it("exists, has expected results, and has a file name of its own for each block", () => {
    expect(blocks.length).toBeGreaterThan(30);
    expect(blocks.filter(({ code }) => code.includes("assert.")).length).toBeGreaterThan(20);
    expect(new Set(blocks.map(({ file }) => file)).size).toBe(blocks.length);
  });

  it.each(blocks)("$file compiles, runs, and returns what it says", async ({ file }) => {
    const compiled = `out/${file.replace(/\.ts$/, ".js")}`;
    await consumer.node(...(file.endsWith(".test.ts") ? ["--test", compiled] : [compiled]));
  });
});

describe("the documentation", () => {
  it("has a heading for the code of every error", () => {
    const codes = Object.values(root).flatMap((exported) =>
      "code" in Object(exported) ? [(exported as { code: string }).code] : [],
    );
    expect(codes.length).toBeGreaterThan(10);
    const headings = read(ERROR_PAGE).match(/(?<=^### )ERR_\w+$/gm);
    expect(headings?.sort()).toEqual(codes.sort());
  });

  it.each([...DOCUMENTS, "CONTRIBUTING.md", "SECURITY.md"])(
    "links from %s to files and headings that exist",
    (document) => {
      const targets = Array.from(read(document).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g));
      expect(targets.length).toBeGreaterThan(0);
      for (const [, path = "", anchor] of targets) {
        const target = path === "" ? document : join(dirname(document), path);
        expect(existsSync(join(ROOT, target)), target).toBe(true);
        if (anchor !== undefined) expect(anchorsOf(target)).toContain(anchor);
      }
    },
  );

  it.each(PAGES)("links from the README to %s", (page) => {
    expect(read("README.md")).toContain(`](${page})`);
  });

  it.each(PAGES)("says in the first line of %s what the page is for", (page) => {
    expect(read(page)).toMatch(/^# [^\n]+\n\nThis page /);
  });

  it("keeps the README a landing page", () => {
    const readme = read("README.md");
    expect(readme.split("\n").length - 1).toBeLessThanOrEqual(MOST_README_LINES);
    expect(readme.split(/\s+/).filter((word) => word !== "").length).toBeLessThanOrEqual(MOST_README_WORDS);
  });
});

/** The anchors that GitHub derives from a document's headings. */
function anchorsOf(document: string): string[] {
  const headings = Array.from(read(document).matchAll(/^#+ (.+)$/gm), ([, heading = ""]) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, "")
      .replaceAll(" ", "-"),
  );
}
