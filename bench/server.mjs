import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Starts a server on a free port of the loopback, and waits until it takes connections.
 *
 * @param {string} command
 * @param {(port: string) => readonly string[]} argumentsOf
 */
export async function startServer(command, argumentsOf) {
  const port = await freePort();
  const server = spawn(command, argumentsOf(String(port)), { stdio: "ignore" });
  const failed = once(server, "error").then(([error]) => Promise.reject(error));
  await Promise.race([failed, answers(port, command)]);
  return { port, stop: () => server.kill("SIGKILL") };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  return port;
}

async function answers(/** @type {number} */ port, /** @type {string} */ command) {
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
  throw new Error(`${command} did not start`);
}
