import { describe, expectTypeOf, it } from "vitest";
import {
  type Awaitable,
  addCounter,
  type CallOptions,
  Client,
  type Driver,
  type Duration,
  type Encoded,
  ForwardingDriver,
  type Logger,
  MemoryDriver,
  type MemoryOptions,
  type MemoryStats,
  type Pattern,
  parseCounter,
  type Supports,
  sameBytes,
  toBytes,
  toText,
} from "../../src/index.js";

/** Returns results directly, and declares no more parameters than it needs. */
class AtOnce implements Driver {
  readonly name = "at-once";
  get(_prefix: string, _key: string): string | undefined {
    return undefined;
  }
  set(): void {}
  setNX(): boolean {
    return true;
  }
  delete(): boolean {
    return true;
  }
  exists(): boolean {
    return true;
  }
  mGet(_prefix: string, keys: readonly string[]): undefined[] {
    return keys.map(() => undefined);
  }
  mSet(): void {}
  mDel(): number {
    return 0;
  }
  ttl(): number | undefined {
    return undefined;
  }
  expire(): boolean {
    return false;
  }
  persist(): boolean {
    return false;
  }
  incr(): number {
    return 1;
  }
  getSet(): Encoded | undefined {
    return undefined;
  }
  compareAndSwap(): boolean {
    return false;
  }
  compareAndDelete(): boolean {
    return false;
  }
  async *scan(_prefix: string, _pattern: Pattern): AsyncGenerator<readonly string[]> {}
  clear(): void {}
}

/** Returns promises. */
class Later implements Driver {
  readonly name: string = "later";
  async get(_prefix: string, _key: string, _options?: CallOptions): Promise<Uint8Array | undefined> {
    return undefined;
  }
  async set(_prefix: string, _key: string, _value: Encoded, _ttl: number, _options?: CallOptions): Promise<void> {}
  async setNX(): Promise<boolean> {
    return true;
  }
  async delete(): Promise<boolean> {
    return true;
  }
  async exists(): Promise<boolean> {
    return true;
  }
  async mGet(): Promise<(Encoded | undefined)[]> {
    return [];
  }
  async mSet(_prefix: string, _entries: readonly (readonly [string, Encoded])[]): Promise<void> {}
  async mDel(): Promise<number> {
    return 0;
  }
  async ttl(): Promise<number | undefined> {
    return undefined;
  }
  async expire(): Promise<boolean> {
    return false;
  }
  async persist(): Promise<boolean> {
    return false;
  }
  async incr(_prefix: string, _key: string, delta: number, _ttl: number): Promise<number> {
    return delta;
  }
  async getSet(_p: string, _k: string, _value: Encoded, _ttl: number, _keep: boolean): Promise<Encoded | undefined> {
    return undefined;
  }
  async compareAndSwap(): Promise<boolean> {
    return false;
  }
  async compareAndDelete(): Promise<boolean> {
    return false;
  }
  scan(): AsyncIterable<string[]> {
    return { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }) };
  }
  async clear(): Promise<void> {}
  async close(): Promise<void> {}
}

describe("a driver", () => {
  it("may return results, promises, or either", () => {
    void new Client("a", "b", { driver: new AtOnce() });
    void new Client("a", "b", { driver: new Later() });
    void new Client("a", "b", { driver: new MemoryDriver() });
    expectTypeOf<MemoryDriver>().toExtend<Driver>();
    expectTypeOf<ReturnType<Driver["exists"]>>().toEqualTypeOf<Awaitable<boolean>>();
    expectTypeOf<Awaitable<boolean>>().toEqualTypeOf<boolean | Promise<boolean>>();
  });

  it("has every method, but close is optional", () => {
    const { clear: _clear, ...without } = new MemoryDriver() as Driver;
    // @ts-expect-error clear is missing
    void new Client("a", "b", { driver: without });
    expectTypeOf<undefined>().toExtend<Driver["close"]>();
  });

  it("returns the types of the contract", () => {
    class Null extends AtOnce implements Driver {
      // @ts-expect-error a miss is undefined, not null
      override get(): null {
        return null;
      }
    }
    class Text extends Later implements Driver {
      // @ts-expect-error a counter is a number
      override async incr(): Promise<string> {
        return "1";
      }
    }
    void Null;
    void Text;
  });

  it("of memory returns results directly", () => {
    const driver = new MemoryDriver();
    expectTypeOf(driver.get("a:b:", "k")).toEqualTypeOf<Encoded | undefined>();
    expectTypeOf(driver.incr("a:b:", "k", 1, 0)).toEqualTypeOf<number>();
    expectTypeOf<MemoryDriver["name"]>().toEqualTypeOf<"memory">();
  });

  it("of memory accepts bounds and an interval, each of which may be undefined", () => {
    expectTypeOf<ConstructorParameters<typeof MemoryDriver>>().toEqualTypeOf<[options?: MemoryOptions]>();
    expectTypeOf<MemoryOptions>().toEqualTypeOf<{
      maxEntries?: number | undefined;
      maxBytes?: number | undefined;
      sweepInterval?: Duration | undefined;
    }>();
    // @ts-expect-error a unit that does not exist
    void new MemoryDriver({ sweepInterval: "1y" });
    // @ts-expect-error no such option
    void new MemoryDriver({ max: 5 });
  });

  it("of memory has statistics in total and for each namespace", () => {
    expectTypeOf<ReturnType<MemoryDriver["stats"]>>().toEqualTypeOf<MemoryStats>();
    expectTypeOf<Exclude<keyof MemoryStats, "namespaces">>().toEqualTypeOf<
      "entries" | "bytes" | "hits" | "misses" | "evictions" | "expirations"
    >();
    expectTypeOf<MemoryStats["namespaces"]>().toEqualTypeOf<ReadonlyMap<string, Omit<MemoryStats, "namespaces">>>();
    expectTypeOf<MemoryStats["hits"]>().toEqualTypeOf<number>();
  });
});

describe("a ForwardingDriver", () => {
  it("is a driver with every member of the contract", () => {
    expectTypeOf<ForwardingDriver>().toExtend<Driver>();
    expectTypeOf<keyof Driver>().toExtend<keyof ForwardingDriver>();
    expectTypeOf<ConstructorParameters<typeof ForwardingDriver>>().toEqualTypeOf<[inner: Driver]>();
  });

  it("leaves optional methods optional", () => {
    expectTypeOf<undefined>().toExtend<ForwardingDriver["close"]>();
  });

  it("lets a subclass override single methods by the contract", () => {
    class Reading extends ForwardingDriver {
      override async get(prefix: string, key: string, options?: CallOptions): Promise<Encoded | undefined> {
        return await super.get(prefix, key, options);
      }
    }
    void new Client("a", "b", { driver: new Reading(new MemoryDriver()) });
    class Null extends ForwardingDriver {
      // @ts-expect-error a miss is undefined, not null
      override async getSet(): Promise<null> {
        return null;
      }
    }
    void Null;
  });

  it("shows the inner driver to subclasses only", () => {
    // @ts-expect-error it is protected
    void new ForwardingDriver(new MemoryDriver()).inner;
  });
});

describe("what a driver supports", () => {
  it("is data, each member of which may be absent", () => {
    expectTypeOf<Driver["supports"]>().toEqualTypeOf<Supports | undefined>();
    expectTypeOf<Required<Supports>>().toEqualTypeOf<{
      readonly scan: boolean | undefined;
      readonly clear: boolean | undefined;
      readonly atomicMSet: boolean | undefined;
    }>();
    // @ts-expect-error a misspelt member
    const misspelt: Supports = { atomicMset: false };
    void misspelt;
  });
});

describe("the helpers of driver authors", () => {
  it("accept and return encoded values", () => {
    expectTypeOf<Encoded>().toEqualTypeOf<string | Uint8Array>();
    expectTypeOf(toBytes).toEqualTypeOf<(value: Encoded) => Uint8Array>();
    expectTypeOf(toText).toEqualTypeOf<(value: Encoded) => string>();
    expectTypeOf(sameBytes).toEqualTypeOf<(a: Encoded, b: Encoded) => boolean>();
    expectTypeOf(parseCounter).toEqualTypeOf<(value: Encoded) => number>();
    expectTypeOf(addCounter).toEqualTypeOf<(count: number, delta: number) => number>();
  });

  it("include the type of a pattern, with its source, prefix and match", () => {
    expectTypeOf<Pattern["source"]>().toEqualTypeOf<string>();
    expectTypeOf<Pattern["prefix"]>().toEqualTypeOf<string>();
    expectTypeOf<Pattern["matches"]>().toEqualTypeOf<(key: string) => boolean>();
  });
});

describe("a logger", () => {
  /** As pino declares its methods. */
  interface PinoLog {
    <T>(object: T, message?: string, ...args: unknown[]): void;
    (message: string, ...args: unknown[]): void;
  }
  interface Pino {
    level: string;
    debug: PinoLog;
    info: PinoLog;
    warn: PinoLog;
    error: PinoLog;
    fatal: PinoLog;
  }
  /** As winston declares its methods. */
  interface WinstonLog {
    (message: string, callback: () => void): Winston;
    (message: string, meta: unknown, callback: () => void): Winston;
    (message: string, ...meta: unknown[]): Winston;
    (message: unknown): Winston;
    (infoObject: object): Winston;
  }
  interface Winston {
    debug: WinstonLog;
    info: WinstonLog;
    warn: WinstonLog;
    error: WinstonLog;
  }

  it("may be the console, a pino logger or a winston logger", () => {
    expectTypeOf<Console>().toExtend<Logger>();
    expectTypeOf<Pino>().toExtend<Logger>();
    expectTypeOf<Winston>().toExtend<Logger>();
    void new Client("a", "b", { logger: console });
  });

  it("may return promises", () => {
    const write = async (_message: string): Promise<void> => {};
    const logger: Logger = { debug: write, info: write, warn: write, error: write };
    void logger;
  });

  it("has all four levels, each of one string", () => {
    const log = (_message: string): void => {};
    // @ts-expect-error
    const three: Logger = { debug: log, info: log, warn: log };
    void three;
    // @ts-expect-error
    const numbers: Logger = { debug: log, info: log, warn: log, error: (_level: number) => {} };
    void numbers;
  });
});
