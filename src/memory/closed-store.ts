import { UnavailableError } from "../errors.js";
import type { Store } from "./store.js";

/** The store of a closed driver: every call fails. So an open store need not check whether it is closed. */
export class ClosedStore implements Store {
  read(): never {
    throw closedError();
  }
  peek(): never {
    throw closedError();
  }
  write(): never {
    throw closedError();
  }
  writeAll(): never {
    throw closedError();
  }
  rewrite(): never {
    throw closedError();
  }
  remove(): never {
    throw closedError();
  }
  keys(): never {
    throw closedError();
  }
  clear(): never {
    throw closedError();
  }
  stats(): never {
    throw closedError();
  }
  close(): void {}
}

function closedError(): UnavailableError {
  return new UnavailableError("the memory driver is closed", { outcome: "not-applied" });
}
