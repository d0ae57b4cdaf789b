import { outagesOf } from "../network/outages.js";
import { MEMCACHED } from "./subject.js";

outagesOf(MEMCACHED);
