import { InvalidArgumentError } from "../errors.js";
import { quote } from "./describe.js";

/**
 * Refuses options with an unknown name: a misspelled option would be ignored without a word.
 *
 * @throws InvalidArgumentError that names the option.
 */
export function refuseUnknown(options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new InvalidArgumentError(`there is no option ${quote(unknown)}; allowed are ${known.join(", ")}`);
}
