import type { CallOptions } from "../driver/driver.js";
import { RAW } from "./kinds.js";
import type { Argument, Reply } from "./protocol.js";
import { type Route, Run } from "./run.js";
import type { Primary, Topology } from "./topology.js";

/** How many keys the server looks at in one step. */
const COUNT = "1000";

const NOWHERE: Route = { send() {}, retake: () => false };

/** A text as a pattern of Redis's that only it matches. */
export function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]]/g, "\\$&");
}

/**
 * Every key that starts with the prefix, on every primary, in batches; some may come twice. A SCAN's cursor means
 * nothing on another connection or another node, so after a reconnect it starts again there, and after a change of
 * the slots everywhere.
 */
export async function* walk(
  topology: Topology,
  prefix: string,
  timeout: number,
  options: CallOptions | undefined,
): AsyncGenerator<Buffer[], void, void> {
  const match = `${escapeGlob(prefix)}*`;
  let version: number;
  do {
    version = topology.version;
    for (const primary of await topology.primaries()) {
      let cursor: string | undefined = "0";
      while (cursor !== undefined && topology.version === version) {
        const { epoch } = primary;
        const command = ["SCAN", cursor, "MATCH", match, "COUNT", COUNT];
        const [next, keys] = (await ask(primary, command, timeout, options)) as [Buffer | string, Buffer[]];
        yield keys;
        if (primary.epoch !== epoch) cursor = "0";
        else cursor = String(next) === "0" ? undefined : String(next);
      }
    }
  } while (topology.version !== version);
}

function ask(primary: Primary, command: Argument[], timeout: number, options: CallOptions | undefined): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const call = { key: "", payload: command, signal: options?.signal, resolve, reject };
    primary.send(new Run(RAW, 0, performance.now() + timeout, NOWHERE, [call]));
  });
}
