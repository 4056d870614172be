// Debian sid: the newest kernel.
import { testKernel } from "./support/truth.js";

await testKernel("sid");
