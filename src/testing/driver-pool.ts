import type { Driver } from "../driver/driver.js";
import { RecordedDriver } from "./recorded-driver.js";
import type { Subject } from "./subject.js";

/** The drivers of one run of the suite: the first case opens one for all, which is closed after the last. */
export class DriverPool {
  readonly #subject: Subject;
  readonly #recorded = new Set<RecordedDriver>();
  #driver: Promise<Driver> | undefined;

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  /** The driver of all cases, which records what one case does with it. */
  async forCase(): Promise<RecordedDriver> {
    this.#driver ??= this.another();
    const recorded = new RecordedDriver(await this.#driver);
    this.#recorded.add(recorded);
    return recorded;
  }

  /** Removes what a case that has ended has stored. */
  async tidyUp(recorded: RecordedDriver): Promise<void> {
    await recorded.deleteAll();
    this.#recorded.delete(recorded);
  }

  /** Another driver, which the caller has to close. */
  readonly another = async (): Promise<Driver> => await this.#subject.open();

  /** Closes the driver, after it has removed what cases that did not end in time have stored. */
  async close(): Promise<void> {
    const driver = await this.#driver;
    await Promise.all([...this.#recorded].map((recorded) => this.tidyUp(recorded)));
    await driver?.close?.();
  }
}
