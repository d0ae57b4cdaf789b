import type { Driver } from "../driver/driver.js";
import type { Supports } from "../driver/supports.js";
import { NotSupportedError } from "../errors.js";
import * as assert from "./assert.js";
import { collect, rejects } from "./assertions.js";
import { concurrentMSets } from "./concurrent-m-sets.js";
import type { Scope } from "./scope.js";
import type { Needs } from "./suite.js";

/** Runs in place of a case that needs what the driver does not support: it checks that the driver says so. */
export async function assertUnsupported(scope: Scope, missing: Needs): Promise<void> {
  for (const feature of missing) await checks[feature](scope);
}

/** Returns which of a case's needs the driver declares as unsupported. */
export function unsupportedBy(driver: Driver, needs: Needs): Needs {
  return needs.filter((feature) => driver.supports?.[feature] === false);
}

/** What has to hold for a driver that declares `false`. */
const checks: Readonly<Record<keyof Supports, (scope: Scope) => Promise<void>>> = {
  async scan({ client }) {
    await client.set("key", "value");
    await rejects(() => client.keys(), NotSupportedError, "keys");
    await rejects(() => collect(client.scan()), NotSupportedError, "scan");
    assert.equal(await client.get("key"), "value");
  },

  async clear({ client }) {
    await client.set("key", "value");
    await rejects(() => client.clear(), NotSupportedError, "clear");
    assert.equal(await client.get("key"), "value");
  },

  async atomicMSet({ client }) {
    const values = await concurrentMSets(client);
    assert.equal(values.length, 20, `mSet stored ${values.length} of 20 keys`);
    for (const value of values) assert.match(value, /^\d$/);
  },
};
