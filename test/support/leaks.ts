import { inspect } from "node:util";

/**
 * Every text that an error or another object lets out: messages, stacks, causes, own properties of any kind,
 * elements, bytes read as text, and so on down.
 */
export function everythingIn(thing: unknown): string {
  const texts: string[] = [];
  const seen = new Set<unknown>();
  const visit = (part: unknown): void => {
    if (typeof part === "string") texts.push(part);
    if (typeof part === "symbol") texts.push(String(part));
    if ((typeof part !== "object" && typeof part !== "function") || part === null || seen.has(part)) return;
    seen.add(part);
    if (part instanceof Uint8Array) texts.push(Buffer.from(part).toString("latin1"));
    if (part instanceof Map || part instanceof Set) for (const inner of part) visit(inner);
    for (const property of Reflect.ownKeys(part)) {
      visit(property);
      visit(Reflect.get(part, property));
    }
  };
  visit(thing);
  texts.push(inspect(thing, { depth: 20, showHidden: true }));
  return texts.join("\n");
}
