import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../../src/client/client.js";
import { NamestoreError, type Outcome } from "../../src/errors.js";
import { eventually } from "./waiting.js";

export type Texts = Client<string, string>;

export interface LoadOptions {
  /** The driver's timeout in milliseconds. */
  readonly timeout: number;
  /** The number of workers. Each has one pending call. Default: 20. */
  readonly workers?: number;
  /** The number of counters, which the workers share. Default: 50. */
  readonly counters?: number;
  /** What every key starts with. Default: an empty string. */
  readonly prefix?: string;
}

/** The results that callers received for one counter. */
interface Counter {
  asked: number;
  /** Calls that failed with the outcome "not-applied". */
  refused: number;
  /** The sums that were returned. */
  readonly sums: number[];
}

/** The results of one worker for the key that it alone writes. */
interface Register {
  writes: number;
  acknowledged: string | undefined;
  /** Values that may still be applied, even after newer writes. */
  readonly unknown: Set<string>;
}

/** Workers that go on calling whatever happens to the server. {@link Load.problems} reports the invariants that were broken. */
export class Load {
  readonly #client: Texts;
  readonly #timeout: number;
  readonly #counters = new Map<string, Counter>();
  readonly #registers = new Map<string, Register>();
  readonly #workers: Promise<void>[];
  readonly #problems = new Set<string>();
  #stopped = false;
  /** Calls that succeeded. */
  succeeded = 0;
  /** Calls that failed, by code and outcome. */
  readonly failed: Record<string, number> = {};

  constructor(client: Texts, { timeout, workers = 20, counters = 50, prefix = "" }: LoadOptions) {
    this.#client = client;
    this.#timeout = timeout;
    for (let at = 0; at < counters; at++) {
      this.#counters.set(`${prefix}counter ${at}`, { asked: 0, refused: 0, sums: [] });
    }
    for (let at = 0; at < workers; at++) {
      this.#registers.set(`${prefix}register ${at}`, { writes: 0, acknowledged: undefined, unknown: new Set() });
    }
    this.#workers = [...this.#registers.keys()].map((register, at) => this.#work(register, at));
  }

  /** Waits until so many more calls have succeeded, and returns how long that took, in milliseconds. */
  async successes(count: number, limit = 20_000): Promise<number> {
    const goal = this.succeeded + count;
    const start = performance.now();
    while (this.succeeded < goal) {
      if (performance.now() - start > limit) {
        throw new Error(`fewer than ${count} successes within ${limit} ms: ${JSON.stringify(this.failed)}`);
      }
      await sleep(2);
    }
    return performance.now() - start;
  }

  /** Waits until so many more calls have failed. */
  async failures(count: number, limit = 20_000): Promise<void> {
    const sum = (): number => Object.values(this.failed).reduce((total, each) => total + each, 0);
    const goal = sum() + count;
    const start = performance.now();
    while (sum() < goal) {
      if (performance.now() - start > limit) throw new Error(`fewer than ${count} failures within ${limit} ms`);
      await sleep(2);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
  }

  /**
   * Stops, reads everything back, and returns a line for each invariant that was broken.
   *
   * @param kept - whether the server kept its data, so that every acknowledged write must be there.
   */
  async problems(kept: boolean, reader: Texts = this.#client): Promise<string[]> {
    await this.stop();
    const counts = await eventually("the counters", () => reader.mGet(this.#counters.keys()));
    for (const [key, { asked, refused, sums }] of this.#counters) {
      const count = Number(counts.get(key) ?? 0);
      if (count > asked) this.#problems.add(`${key} is ${count} after ${asked} calls: something was applied twice`);
      else if (count > asked - refused) this.#problems.add(`${key} is ${count}: something refused was applied`);
      if (kept && count < sums.length)
        this.#problems.add(`${key} is ${count} after ${sums.length} acknowledged calls: lost`);
      if (kept && new Set(sums).size < sums.length) this.#problems.add(`${key}: two callers received the same sum`);
    }
    const values = await eventually("the registers", () => reader.mGet(this.#registers.keys()));
    for (const [key, { acknowledged, unknown }] of this.#registers) {
      const value = values.get(key);
      if (!kept || value === acknowledged || (value !== undefined && unknown.has(value))) continue;
      this.#problems.add(
        `${key} is ${value} after ${acknowledged} was acknowledged: lost, or a refused write was applied`,
      );
    }
    return [...this.#problems];
  }

  async #work(register: string, from: number): Promise<void> {
    const counters = [...this.#counters.keys()];
    for (let at = from; !this.#stopped; at++) {
      await this.#increment(counters[at % counters.length] as string);
      await this.#write(register);
      await this.#read(register);
    }
  }

  async #increment(key: string): Promise<void> {
    const counter = this.#counters.get(key) as Counter;
    counter.asked++;
    const { value, outcome } = await this.#call(() => this.#client.incr(key));
    if (outcome === undefined) counter.sums.push(value as number);
    else if (outcome === "not-applied") counter.refused++;
  }

  async #write(key: string): Promise<void> {
    const register = this.#registers.get(key) as Register;
    const value = `${key}, ${++register.writes}`;
    const { outcome } = await this.#call(() => this.#client.set(key, value));
    if (outcome === undefined) register.acknowledged = value;
    else if (outcome === "unknown") register.unknown.add(value);
  }

  /** Finds replies that belong to other calls. */
  async #read(key: string): Promise<void> {
    const { value } = await this.#call(() => this.#client.find(key));
    if (value !== undefined && !value.startsWith(`${key}, `)) this.#problems.add(`${key} was read as ${value}`);
  }

  async #call<T>(call: () => Promise<T>): Promise<{ value?: T; outcome?: Outcome }> {
    const start = performance.now();
    try {
      const value = await call();
      this.succeeded++;
      return { value };
    } catch (error) {
      const { code, outcome } = error as { code?: string; outcome?: Outcome };
      const name = `${code} ${outcome}`;
      this.failed[name] = (this.failed[name] ?? 0) + 1;
      if (!(error instanceof NamestoreError) || outcome === undefined) {
        this.#problems.add(`a call failed with ${error}`);
        return { outcome: "unknown" };
      }
      // A closed port refuses at once. Without a pause the workers would do nothing else.
      await sleep(1);
      return { outcome };
    } finally {
      const took = performance.now() - start;
      if (took > this.#timeout + 1_000) this.#problems.add(`a call pended for ${Math.round(took)} ms`);
    }
  }
}
