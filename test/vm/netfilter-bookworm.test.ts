// Debian bookworm: 6.1.
import { testNetfilter } from "./support/netfilter.js";

await testNetfilter("bookworm");
