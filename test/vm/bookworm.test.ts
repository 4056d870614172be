// Debian bookworm: 6.1.
import { testKernel } from "./support/truth.js";

await testKernel("bookworm");
