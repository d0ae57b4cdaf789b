import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { MemcachedServer } from "../memcached/servers.js";
import { RedisServer } from "../redis/servers.js";
import { Consumer, ROOT } from "./consumer.js";
import { declaredValues } from "./declared.js";

const { folder, files, size, unpackedSize } = inject("packed");
const manifest = JSON.parse(readFileSync(join(folder, "node_modules/namestore/package.json"), "utf8"));

/** The names of the files in dist, such as `redis`, by what users import, such as `namestore/redis`. */
const ENTRIES: ReadonlyMap<string, string> = new Map(
  Object.keys(manifest.exports)
    .filter((subpath) => subpath !== "./package.json")
    .map((subpath) => [`namestore${subpath.slice(1)}`, subpath === "." ? "index" : subpath.slice(2)]),
);
const NAMES = [...ENTRIES.keys()];

/** Every entry, loaded by `import` and by `require`. */
const LOADED = [...ENTRIES].flatMap(([name, file]) => [
  { name, file, condition: "import", types: `dist/${file}.d.ts`, load: `await import("${name}")`, extension: "mjs" },
  { name, file, condition: "require", types: `dist/${file}.d.cts`, load: `require("${name}")`, extension: "cjs" },
]);

/** How each kind of module imports names from a module. */
const MODULES = [
  { kind: "ESM", extension: "mjs", from: (names: string, module: string) => `import { ${names} } from "${module}";` },
  {
    kind: "CommonJS",
    extension: "cjs",
    from: (names: string, module: string) => `const { ${names} } = require("${module}");`,
  },
];

const COMPILERS = ["typescript", "typescript-6", "typescript-7"];

describe.concurrent("the packed tarball", { timeout: 120_000 }, () => {
  let consumer: Consumer;
  let declared: ReturnType<typeof declaredValues>;
  beforeAll(() => {
    consumer = new Consumer();
    declared = declaredValues(LOADED.map(({ types }) => consumer.place(types)));
  });
  afterAll(() => consumer.remove());

  it("contains dist, docs, the chart and four more files, and nothing else", () => {
    const others = files.filter((path) => !/^(dist\/[\w-]+\.(js|cjs|d\.ts|d\.cts)|docs\/[\w-]+\.md)$/.test(path));
    expect(others.sort()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "bench/chart.svg", "package.json"]);
    for (const file of ENTRIES.values()) {
      for (const extension of ["js", "cjs", "d.ts", "d.cts"]) expect(files).toContain(`dist/${file}.${extension}`);
    }
  });

  it("maps every subpath to the file in dist that has its name", () => {
    for (const [name, file] of ENTRIES) {
      expect(manifest.exports[name.replace("namestore", ".")]).toEqual({
        import: { types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` },
        require: { types: `./dist/${file}.d.cts`, default: `./dist/${file}.cjs` },
      });
    }
  });

  it("maps every subpath for compilers that do not read exports", () => {
    const subpaths = [...ENTRIES.values()].filter((file) => file !== "index");
    const expected = Object.fromEntries(subpaths.map((file) => [file, [`./dist/${file}.d.ts`]]));
    expect(manifest.typesVersions).toEqual({ "*": expected });
    expect([manifest.main, manifest.types]).toEqual(["./dist/index.cjs", "./dist/index.d.ts"]);
  });

  it("imports no module of Node for its conformance suite", () => {
    expect(consumer.installed("dist/testing.js")).not.toMatch(/["']node:|\bsetImmediate\b|\bprocess\./);
  });

  it("contains every file that its documents link to", () => {
    const links = files
      .filter((path) => path.endsWith(".md"))
      .flatMap((path) =>
        Array.from(consumer.installed(path).matchAll(/\]\((?!https?:)([^)#]+)/g), ([, to = ""]) =>
          join(dirname(path), to),
        ),
      );
    expect(links).toEqual(expect.arrayContaining(["docs/memcached.md", "docs/redis.md"]));
    expect(links.filter((path) => !files.includes(path))).toEqual([]);
  });

  it("is small", () => {
    console.info(`tarball: ${Math.ceil(size / 1024)} kB packed, ${Math.ceil(unpackedSize / 1024)} kB unpacked`);
    expect(size).toBeLessThan(320 * 1024);
  });

  it("has no dependencies and no install script", () => {
    expect(manifest).not.toHaveProperty("dependencies");
    expect(manifest).not.toHaveProperty("optionalDependencies");
    expect(Object.keys(manifest.scripts)).not.toContain("postinstall");
  });

  it("imports no other package statically", () => {
    const imported = inCode(/^(?:import|export) .*?from ["']([^"']+)["']|^\S.*?\brequire\(["']([^"']+)/gm);
    expect(imported).not.toHaveLength(0);
    const foreign = imported
      .map(({ name }) => name)
      .filter((name) => !name.startsWith("./") && !builtinModules.includes(name.replace("node:", "")));
    expect(foreign.filter((name) => !ENTRIES.has(name))).toEqual([]);
  });

  it("imports optional peer dependencies only when they are needed, each in the files of one entry", () => {
    const optional = Object.keys(manifest.peerDependencies);
    expect(manifest.peerDependenciesMeta).toEqual(
      Object.fromEntries(optional.map((name) => [name, { optional: true }])),
    );
    // CommonJS has no import() under Jest: it requires instead, directly within try, as bundlers need it.
    const later = inCode(/\bimport\(["']([^"']+)|^ .*\brequire\(["']([^"']+)/gm);
    expect(later.filter(({ path }) => path.endsWith(".cjs")).length * 2).toBe(later.length);
    expect(later).not.toHaveLength(0);
    for (const name of new Set(later.map(({ name }) => name))) {
      expect(optional).toContain(name);
      const paths = later.filter((found) => found.name === name).map(({ path }) => path);
      const file = paths[0]?.replace(/^dist\/|\.\w+$/g, "");
      expect([...ENTRIES.values()].filter((entry) => entry !== "index")).toContain(file);
      expect(paths.sort()).toEqual([`dist/${file}.cjs`, `dist/${file}.js`]);
    }
  });

  it.for(LOADED)(
    "exports from $name by $condition what its types and its source declare",
    async ({ name, file, load, types, extension }) => {
      const printed = await consumer.run(
        `exports-of-${file}.${extension}`,
        `console.log(Object.keys(${load}).sort().join());`,
      );
      const exported = printed.split(",");
      expect(exported).toEqual(declared.get(consumer.place(types)));
      const source = join(ROOT, "src", name === "namestore" ? "" : file, "index.ts");
      expect(exported).toEqual(Object.keys(await import(source)).sort());
    },
  );

  it.for(MODULES)("works in $kind, with every entry loaded", async ({ extension, from }) => {
    const imports = [from("Client, text", "namestore"), ...NAMES.map((name) => from("", name))];
    const code = `new Client("app", "users", { codec: text }).getOrSet("1", () => "Alice").then(console.log);`;
    expect(await consumer.run(`use.${extension}`, `${imports.join("\n")}\n${code}`)).toBe("Alice");
  });

  it.for(MODULES)("names the package that connect needs and that is not installed, in $kind", async (module) => {
    const { extension, from } = module;
    const imports = from("NotSupportedError", "namestore") + from("RedisDriver", "namestore/redis");
    const rejection = "[error instanceof NotSupportedError, error.code, error.message].join()";
    const code = `${imports}\nRedisDriver.connect({}).catch((error) => console.log(${rejection}));`;
    expect(await consumer.run(`connect.${extension}`, code)).toMatch(/^true,ERR_NOT_SUPPORTED,.*\bpackage redis\b/);
  });

  it.for([
    ["import", 'import(name, name.endsWith("json") ? { with: { type: "json" } } : {})'],
    ["require", "Promise.resolve(name).then(require)"],
  ] as const)("resolves its subpaths only, by %s", async ([how, load]) => {
    const names = [...NAMES, "namestore/package.json", "namestore/dist/index.js"];
    const outcome = `${load}.then(() => "ok", (error) => error.code)`;
    const code = `Promise.all(${JSON.stringify(names)}.map((name) => ${outcome})).then((seen) => console.log(seen.join()));`;
    const expected = [...NAMES.map(() => "ok"), "ok", "ERR_PACKAGE_PATH_NOT_EXPORTED"];
    expect(await consumer.run(`resolve-by-${how}.cjs`, code)).toBe(expected.join());
  });

  it("recognises the errors of its other copy", async () => {
    expect(await consumer.run("instance-of.cjs", INSTANCE_OF)).toBe(
      "true true true false false true false true true true true false false true false true true",
    );
  });

  it.for([".js", ".cjs"])("has one copy of every class among its entries, in %s files", (extension) => {
    const code = files.filter((path) => path.endsWith(extension));
    const defining = code.filter((path) => /\bNotFoundError = class\b/.test(consumer.installed(path)));
    expect(defining).toHaveLength(1);
  });

  it("is no slower in CommonJS: its syntax is not translated to that of an older JavaScript", () => {
    const code = files.filter((path) => path.endsWith("cjs"));
    expect(code.filter((path) => /_optionalChain|_nullishCoalesce|__init/.test(consumer.installed(path)))).toEqual([]);
  });

  it("keeps the names of its classes", async () => {
    const code = `const all = await Promise.all(${JSON.stringify(NAMES)}.map((name) => import(name)));
      const classes = all.flatMap((entry) => Object.entries(entry)).filter(([, value]) => /^class/.test(String(value)));
      console.log(classes.length > 10, classes.filter(([name, value]) => name !== value.name).join());`;
    expect(await consumer.run("names.mjs", code)).toBe("true");
  });

  it.for(MODULES)("stores in Memcached, in $kind", async ({ extension, from }) => {
    const { address } = await MemcachedServer.start();
    const imports = from("Client, text", "namestore") + from("MemcachedDriver", "namestore/memcached");
    const code = `${imports}\nMemcachedDriver.connect("${address}").then(${STORE});`;
    expect(await consumer.run(`memcached.${extension}`, code)).toBe("Alice");
  });

  it.for(COMPILERS)("fits %s in ESM and CommonJS, with its own types checked too", async (compiler) => {
    const programs = [`${compiler}.mts`, `${compiler}.cts`];
    for (const program of programs) consumer.write(program, IMPORTS + PROGRAM);
    expect(await consumer.compile(compiler, { noEmit: true }, programs)).toBe("");
  });

  it("fits TypeScript with a bundler's resolution and exact optional properties", async () => {
    const options = { noEmit: true, module: "ESNext", moduleResolution: "bundler", exactOptionalPropertyTypes: true };
    consumer.write("bundled.mts", IMPORTS + PROGRAM);
    expect(await consumer.compile("typescript", options, ["bundled.mts"])).toBe("");
  });

  it("fits TypeScript with the resolution of Node 10, which does not read exports", async () => {
    const options = { noEmit: true, module: "CommonJS", moduleResolution: "node10" };
    consumer.write("node10.ts", IMPORTS + PROGRAM);
    expect(await consumer.compile("typescript", options, ["node10.ts"])).toBe("");
  });

  /** What a pattern captures in the files of dist. */
  function inCode(pattern: RegExp): { path: string; name: string }[] {
    const code = files.filter((path) => path.startsWith("dist/"));
    return code.flatMap((path) =>
      Array.from(consumer.installed(path).matchAll(pattern), ([, one, other]) => ({ path, name: one ?? other ?? "" })),
    );
  }
});

describe.concurrent("the packed tarball, beside the clients of Redis", { timeout: 120_000 }, () => {
  let consumer: Consumer;
  beforeAll(() => {
    consumer = new Consumer("redis", "ioredis");
  });
  afterAll(() => consumer.remove());

  it.for(MODULES)("stores in Redis, in $kind", async ({ extension, from }) => {
    const { url } = await RedisServer.start();
    const imports = from("Client, text", "namestore") + from("RedisDriver", "namestore/redis");
    const code = `${imports}\nRedisDriver.connect("${url}").then(${STORE});`;
    expect(await consumer.run(`redis.${extension}`, code)).toBe("Alice");
  });

  it.for(COMPILERS)("accepts existing clients and clusters by their own types, in %s", async (compiler) => {
    const programs = [`${compiler}.mts`, `${compiler}.cts`];
    for (const program of programs) consumer.write(program, EXISTING_CLIENTS);
    // The types of other packages are not ours to check.
    const options = [false, true].map((exact) => ({
      noEmit: true,
      skipLibCheck: true,
      exactOptionalPropertyTypes: exact,
    }));
    expect(await consumer.compile(compiler, options, programs)).toBe("");
  });
});

/** Stores a value with a driver, and prints what it reads. */
const STORE = `async (driver) => {
  const users = new Client("app", "users", { driver, codec: text });
  await users.set("1", "Alice");
  console.log(await users.find("1"));
  await users.close();
  driver.close();
}`;

/** What a user's program may look like. In a .cts file, `import` becomes `require`. */
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
export async function shared(options: RedisOptions): Promise<Client<UserID, User>> {
  // @ts-expect-error: a URL is no connection
  (url: string) => new RedisDriver(url);
  const redis = await RedisDriver.connect({ timeout: "2s", ...options });
  return new Client<UserID, User>("app", "users", { driver: redis, codec: json() });
}
export async function cached(options: MemcachedOptions): Promise<Client> {
  return new Client("app", "pages", { driver: await MemcachedDriver.connect({ timeout: "2s", ...options }) });
}
export function mayRepeat(error: unknown): boolean {
  return error instanceof OutcomeError && error.outcome === "not-applied";
}
`;
const IMPORTS = `
import { bytes, Client, type Driver, type Duration, json, type Key, MemoryDriver, OutcomeError, TimeoutError } from "namestore";
import { MemcachedDriver, type MemcachedOptions } from "namestore/memcached";
import { RedisDriver, type RedisOptions } from "namestore/redis";
import { conformance, type Runner, type Subject } from "namestore/testing";
${NAMES.map((name, at) => `import * as entry${at} from "${name}";`).join("\n")}
`;

/** Every kind of existing client that the Redis driver accepts, by the types of its library. */
const EXISTING_CLIENTS = `
import { Cluster, Redis } from "ioredis";
import { type RedisConnection, RedisDriver } from "namestore/redis";
import { createClient, createCluster } from "redis";
export const connections = (): RedisConnection[] => [
  createClient(),
  createClient({ RESP: 3, url: "redis://localhost" }),
  createCluster({ rootNodes: [{ url: "redis://localhost" }] }),
  new Redis({ autoResendUnfulfilledCommands: false }),
  new Cluster([{ host: "localhost", port: 6379 }], { retryDelayOnFailover: 0 }),
];
export async function drivers(): Promise<RedisDriver[]> {
  // @ts-expect-error: a promise of a client is none
  () => new RedisDriver(createClient().connect());
  return [
    new RedisDriver(createClient()),
    new RedisDriver(await createClient().connect(), { timeout: "2s", maxPending: 100 }),
    new RedisDriver(createCluster({ rootNodes: [] })),
    new RedisDriver(new Redis({ autoResendUnfulfilledCommands: false })),
    new RedisDriver(new Cluster([], { retryDelayOnFailover: 0 })),
  ];
}
`;

/** Errors are recognised across the two copies of the package and across its entries, in both directions. */
const INSTANCE_OF = `
const required = { ...require("namestore"), ...require("namestore/redis") };
Promise.all([import("namestore"), import("namestore/redis")]).then(async ([main, redis]) => {
  const imported = { ...main, ...redis };
  const seen = [required.NotFoundError !== imported.NotFoundError];
  for (const [here, there] of [[required, imported], [imported, required]]) {
    const client = new here.Client("app", "users", { codec: here.text });
    const error = await client.get("missing").catch((error) => error);
    seen.push(error instanceof there.NotFoundError, error instanceof there.NamestoreError);
    seen.push(error instanceof there.TimeoutError, new Error() instanceof there.NamestoreError);
    await client.close();
    const closed = await client.get("missing").catch((error) => error);
    seen.push(closed instanceof there.OutcomeError, error instanceof there.OutcomeError);
    const refused = await here.RedisDriver.connect({ timeout: 0 }).catch((error) => error);
    for (const { InvalidArgumentError } of [here, there]) seen.push(refused instanceof InvalidArgumentError);
  }
  console.log(seen.join(" "));
});
`;
