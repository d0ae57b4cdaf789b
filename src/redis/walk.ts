import { setTimeout as sleep } from "node:timers/promises";
import type { CallOptions } from "../driver/driver.js";
import { UnavailableError } from "../errors.js";
import { ask, type Page, SCAN } from "./kinds.js";
import type { Topology } from "./topology.js";

/** How long to wait before a step that failed is made again, in milliseconds. */
const PAUSE = 20;

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
): AsyncGenerator<readonly Buffer[], void, void> {
  const match = `${escapeGlob(prefix)}*`;
  let primaries = await topology.primaries();
  let version: number;
  do {
    version = topology.version;
    for (const primary of primaries) {
      let cursor: string | undefined = "0";
      let progress = performance.now();
      while (cursor !== undefined && topology.version === version) {
        const { epoch } = primary;
        let keys: readonly Buffer[] = [];
        try {
          const page: Page = await ask((run) => primary.send(run), SCAN, { cursor, match }, timeout, options?.signal);
          progress = performance.now();
          ({ cursor, keys } = page);
        } catch (error) {
          // The connection went: its successor starts again, for as long as a round trip may take.
          if (topology.closed || !(error instanceof UnavailableError) || performance.now() - progress > timeout)
            throw error;
          cursor = "0";
          await sleep(PAUSE);
        }
        yield keys;
        if (primary.epoch !== epoch) cursor = "0";
      }
    }
    primaries = await topology.primaries();
  } while (topology.version !== version);
}
