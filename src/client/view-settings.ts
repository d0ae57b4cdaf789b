import type { Codec } from "../codec/codec.js";
import type { Lifetime } from "./lifetime.js";
import type { SharedState } from "./shared-state.js";

/** What a client passes to the constructor of a view or sibling. Being a class tells it from the options of a user. */
export class ViewSettings<TValue> {
  constructor(
    readonly state: SharedState,
    readonly parent: Lifetime,
    readonly codec: Codec<TValue>,
  ) {}
}
