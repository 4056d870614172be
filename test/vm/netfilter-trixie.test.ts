// Debian trixie: 6.12.
import { testNetfilter } from "./support/netfilter.js";

await testNetfilter("trixie");
