import { Link, type LinkOptions } from "./link.js";
import type { AnyRun } from "./run.js";
import { type Primary, retakeAnywhere, type Topology } from "./topology.js";

/** One server at a time: standalone, or the primary that Sentinels name. */
export class SingleTopology implements Topology {
  readonly version = 0;
  closed = false;
  readonly #link: Link;
  readonly #follows: boolean;

  /** @param follows - whether a READONLY server means that the primary is elsewhere by now. */
  constructor(options: LinkOptions, follows: boolean) {
    this.#link = new Link(options);
    this.#follows = follows;
  }

  connect(): Promise<void> {
    return this.#link.connect();
  }

  slotOf(): number {
    return 0;
  }

  send(run: AnyRun): void {
    this.#link.send(run);
  }

  retake(run: AnyRun, word: string): boolean {
    if (word === "READONLY" && this.#follows) this.#link.renew();
    return retakeAnywhere(run, word, (again) => this.#link.send(again));
  }

  async primaries(): Promise<readonly Primary[]> {
    return [this.#link];
  }

  close(): void {
    this.closed = true;
    this.#link.close();
  }
}
