import { vi } from "vitest";
import { outagesOf } from "../network/outages.js";
import { MEMCACHED } from "./subject.js";

vi.setConfig({ testTimeout: 120_000 });

outagesOf(MEMCACHED);
