import { vi } from "vitest";
import { racesOf } from "../network/processes.js";
import { MEMCACHED } from "./subject.js";

vi.setConfig({ testTimeout: 180_000 });

racesOf(MEMCACHED);
