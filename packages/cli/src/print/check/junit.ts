// The report of a check as JUnit XML, as CI systems read it: https://github.com/testmoapp/junitxml
import { escapeText } from "../escape.js";
import { nearestLines } from "./nearest-lines.js";
import { type CheckReport, countsOf, type PlacedResult } from "./report.js";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Text in XML, which allows no control characters and no halves of surrogate pairs. */
function xml(text: string): string {
  return escapeText(text)
    .replace(/[\ud800-\udfff\ufffe\uffff]/gu, "\ufffd")
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** The whole document. What cannot be told is an error: it is no success. */
export function junitXml(report: CheckReport): string {
  const { fail, unknown } = countsOf(report);
  const { results, recording, expectations } = report;
  const counts = `tests="${results.length}" failures="${fail}" errors="${unknown}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="skbtracer check" ${counts}>`,
    `  <testsuite name="${xml(expectations)}" ${counts} skipped="0">`,
    "    <properties>",
    `      <property name="recording" value="${xml(recording)}"/>`,
    "    </properties>",
    ...results.flatMap((result) => testcase(result, expectations)),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function testcase(result: PlacedResult, file: string): string[] {
  const { name, line, verdict, reasons, nearest } = result;
  const head = `    <testcase name="${xml(name)}" classname="${xml(file)}" file="${xml(file)}" line="${line}"`;
  if (verdict === "pass") return [`${head}/>`];
  const [element, type] = verdict === "fail" ? ["failure", "fail"] : ["error", "cannot tell"];
  const details = [
    ...reasons,
    ...(nearest ? ["nearest:", ...nearestLines(nearest).map(({ text }) => text)] : []),
  ];
  return [
    `${head}>`,
    `      <${element} type="${type}" message="${xml(reasons[0] ?? "")}">`,
    ...details.map(xml),
    `      </${element}>`,
    "    </testcase>",
  ];
}
