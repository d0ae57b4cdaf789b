import type { KnipConfig } from "knip";
import { entries } from "./entries.mjs";

const config: KnipConfig = {
  entry: [...entries.map(({ source }) => source), "test/types/**/*.test-d.ts"],
  project: ["src/**/*.ts", "test/**/*.ts"],
  ignoreExportsUsedInFile: true,
};

export default config;
