import { UnavailableError } from "../errors.js";
import type { Store } from "./store.js";

/** What a closed driver has for a store: open ones so need not ask at every call. */
export class ClosedStore implements Store {
  read(): never {
    throw closed();
  }
  peek(): never {
    throw closed();
  }
  write(): never {
    throw closed();
  }
  writeAll(): never {
    throw closed();
  }
  rewrite(): never {
    throw closed();
  }
  remove(): never {
    throw closed();
  }
  keys(): never {
    throw closed();
  }
  clear(): never {
    throw closed();
  }
  stats(): never {
    throw closed();
  }
  close(): void {}
}

function closed(): UnavailableError {
  return new UnavailableError("the memory driver is closed", { outcome: "not-applied" });
}
