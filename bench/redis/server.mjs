import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/** Starts a redis-server that keeps nothing on disk, on a free port of the loopback. */
export async function startRedis() {
  const { stdout } = await promisify(execFile)("redis-server", ["--version"]);
  const version = /v=(\S+)/.exec(stdout)?.[1];
  const port = await freePort();
  const arguments_ = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const server = spawn("redis-server", arguments_, { stdio: "ignore" });
  const failed = once(server, "error").then(([error]) => Promise.reject(error));
  await Promise.race([failed, answers(port)]);
  return { port, version, stop: () => server.kill("SIGKILL") };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  return port;
}

async function answers(/** @type {number} */ port) {
  for (let attempt = 0; attempt < 200; attempt++) {
    const socket = connect(port, "127.0.0.1");
    const connected = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "error").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (connected) return;
    await sleep(25);
  }
  throw new Error("redis-server did not start");
}
