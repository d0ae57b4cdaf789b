import { outagesOf } from "../network/outages.js";
import { REDIS } from "./subject.js";

outagesOf(REDIS);
