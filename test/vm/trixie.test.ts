// Debian trixie: 6.12.
import { testKernel } from "./support/truth.js";

await testKernel("trixie");
