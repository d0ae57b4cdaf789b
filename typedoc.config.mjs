import { entries } from "./entries.mjs";

/** @type {Partial<import("typedoc").TypeDocOptions>} */
export default {
  name: "namestore",
  entryPoints: entries.map(({ source }) => source),
  out: "docs/api",
  readme: "README.md",
  excludePrivate: true,
  excludeInternal: true,
  hideGenerator: true,
  disableSources: true,
  skipErrorChecking: true,
  intentionallyNotExported: ["src/client/options.ts:ClientArguments", "src/client/client.ts:Missing"],
  treatWarningsAsErrors: true,
};
