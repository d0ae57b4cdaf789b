import { startServer } from "../server.mjs";

/** Starts a memcached with so many megabytes on a free port of the loopback. */
export function startMemcached(megabytes = 1_024) {
  const user = process.getuid?.() === 0 ? ["-u", "root"] : [];
  const memory = ["-m", String(megabytes)];
  return startServer("memcached", (port) => ["-l", "127.0.0.1", "-p", port, "-U", "0", ...memory, ...user]);
}
