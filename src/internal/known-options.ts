import { InvalidArgumentError } from "../errors.js";
import { quote } from "./describe.js";

/** @throws InvalidArgumentError where an option has a name that means nothing: misspelt, it would be ignored in silence. */
export function refuseUnknown(options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new InvalidArgumentError(`there is no option ${quote(unknown)}; allowed are ${known.join(", ")}`);
}
