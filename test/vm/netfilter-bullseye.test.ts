// Debian bullseye: 5.10.
import { testNetfilter } from "./support/netfilter.js";

await testNetfilter("bullseye");
