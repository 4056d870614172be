// Debian sid: the newest kernel.
import { testNetfilter } from "./support/netfilter.js";

await testNetfilter("sid");
