import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { startServer } from "../server.mjs";

/** Starts a redis-server that keeps nothing on disk, on a free port of the loopback. */
export async function startRedis() {
  const { stdout } = await promisify(execFile)("redis-server", ["--version"]);
  const version = /v=(\S+)/.exec(stdout)?.[1];
  const keepsNothing = ["--save", "", "--appendonly", "no"];
  const server = await startServer("redis-server", (port) => ["--port", port, "--bind", "127.0.0.1", ...keepsNothing]);
  return { ...server, version };
}
