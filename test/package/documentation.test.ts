import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Consumer, ROOT } from "./consumer.js";

const DOCUMENTS = ["README.md", "docs/recipes.md"];
const BLOCK = /^```ts\n(.*?)^```$/gms;

/** A name that a block gives itself in its first line, so that others can import it. */
const NAME = /^\/\/ ([\w.-]+\.ts)$/m;

/** `call; // → value`: what the line gives. */
const GIVES = /^(.+); \/\/ → (.+)$/gm;

interface Block {
  readonly file: string;
  readonly code: string;
}

const blocks = DOCUMENTS.flatMap((document) => {
  const found = Array.from(readFileSync(join(ROOT, document), "utf8").matchAll(BLOCK));
  return found.map(([, code = ""], at): Block => {
    const file = NAME.exec(code)?.[1] ?? `${basename(document, ".md").toLowerCase()}-${at + 1}.ts`;
    const checked = code.replace(GIVES, "assert.deepStrictEqual($1, $2);");
    return { file, code: `import assert from "node:assert/strict";\n${checked}` };
  });
});

describe("the code in the documentation", () => {
  let consumer: Consumer;

  beforeAll(async () => {
    consumer = new Consumer("zod");
    for (const { file, code } of blocks) consumer.write(file, code);
    const strict = { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, verbatimModuleSyntax: true };
    const files = blocks.map(({ file }) => file);
    expect(await consumer.compile("typescript", { ...strict, outDir: "out" }, files)).toBe("");
  }, 60_000);

  afterAll(() => consumer.remove());

  it("is there", () => {
    expect(blocks.length).toBeGreaterThan(10);
    expect(blocks.filter(({ code }) => code.includes("assert.")).length).toBeGreaterThan(10);
  });

  it.each(blocks)(
    "$file compiles, runs, and gives what it says",
    async ({ file }) => {
      const compiled = `out/${file.replace(/\.ts$/, ".js")}`;
      await consumer.node(...(file.endsWith(".test.ts") ? ["--test", compiled] : [compiled]));
    },
    60_000,
  );
});
