// Debian bullseye: 5.10.
import { testKernel } from "./support/truth.js";

await testKernel("bullseye");
