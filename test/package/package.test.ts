import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as root from "../../src/index.js";
import * as memcached from "../../src/memcached/index.js";
import * as redis from "../../src/redis/index.js";
import * as testing from "../../src/testing/index.js";
import { MemcachedServer } from "../memcached/servers.js";
import { RedisServer } from "../redis/servers.js";
import { Consumer, ROOT } from "./consumer.js";
import { declaredValues } from "./declared.js";

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
`;

/** Every kind of client that the Redis driver takes over, by its library's own types. */
const HANDED_IN = `
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

/** What each entry exports, by the sources. */
const EXPORTS: Readonly<Record<string, readonly string[]>> = {
  ".": Object.keys(root).sort(),
  "./memcached": Object.keys(memcached).sort(),
  "./redis": Object.keys(redis).sort(),
  "./testing": Object.keys(testing).sort(),
};

/** Every entry of the manifest, as it is loaded by `import` and by `require`. */
const ENTRIES = Object.entries<Record<string, { types: string }>>(
  JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).exports,
)
  .filter(([entry]) => entry !== "./package.json")
  .flatMap(([entry, conditions]) =>
    Object.entries(conditions).map(([condition, { types }]) => ({
      entry,
      condition,
      name: `namestore${entry.slice(1)}`,
      types,
    })),
  );

/** Errors cross from one copy of the package to the other, and from one entry to the other, both ways. */
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

describe("the packed tarball", { timeout: 60_000 }, () => {
  let consumer: Consumer;
  let declared: ReturnType<typeof declaredValues>;
  beforeAll(() => {
    consumer = new Consumer();
    declared = declaredValues(ENTRIES.map(({ types }) => consumer.place(types)));
  }, 60_000);
  afterAll(() => consumer.remove());

  it("holds dist, docs, the chart, the README, the changelog, the licence and the manifest, and nothing else", () => {
    const files = consumer.packed.files.map(({ path }) => path);
    const others = files.filter((path) => !/^(dist\/[\w-]+\.(js|cjs|d\.ts|d\.cts)|docs\/[\w-]+\.md)$/.test(path));
    expect(others.sort()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "bench/chart.svg", "package.json"]);
    for (const name of ["index", "memcached", "redis", "testing"]) {
      for (const extension of ["js", "cjs", "d.ts", "d.cts"]) expect(files).toContain(`dist/${name}.${extension}`);
    }
  });

  it("holds every file that its documents link to", () => {
    const files = new Set(consumer.packed.files.map(({ path }) => path));
    const links = [...files]
      .filter((path) => path.endsWith(".md"))
      .flatMap((path) =>
        Array.from(consumer.installed(path).matchAll(/\]\((?!https?:)([^)#]+)/g), ([, to = ""]) =>
          join(dirname(path), to),
        ),
      );
    expect(links).toEqual(expect.arrayContaining(["docs/memcached.md", "docs/redis.md"]));
    expect(links.filter((path) => !files.has(path))).toEqual([]);
  });

  it("is small", () => {
    const { size, unpackedSize } = consumer.packed;
    console.info(`tarball: ${Math.ceil(size / 1024)} kB packed, ${Math.ceil(unpackedSize / 1024)} kB unpacked`);
    expect(size).toBeLessThan(220 * 1024);
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
    const later = code.flatMap((path) =>
      Array.from(consumer.installed(path).matchAll(/\bimport\(["']([^"']+)/g), ([, name]) => `${path} ${name}`),
    );
    expect(later.sort()).toEqual(["dist/redis.cjs redis", "dist/redis.js redis"]);
    expect(manifest.peerDependenciesMeta).toEqual({ ioredis: { optional: true }, redis: { optional: true } });
  });

  it.each(ENTRIES)(
    "exports from $name by $condition what its types declare, and its sources",
    async ({ entry, condition, name, types }) => {
      const file = condition === "import" ? "all.mjs" : "all.cjs";
      const all = condition === "import" ? `await import("${name}")` : `require("${name}")`;
      consumer.write(file, `console.log(Object.keys(${all}).sort().join());`);
      const exported = (await consumer.node(file)).split(",");
      expect(exported).toEqual(declared.get(consumer.place(types)));
      expect(exported).toEqual(EXPORTS[entry]);
    },
  );

  it.each([
    [
      "ESM",
      "use.mjs",
      'import { Client, text } from "namestore"; import "namestore/memcached"; import "namestore/redis"; import "namestore/testing";',
    ],
    [
      "CommonJS",
      "use.cjs",
      'const { Client, text } = require("namestore"); require("namestore/memcached"); require("namestore/redis"); require("namestore/testing");',
    ],
  ])("works from %s", async (_, file, imports) => {
    const code = `new Client("app", "users", { codec: text }).getOrSet("1", () => "Alice").then(console.log);`;
    consumer.write(file, `${imports}\n${code}`);
    expect(await consumer.node(file)).toBe("Alice");
  });

  it.each([
    [
      "ESM",
      "connect.mjs",
      'import { NotSupportedError } from "namestore"; import { RedisDriver } from "namestore/redis";',
    ],
    [
      "CommonJS",
      "connect.cjs",
      'const { NotSupportedError } = require("namestore"); const { RedisDriver } = require("namestore/redis");',
    ],
  ])("names the package that connect needs where it is not installed, from %s", async (_, file, imports) => {
    const told = "[error instanceof NotSupportedError, error.code, error.message].join()";
    consumer.write(file, `${imports}\nRedisDriver.connect({}).catch((error) => console.log(${told}));`);
    expect(await consumer.node(file)).toMatch(/^true,ERR_NOT_SUPPORTED,.*\bpackage redis\b/);
  });

  it.each(["import(name)", "Promise.resolve(name).then(require)"])(
    "resolves its subpaths only, by %s",
    async (load) => {
      const names = [
        "namestore",
        "namestore/memcached",
        "namestore/redis",
        "namestore/testing",
        "namestore/package.json",
        "namestore/dist/index.js",
      ];
      const json = load.startsWith("import")
        ? 'import(name, name.endsWith("json") ? { with: { type: "json" } } : {})'
        : load;
      const outcome = `${json}.then(() => "ok", (error) => error.code)`;
      consumer.write(
        "resolve.cjs",
        `Promise.all(${JSON.stringify(names)}.map((name) => ${outcome})).then((seen) => console.log(seen.join()));`,
      );
      expect(await consumer.node("resolve.cjs")).toBe("ok,ok,ok,ok,ok,ERR_PACKAGE_PATH_NOT_EXPORTED");
    },
  );

  it("knows the errors of its other copy", async () => {
    consumer.write("instance-of.cjs", INSTANCE_OF);
    expect(await consumer.node("instance-of.cjs")).toBe(
      "true true true false false true false true true true true false false true false true true",
    );
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
      `import * as main from "namestore";
       import * as memcached from "namestore/memcached";
       import * as redis from "namestore/redis";
       const classes = Object.entries({ ...main, ...memcached, ...redis }).filter(([, given]) => /^class/.test(String(given)));
       console.log(classes.length > 10, classes.filter(([name, given]) => name !== given.name).join());`,
    );
    expect(await consumer.node("names.mjs")).toBe("true");
  });

  it.each([
    [
      "ESM",
      "cache.mjs",
      'import { Client, text } from "namestore"; import { MemcachedDriver } from "namestore/memcached";',
    ],
    [
      "CommonJS",
      "cache.cjs",
      'const { Client, text } = require("namestore"); const { MemcachedDriver } = require("namestore/memcached");',
    ],
  ])("stores in Memcached, from %s", async (_, file, imports) => {
    const { address } = await MemcachedServer.start();
    const code = `MemcachedDriver.connect("${address}").then(async (driver) => {
      const users = new Client("app", "users", { driver, codec: text });
      await users.set("1", "Alice");
      console.log(await users.find("1"));
      await users.close();
      driver.close();
    });`;
    consumer.write(file, `${imports}\n${code}`);
    expect(await consumer.node(file)).toBe("Alice");
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

describe("the packed tarball, beside the clients of Redis", { timeout: 60_000 }, () => {
  let consumer: Consumer;
  beforeAll(() => {
    consumer = new Consumer("redis", "ioredis");
  }, 60_000);
  afterAll(() => consumer.remove());

  it.each([
    ["ESM", "store.mjs", 'import { Client, text } from "namestore"; import { RedisDriver } from "namestore/redis";'],
    [
      "CommonJS",
      "store.cjs",
      'const { Client, text } = require("namestore"); const { RedisDriver } = require("namestore/redis");',
    ],
  ])("stores in Redis, from %s", async (_, file, imports) => {
    const { url } = await RedisServer.start();
    const code = `RedisDriver.connect("${url}").then(async (driver) => {
      const users = new Client("app", "users", { driver, codec: text });
      await users.set("1", "Alice");
      console.log(await users.find("1"));
      driver.close();
    });`;
    consumer.write(file, `${imports}\n${code}`);
    expect(await consumer.node(file)).toBe("Alice");
  });

  // Their own types are theirs to check.
  const options = { noEmit: true, skipLibCheck: true };
  const programs = ["handed-in.mts", "handed-in.cts"];

  it.each(["typescript", "typescript-6", "typescript-7"])(
    "takes over their clients and clusters by their own types, in %s",
    async (compiler) => {
      for (const program of programs) consumer.write(program, HANDED_IN);
      for (const exactOptionalPropertyTypes of [false, true]) {
        expect(await consumer.compile(compiler, { ...options, exactOptionalPropertyTypes }, programs)).toBe("");
      }
    },
  );
});
