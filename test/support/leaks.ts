import { inspect } from "node:util";

/**
 * Returns every string that an error or another object reveals, at any depth: messages, stacks, causes, own properties of
 * any kind, elements, and bytes read as Latin-1.
 */
export function everythingIn(thing: unknown): string {
  const strings: string[] = [];
  const seen = new Set<unknown>();
  const visit = (part: unknown): void => {
    if (typeof part === "string") strings.push(part);
    if (typeof part === "symbol") strings.push(String(part));
    if ((typeof part !== "object" && typeof part !== "function") || part === null || seen.has(part)) return;
    seen.add(part);
    if (part instanceof Uint8Array) strings.push(Buffer.from(part).toString("latin1"));
    if (part instanceof Map || part instanceof Set) for (const inner of part) visit(inner);
    for (const property of Reflect.ownKeys(part)) {
      visit(property);
      visit(Reflect.get(part, property));
    }
  };
  visit(thing);
  strings.push(inspect(thing, { depth: 20, showHidden: true }));
  return strings.join("\n");
}
