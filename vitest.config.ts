import { defineConfig } from "vitest/config";

/** These run the real command some hundreds of times. */
const ANSWERS = [
  "test/answers.test.ts",
  "test/check.test.ts",
  "test/ci-example.test.ts",
  "test/cookbook.test.ts",
  "test/expectations-doc.test.ts",
  "test/slice.test.ts",
];

export default defineConfig({
  test: {
    // A virtual machine is mostly one busy core.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "unit",
          include: ["packages/*/test/**/*.test.ts", "test/*.test.ts"],
          exclude: ANSWERS,
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "answers",
          include: ANSWERS,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "native",
          include: ["test/native/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "vm",
          include: ["test/vm/**/*.test.ts"],
          // Each guest has a timeout of its own, and some are run again.
          testTimeout: 2_000_000,
          hookTimeout: 2_000_000,
        },
      },
    ],
  },
});
