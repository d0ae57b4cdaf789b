import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/**
 * Runs a file of this folder in a process of its own, so that nothing measured before weighs on it, and gives the one
 * message that it sends.
 *
 * @param {string} file
 * @param {readonly (string | number)[]} args
 * @param {number} heap - megabytes.
 * @returns {Promise<any>}
 */
export async function inChild(file, args, heap = 4_000) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args.map(String), {
    execArgv: ["--expose-gc", `--max-old-space-size=${heap}`],
  });
  const [answer] = await Promise.race([once(child, "message"), once(child, "exit")]);
  if (typeof answer === "number" || answer === null) throw new Error(`${file} ${args.join(" ")} ended with ${answer}`);
  return answer;
}
