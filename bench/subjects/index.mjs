import { bentocache } from "./bentocache.mjs";
import { cacheManager } from "./cache-manager.mjs";
import { cacheable } from "./cacheable.mjs";
import { keyv } from "./keyv.mjs";
import { lruCache } from "./lru-cache.mjs";
import { namestore } from "./namestore.mjs";
import { unstorage } from "./unstorage.mjs";

/** Who is compared with the limit. */
export const subjects = [namestore, lruCache, cacheManager, keyv, unstorage, cacheable, bentocache];
