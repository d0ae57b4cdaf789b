import { builtinModules } from "node:module";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as root from "../../src/index.js";
import { Consumer } from "./consumer.js";

/** What a user's own program may look like; `import` becomes `require` in CommonJS. */
const PROGRAM = `
type UserID = Key<"UserID">;
type User = { name: string };
const driver: Driver = new MemoryDriver();
const users = new Client<UserID, User>("app", "users", { driver, codec: json(), ttl: "1h" });
const raw = users.withCodec(bytes);
export async function main(id: UserID, signal: AbortSignal): Promise<User | undefined> {
  await users.mSet(new Map([[id, { name: "Alice" }]]), { ttl: "5m", signal });
  for await (const key of users.scan("1*")) (key satisfies UserID);
  const stored: Uint8Array = await raw.get(id);
  // @ts-expect-error: a string is no UserID
  await users.find(String(stored.length));
  // @ts-expect-error: a client of strings needs a codec
  new Client<string, string>("app", "names");
  const ttl: Duration = "15m";
  try {
    return await users.getOrSet(id, async () => undefined, { ttl });
  } catch (error) {
    if (error instanceof TimeoutError) return error.outcome === "unknown" ? undefined : { name: error.code };
    throw error;
  } finally {
    await users.close();
  }
}
export const open: Subject = { name: "memory", open: () => new MemoryDriver() };
export const register = (runner: Runner): void => conformance(runner, open);
`;
const IMPORTS = `
import { bytes, Client, type Driver, type Duration, json, type Key, MemoryDriver, TimeoutError } from "namestore";
import { conformance, type Runner, type Subject } from "namestore/testing";
`;

const EXPORTS = Object.keys(root).sort();

/** Errors cross from one copy of the package to the other, both ways. */
const INSTANCE_OF = `
const required = require("namestore");
import("namestore").then(async (imported) => {
  const seen = [required.NotFoundError !== imported.NotFoundError];
  for (const [here, there] of [[required, imported], [imported, required]]) {
    const client = new here.Client("app", "users", { codec: here.text });
    const error = await client.get("missing").catch((error) => error);
    seen.push(error instanceof there.NotFoundError, error instanceof there.NamestoreError);
    seen.push(error instanceof there.TimeoutError, new Error() instanceof there.NamestoreError);
  }
  console.log(seen.join(" "));
});
`;

describe("the packed tarball", { timeout: 60_000 }, () => {
  let consumer: Consumer;
  beforeAll(() => {
    consumer = new Consumer();
  }, 60_000);
  afterAll(() => consumer.remove());

  it("holds dist and the four papers, and nothing else", () => {
    const files = consumer.packed.files.map(({ path }) => path);
    const papers = files.filter((path) => !/^dist\/[\w-]+\.(js|cjs|d\.ts|d\.cts)$/.test(path));
    expect(papers.sort()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
    for (const name of ["index", "testing"]) {
      for (const extension of ["js", "cjs", "d.ts", "d.cts"]) expect(files).toContain(`dist/${name}.${extension}`);
    }
  });

  it("is small", () => {
    const { size, unpackedSize } = consumer.packed;
    console.info(`tarball: ${Math.ceil(size / 1024)} kB packed, ${Math.ceil(unpackedSize / 1024)} kB unpacked`);
    expect(size).toBeLessThan(150 * 1024);
  });

  it("needs no other package", () => {
    const manifest = JSON.parse(consumer.installed("package.json"));
    expect(manifest).not.toHaveProperty("dependencies");
    expect(manifest).not.toHaveProperty("optionalDependencies");
    expect(Object.keys(manifest.scripts)).not.toContain("postinstall");
    const code = consumer.packed.files.map(({ path }) => path).filter((path) => path.startsWith("dist/"));
    const named = code.flatMap((path) =>
      Array.from(
        consumer.installed(path).matchAll(/^(?:import|export) .*?from ["']([^"']+)["']|\brequire\(["']([^"']+)/gm),
        ([, imported, required]) => imported ?? required ?? "",
      ),
    );
    expect(named).not.toHaveLength(0);
    const foreign = named.filter(
      (name) => !name.startsWith("./") && !builtinModules.includes(name.replace("node:", "")),
    );
    expect(foreign.filter((name) => name !== "namestore" && name !== "namestore/testing")).toEqual([]);
  });

  it.each([
    ["ESM", "all.mjs", 'import * as all from "namestore"; console.log(Object.keys(all).sort().join());'],
    ["CommonJS", "all.cjs", 'console.log(Object.keys(require("namestore")).sort().join());'],
  ])("exports the same from %s", async (_, file, code) => {
    consumer.write(file, code);
    expect((await consumer.node(file)).split(",")).toEqual(EXPORTS);
  });

  it.each([
    ["ESM", "use.mjs", 'import { Client, text } from "namestore"; import "namestore/testing";'],
    ["CommonJS", "use.cjs", 'const { Client, text } = require("namestore"); require("namestore/testing");'],
  ])("works from %s", async (_, file, imports) => {
    const code = `new Client("app", "users", { codec: text }).getOrSet("1", () => "Alice").then(console.log);`;
    consumer.write(file, `${imports}\n${code}`);
    expect(await consumer.node(file)).toBe("Alice");
  });

  it.each(["import(name)", "Promise.resolve(name).then(require)"])(
    "resolves its subpaths only, by %s",
    async (load) => {
      const names = ["namestore", "namestore/testing", "namestore/package.json", "namestore/dist/index.js"];
      const json = load.startsWith("import")
        ? 'import(name, name.endsWith("json") ? { with: { type: "json" } } : {})'
        : load;
      const outcome = `${json}.then(() => "ok", (error) => error.code)`;
      consumer.write(
        "resolve.cjs",
        `Promise.all(${JSON.stringify(names)}.map((name) => ${outcome})).then((seen) => console.log(seen.join()));`,
      );
      expect(await consumer.node("resolve.cjs")).toBe("ok,ok,ok,ERR_PACKAGE_PATH_NOT_EXPORTED");
    },
  );

  it("knows the errors of its other copy", async () => {
    consumer.write("instance-of.cjs", INSTANCE_OF);
    expect(await consumer.node("instance-of.cjs")).toBe("true true true false false true true false false");
  });

  it.each([".js", ".cjs"])("has one copy of every class among its entries, in %s files", (extension) => {
    const code = consumer.packed.files.map(({ path }) => path).filter((path) => path.endsWith(extension));
    const defining = code.filter((path) => /\bNotFoundError = class\b/.test(consumer.installed(path)));
    expect(defining).toHaveLength(1);
  });

  it("is no slower as CommonJS: its syntax is not translated to that of an older JavaScript", () => {
    const code = consumer.packed.files.map(({ path }) => path).filter((path) => path.endsWith("cjs"));
    expect(code.filter((path) => /_optionalChain|_nullishCoalesce|__init/.test(consumer.installed(path)))).toEqual([]);
  });

  it("keeps the names of its classes", async () => {
    consumer.write(
      "names.mjs",
      `import * as all from "namestore";
       const classes = Object.entries(all).filter(([, given]) => /^class/.test(String(given)));
       console.log(classes.length > 10, classes.filter(([name, given]) => name !== given.name).join());`,
    );
    expect(await consumer.node("names.mjs")).toBe("true");
  });

  const programs = ["program.mts", "program.cts"];

  it.each(["typescript", "typescript-6", "typescript-7"])(
    "fits %s in ESM and CommonJS, its own types checked too",
    async (compiler) => {
      for (const program of programs) consumer.write(program, IMPORTS + PROGRAM);
      expect(await consumer.compile(compiler, { noEmit: true }, programs)).toBe("");
    },
  );

  it("fits TypeScript with a bundler's resolution and exact optional properties", async () => {
    const options = { noEmit: true, module: "ESNext", moduleResolution: "bundler", exactOptionalPropertyTypes: true };
    consumer.write("bundled.mts", IMPORTS + PROGRAM);
    expect(await consumer.compile("typescript", options, ["bundled.mts"])).toBe("");
  });
});
