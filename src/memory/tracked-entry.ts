import type { Encoded } from "../driver/encoded.js";
import { Entry } from "./entry.js";
import type { TrackedNamespace } from "./tracked-namespace.js";

/** An entry of a tracked store, linked with its neighbours in the order of use and with entries that expire near it. */
export class TrackedEntry extends Entry {
  readonly namespace: TrackedNamespace;
  readonly key: string;
  /** The bytes of key and value. */
  size: number;
  /** The next more and the next less recently used entry. They form a ring: an entry outside of it links to itself. */
  newer: TrackedEntry = this;
  older: TrackedEntry = this;
  /** Its neighbours in a bucket of `Expirations`. */
  next: TrackedEntry | undefined = undefined;
  previous: TrackedEntry | undefined = undefined;

  constructor(namespace: TrackedNamespace, key: string, value: Encoded, size: number, expires: number | undefined) {
    super(value, expires);
    this.namespace = namespace;
    this.key = key;
    this.size = size;
  }
}
