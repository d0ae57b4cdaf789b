import { vi } from "vitest";
import { exitsOf } from "../network/exit.js";
import { MEMCACHED } from "./subject.js";

vi.setConfig({ testTimeout: 120_000 });

exitsOf(MEMCACHED);
