import * as assert from "./assert.js";
import type { DriverPool } from "./driver-pool.js";
import { newScope } from "./scope.js";
import type { Facts } from "./suite.js";
import { withinLimit } from "./time-limit.js";

/** What has to work before any case makes sense. It runs once, before the first case, whichever that is. */
export class BasicCheck {
  readonly #drivers: DriverPool;
  readonly #facts: Facts;
  #result: Promise<void> | undefined;

  constructor(drivers: DriverPool, facts: Facts) {
    this.#drivers = drivers;
    this.#facts = facts;
  }

  /** Opens the driver, sets a key, gets it and deletes it. */
  run(): Promise<void> {
    this.#result ??= this.#check();
    return this.#result;
  }

  /** Rejects with the same short message for every case if the check has failed. */
  async passed(): Promise<void> {
    try {
      await this.run();
    } catch (reason) {
      const why = reason instanceof Error ? reason.message : assert.show(reason);
      throw new Error(`the basic check failed: ${why}`, { cause: reason });
    }
  }

  async #check(): Promise<void> {
    let pending = (): string => "open";
    const work = async (): Promise<void> => {
      const recorded = await this.#drivers.forCase();
      pending = () => recorded.pending;
      const { client } = newScope(recorded.driver, this.#facts, this.#drivers.another);
      await client.set("key", "value");
      const value = await client.find("key");
      assert.equal(value, "value", `set stored "value", and get returned ${assert.show(value)}`);
      await client.delete("key");
      assert.ok(!(await client.exists("key")), "the key still exists after delete");
      await this.#drivers.tidyUp(recorded);
    };
    await withinLimit(this.#facts.caseLimit, work, () => pending());
  }
}
