import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

/** The steps by name, the longest first: how long each may take, and its test, which returns what to print. */
export const steps = {
  bun: { seconds: 120, test: (context) => drivers(context, ".bin/bun", []) },
  deno: {
    seconds: 120,
    test: (context) => drivers(context, ".bin/deno", ["run", "--allow-all", "--no-lock", "--node-modules-dir=manual"]),
  },
  next: { seconds: 120, test: next },
  jest: { seconds: 60, test: jest },
  chromium: { seconds: 150, test: chromium },
  workerd: { seconds: 60, test: (context) => workerd(context, []) },
  "workerd with nodejs_compat": { seconds: 60, test: (context) => workerd(context, ["nodejs_compat"]) },
  webpack: { seconds: 60, test: webpack },
  esbuild: { seconds: 30, test: esbuild },
  node10: { seconds: 60, test: node10 },
};

/** The conformance suite over every driver, and calls to servers that are frozen. */
async function drivers({ work, packages, run, servers, signal }, name, argv) {
  const command = join(packages, name);
  const options = { cwd: join(work, "with"), signal };
  const printed = await run(command, [...argv, "drivers.mjs", servers.redis.url, servers.memcached.address], options);
  const { redis, memcached } = await servers.start();
  const frozen = [
    await run(command, [...argv, "frozen.mjs", "redis", redis.url, `${redis.pid}`], options),
    await run(command, [...argv, "frozen.mjs", "memcached", memcached.address, `${memcached.pid}`], options),
  ];
  return [...printed.split("\n"), ...frozen].join("; ");
}

/** The suite over memory in a page of a browser. */
async function chromium({ work, run, load, signal }) {
  const executablePath = "/usr/bin/chromium";
  if (!existsSync(executablePath)) {
    const sudo = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
    const aptGet = (...argv) =>
      run("env", [...sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", ...argv], { signal });
    await aptGet("update");
    await aptGet("install", "-y", "chromium");
  }
  const code = await bundle({ work, load, entry: "browser.mjs", conditions: ["browser"], platform: "browser" });
  const server = createServer((request, response) => {
    const isCode = request.url === "/code.js";
    response.setHeader("content-type", isCode ? "text/javascript" : "text/html");
    response.end(isCode ? code : "<!doctype html><script type=module src=/code.js></script>");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { chromium } = load("playwright-core");
  const browser = await chromium.launch({ executablePath, headless: true, args: FLAGS });
  signal.addEventListener("abort", () => browser.close().catch(() => {}));
  try {
    const page = await browser.newPage();
    const errors = [];
    page.on("pageerror", ({ message }) => errors.push(message));
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    const results = await page.evaluate(() => globalThis.results ?? null);
    if (results === null) throw new Error(errors.join("\n") || "the page did not begin");
    return summary(results, browser.version());
  } finally {
    await browser.close();
    server.close();
  }
}

const FLAGS =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync".split(
    " ",
  );

/** The suite over memory in a Worker. */
async function workerd({ work, load }, compatibilityFlags) {
  const external = compatibilityFlags.length > 0 ? ["node:*"] : [];
  const script = await bundle({ work, load, entry: "worker.mjs", conditions: ["workerd", "browser"], external });
  const { Miniflare } = load("miniflare");
  const miniflare = new Miniflare({ modules: true, script, compatibilityDate: "2025-01-01", compatibilityFlags });
  try {
    const response = await miniflare.dispatchFetch("http://localhost/");
    const text = await response.text();
    if (!response.ok) throw new Error(text.slice(0, 2_000));
    return summary(JSON.parse(text));
  } finally {
    await miniflare.dispose();
  }
}

/** Bundles a file for a runtime without the modules of Node. */
async function bundle({ work, load, entry, ...options }) {
  const { build } = load("esbuild");
  const { outputFiles } = await build({
    absWorkingDir: join(work, "with"),
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    write: false,
    logLevel: "silent",
    ...options,
  });
  return outputFiles[0].text;
}

function summary({ passed, failures }, ...more) {
  if (failures.length > 0) {
    throw new Error([`${failures.length} of ${failures.length + passed} failed`, ...failures.slice(0, 5)].join("\n  "));
  }
  if (passed < 900) throw new Error(`only ${passed} cases ran`);
  return [`${passed} passed`, ...more].join(", ");
}

/** CommonJS tests, in a document and with a driver that loads redis. */
async function jest({ work, packages, run, servers, signal }) {
  const argv = [join(packages, "jest/bin/jest.js"), "--config", "jest.config.cjs", "--runInBand"];
  const environment = join(packages, "jest-environment-jsdom");
  const config = join(work, "with/jest/jsdom.case.cjs");
  writeFileSync(
    config,
    readFileSync(config, "utf8").replace("jest-environment jsdom", `jest-environment ${environment}`),
  );
  const printed = await run(process.execPath, argv, {
    cwd: join(work, "with/jest"),
    env: { ...process.env, REDIS_URL: servers.redis.url },
    signal,
  });
  return /^Tests:.*$/m.exec(printed)?.[0];
}

/** A bundle of a program that has ioredis and not redis: it builds, runs, and says what is missing. */
async function webpack({ work, run, load }) {
  const bundler = load("webpack");
  const context = join(work, "without");
  for (const [name, entry] of Object.entries(bundledEntries(context))) {
    const stats = await new Promise((resolve, reject) => {
      const options = {
        context,
        entry,
        target: "node20",
        mode: "development",
        devtool: false,
        output: { path: join(context, "webpack"), filename: `${name}.cjs` },
      };
      bundler(options, (error, result) => (error ? reject(error) : resolve(result)));
    });
    if (stats.hasErrors()) throw new Error(`${name}: ${stats.toString({ all: false, errors: true })}`);
    expectMissing(await run(process.execPath, [join(context, "webpack", `${name}.cjs`)]));
  }
}

async function esbuild({ work, run, load }) {
  const { build } = load("esbuild");
  const context = join(work, "without");
  for (const [name, entry] of Object.entries(bundledEntries(context))) {
    const outfile = join(context, "esbuild", `${name}.${name === "esm" ? "mjs" : "cjs"}`);
    const format = name === "esm" ? "esm" : "cjs";
    // ioredis is CommonJS and requires modules of Node, which an ESM bundle cannot.
    const external = format === "esm" ? ["ioredis"] : [];
    const { errors } = await build({
      absWorkingDir: context,
      entryPoints: [entry],
      bundle: true,
      platform: "node",
      format,
      external,
      outfile,
      logLevel: "silent",
    });
    if (errors.length > 0) throw new Error(`${name}: ${JSON.stringify(errors)}`);
    expectMissing(await run(process.execPath, [outfile]));
  }
}

/** The same program by import and by require, which lead to the two builds of the package. */
function bundledEntries(context) {
  const esm = readFileSync(join(context, "bundled.mjs"), "utf8");
  const body = esm.replace(/^import (.*) from (.*);$/gm, "const $1 = require($2);").replace(/^\/\*\*.*$/m, "");
  writeFileSync(join(context, "bundled.cjs"), `(async () => {\n${body}\n})();\n`);
  return { esm: "./bundled.mjs", commonjs: "./bundled.cjs" };
}

function expectMissing(printed) {
  const expected = "app:users: ERR_NOT_SUPPORTED";
  if (!printed.includes(expected) || !printed.includes("is not installed")) {
    throw new Error(`expected "${expected} … is not installed"; the bundle printed ${printed}`);
  }
}

/** A compiler that does not read exports. */
async function node10({ work, packages, run, signal }) {
  const project = join(work, "with/node10");
  mkdirSync(project);
  writeFileSync(join(project, "node10.ts"), NODE10);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "ES2022",
    lib: ["ES2022", "ESNext.Disposable", "DOM"],
    module: "CommonJS",
    moduleResolution: "node10",
    types: [],
    skipLibCheck: true,
  };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["node10.ts"] }));
  await run(process.execPath, [join(packages, "typescript/bin/tsc"), "-p", project], { signal });
}

/** A build with a route for the edge and a component for the browser, and a request to the route. */
async function next({ work, packages, run, start, kill, freePort, signal }) {
  // Turbopack follows no links out of its project: the project lies beside the packages.
  const project = join(packages, "../next-project");
  rmSync(project, { recursive: true, force: true });
  cpSync(join(import.meta.dirname, "next"), project, { recursive: true });
  cpSync(join(work, "package"), join(project, "node_modules/namestore"), { recursive: true });
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const options = { cwd: project, env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1", CI: "1" } };
  const command = join(packages, "next/dist/bin/next");
  await run(process.execPath, [command, "build"], { ...options, signal });
  const port = await freePort();
  const server = start(process.execPath, [command, "start", "--port", `${port}`, "--hostname", "127.0.0.1"], options);
  try {
    const home = await answerOf(`http://127.0.0.1:${port}/api/home`, signal);
    if (home !== '{"title":"Home"}') throw new Error(`the route returned ${home.slice(0, 1_000)}`);
    const page = await answerOf(`http://127.0.0.1:${port}/`, signal);
    if (!page.includes("app:drafts:")) throw new Error(`the page is ${page.slice(0, 1_000)}`);
  } finally {
    kill(server);
    rmSync(project, { recursive: true, force: true });
  }
}

/** What a server that is still starting returns. */
async function answerOf(url, signal) {
  while (true) {
    try {
      return await (await fetch(url, { signal })).text();
    } catch (error) {
      signal.throwIfAborted();
      if (error.cause?.code !== "ECONNREFUSED") throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

const NODE10 = `
import { Client, text } from "namestore";
import { MemcachedDriver } from "namestore/memcached";
import { RedisDriver } from "namestore/redis";
import { conformance, type Subject } from "namestore/testing";

export const users: Client<string, string> = new Client("app", "users", { codec: text });
export const connecting: Promise<RedisDriver | MemcachedDriver>[] = [
  RedisDriver.connect("redis://localhost"),
  MemcachedDriver.connect("localhost"),
];
export const subject: Subject = { name: "redis", open: () => RedisDriver.connect("redis://localhost") };
export const suite: typeof conformance = conformance;
`;
