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

/**
 * Refuses an option that is there and `undefined`, as from an environment variable that is not set: its default would
 * lead elsewhere without a word.
 *
 * @throws InvalidArgumentError that names the option.
 */
export function refuseUndefined(options: object, names: readonly string[]): void {
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined || !names.includes(name)) continue;
    throw new InvalidArgumentError(`${name} is undefined; allowed is a value, or to leave it out for the default`);
  }
}
