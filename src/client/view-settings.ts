import type { Codec } from "../codec/codec.js";
import type { Lifetime } from "./lifetime.js";
import type { SharedState } from "./shared-state.js";

/** What a client passes to the constructor of its views and siblings. It is a class so that users' options are never mistaken for it. */
export class ViewSettings<TValue> {
  constructor(
    readonly state: SharedState,
    readonly parent: Lifetime,
    readonly codec: Codec<TValue>,
  ) {}
}
