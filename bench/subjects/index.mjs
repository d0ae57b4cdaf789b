import { bentocache } from "./bentocache.mjs";
import { cacheManager } from "./cache-manager.mjs";
import { cacheable } from "./cacheable.mjs";
import { keyv } from "./keyv.mjs";
import { lruCache } from "./lru-cache.mjs";
import { map } from "./map.mjs";
import { bounded, namestore, swept } from "./namestore.mjs";
import { unstorage } from "./unstorage.mjs";

/**
 * Who is compared with the limit.
 *
 * @type {readonly import("./subject.mjs").Subject[]}
 */
export const subjects = [namestore, lruCache, cacheManager, keyv, unstorage, cacheable, bentocache];

/** The subject of this name, for a child that gets no more than the name. */
export function named(/** @type {string} */ name) {
  const subject = [...subjects, bounded, swept, map].find((subject) => subject.name === name);
  if (subject === undefined) throw new Error(`--subjects takes ${subjects.map(({ name }) => name).join(", ")}`);
  return subject;
}
