import type { CallOptions } from "../driver/driver.js";
import { UnavailableError } from "../errors.js";
import { now, sleep } from "../net/clock.js";
import { ask } from "./commands/batch.js";
import { SCAN, type ScanPage } from "./commands/commands.js";
import type { Router } from "./routing/router.js";

/**
 * Lists every key that starts with the prefix, on every primary, in pages; a key may come twice. The cursor of a SCAN
 * means nothing on another connection or another node, so the SCAN of a node starts again after a reconnect, and all of
 * them start again after a slot has moved.
 */
export async function* scan(
  router: Router,
  prefix: string,
  timeout: number,
  options: CallOptions | undefined,
): AsyncGenerator<readonly Buffer[], void, void> {
  const match = `${escapeGlob(prefix)}*`;
  let primaries = await router.primaries();
  let version: number;
  do {
    version = router.version;
    for (const primary of primaries) {
      let cursor: string | undefined = "0";
      let progress = now();
      while (cursor !== undefined && router.version === version) {
        const { epoch } = primary;
        let keys: readonly Buffer[] = [];
        try {
          const page: ScanPage = await ask(
            (batch) => primary.send(batch),
            SCAN,
            { cursor, match },
            timeout,
            options?.signal,
          );
          progress = now();
          ({ cursor, keys } = page);
        } catch (error) {
          // After a lost connection the next one starts again, for as long as a round trip may take.
          const expired = now() - progress > timeout;
          if (router.closed || !(error instanceof UnavailableError) || error.down || expired) throw error;
          cursor = "0";
          await sleep(RETRY_DELAY);
        }
        yield keys;
        if (primary.epoch !== epoch) cursor = "0";
      }
    }
    primaries = await router.primaries();
  } while (router.version !== version);
}

/** The text as a pattern of Redis that matches nothing else. */
export function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]]/g, "\\$&");
}

/** How long to wait before a step that failed is repeated, in milliseconds. */
const RETRY_DELAY = 20;
