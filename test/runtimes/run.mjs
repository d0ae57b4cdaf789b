/**
 * Tests the packed package on other runtimes, bundlers and test runners: npm run test:runtimes [-- <name of a step>…].
 * Prints one line for each step, the end of the output of each that fails, and how many passed and failed.
 */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { steps } from "./steps.mjs";

const HERE = import.meta.dirname;
const ROOT = join(HERE, "../..");
/** Outside of the folders that other tools search: the packages take 900 MB. */
const PACKAGES = join(ROOT, "node_modules/.cache/namestore/runtimes");
const LOCK = "package-lock.json";
const SIDE_BY_SIDE = 2;

/** What the projects are made of, beside the package. */
const FILES = "suite.mjs drivers.mjs frozen.mjs browser.mjs worker.mjs bundled.mjs jest".split(" ");

/** Loads one of the packages. */
const load = createRequire(join(PACKAGES, "package.json"));

const work = mkdtempSync(join(tmpdir(), "namestore-runtimes-"));
const running = new Set();
let failed = 0;
let passed = 0;

try {
  await main(process.argv.slice(2));
} finally {
  for (const child of running) kill(child);
  rmSync(work, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;

async function main(names) {
  const chosen = Object.entries(steps).filter(([name]) => names.length === 0 || names.includes(name));
  if (!isInstalled()) await step("install", 240, install);
  await step("pack", 120, pack);
  const context = {
    work,
    packages: join(PACKAGES, "node_modules"),
    run,
    servers: await startServers(),
    load,
    start,
    kill,
    freePort,
  };
  const queue = chosen[Symbol.iterator]();
  const worker = async () => {
    for (const [name, { seconds, test }] of queue) await step(name, seconds, (signal) => test({ ...context, signal }));
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  console.log(`${passed} passed, ${failed} failed`);
}

/** Runs a step within its time, and prints a line. */
async function step(name, seconds, test) {
  const began = performance.now();
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error(`it took longer than ${seconds} s`)), seconds * 1_000);
  const late = new Promise((_, reject) => {
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason));
  });
  const took = () => `${((performance.now() - began) / 1_000).toFixed(0)} s`;
  try {
    const detail = await Promise.race([test(controller.signal), late]);
    passed++;
    console.log(`ok      ${name} (${took()})${detail ? `: ${detail}` : ""}`);
  } catch (error) {
    failed++;
    console.log(`FAILED  ${name} (${took()}): ${String(error?.message ?? error).trim()}`);
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}

/** Whether the packages of the lock file are there. */
function isInstalled() {
  const [wanted, found] = [HERE, PACKAGES].map((folder) => join(folder, LOCK));
  return existsSync(found) && readFileSync(found, "utf8") === readFileSync(wanted, "utf8");
}

async function install() {
  rmSync(PACKAGES, { recursive: true, force: true });
  mkdirSync(PACKAGES, { recursive: true });
  cpSync(join(HERE, "package.json"), join(PACKAGES, "package.json"));
  cpSync(join(HERE, LOCK), join(PACKAGES, LOCK));
  try {
    await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: PACKAGES });
    // The only one that does not work without its install script, which puts its binary into place.
    await run(process.execPath, ["install.js"], { cwd: join(PACKAGES, "node_modules/bun") });
  } catch (error) {
    rmSync(PACKAGES, { recursive: true, force: true });
    throw error;
  }
}

/** Packs the package, and makes two projects with it: one with both clients of Redis, one with ioredis only. */
async function pack() {
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", work], { cwd: ROOT });
  await run("sh", ["-c", "tar -xzf namestore-*.tgz"], { cwd: work });
  for (const [project, packages] of [
    ["with", ["redis", "ioredis"]],
    ["without", ["ioredis"]],
  ]) {
    const modules = join(work, project, "node_modules");
    mkdirSync(modules, { recursive: true });
    cpSync(join(work, "package"), join(modules, "namestore"), { recursive: true });
    for (const name of packages) symlinkSync(join(PACKAGES, "node_modules", name), join(modules, name));
    writeFileSync(join(work, project, "package.json"), JSON.stringify({ private: true, type: "module" }));
    for (const file of FILES) cpSync(join(HERE, file), join(work, project, file), { recursive: true });
  }
}

/** Real servers on free ports. */
async function startServers() {
  const [redis, memcached] = [await freePort(), await freePort()];
  const sudo = process.getuid?.() === 0 ? ["-u", "root"] : [];
  const redisServer = start("redis-server", ["--port", `${redis}`, "--save", "", "--bind", "127.0.0.1"]);
  const memcachedServer = start("memcached", [...sudo, "-p", `${memcached}`, "-l", "127.0.0.1"]);
  return {
    redis: { url: `redis://127.0.0.1:${redis}`, pid: redisServer.pid },
    memcached: { address: `127.0.0.1:${memcached}`, pid: memcachedServer.pid },
    /** Servers of its own for a step that freezes them. */
    start: startServers,
  };
}

function start(command, argv, options = {}) {
  const child = spawn(command, argv, { ...options, stdio: "ignore", detached: true });
  child.on("error", (error) => console.log(`${command} does not start: ${error.message}`));
  running.add(child);
  child.on("exit", () => running.delete(child));
  return child;
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Runs a command to its end and returns what it printed, or throws the last lines of that. */
function run(command, argv, { signal, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, argv, { ...options, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    let printed = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (printed += text));
    signal?.addEventListener("abort", () => kill(child));
    child.on("error", reject);
    child.on("close", (code) => {
      running.delete(child);
      if (code === 0) resolve(printed.trim());
      else reject(new Error(`${[command, ...argv].join(" ")} ended with ${code}\n${printed.trim().slice(-3_000)}`));
    });
  });
}

/** Ends a process that this program started, and those that it started. */
function kill(child) {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}
