import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Starts a memcached with so many megabytes on a free port of the loopback. */
export async function startMemcached(megabytes = 1_024) {
  const port = await freePort();
  const user = process.getuid?.() === 0 ? ["-u", "root"] : [];
  const memory = ["-m", String(megabytes)];
  const server = spawn("memcached", ["-l", "127.0.0.1", "-p", String(port), "-U", "0", ...memory, ...user], {
    stdio: "ignore",
  });
  const failed = once(server, "error").then(([error]) => Promise.reject(error));
  await Promise.race([failed, answers(port)]);
  return { port, stop: () => server.kill("SIGKILL") };
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
  throw new Error("memcached did not start");
}
