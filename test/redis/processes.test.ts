import { vi } from "vitest";
import { racesOf } from "../network/processes.js";
import { REDIS } from "./subject.js";

vi.setConfig({ testTimeout: 180_000 });

racesOf(REDIS);
