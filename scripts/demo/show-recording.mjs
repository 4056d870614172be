// Shows a recording to a newcomer: what is in it, some of its events, and what became of its packets.
import { styled } from "../terminal.mjs";
import { COMMAND, skbtracer } from "./cli.mjs";
import { flowsOf, mergeClients } from "./flows.mjs";
import { storyLines } from "./story.mjs";

/** @typedef {{ title: string, args: string[] }} View a call of replay, and what it shows */

/** @param {string} text */
export function heading(text) {
  console.log(`\n${styled("bold", text)}`);
}

/**
 * @param {string} file
 * @param {readonly View[]} views
 * @returns {Promise<import("./flows.mjs").Flow[]>} what was told
 */
export async function showRecording(file, views) {
  heading("What is in the recording");
  showCommand("info", file);
  const info = await skbtracer("info", file);
  // Below the first rows it lists the probes, one by one.
  for (const line of info.split("\n").filter((row) => /^\w/.test(row))) console.log(`  ${line}`);

  for (const { title, args } of views) {
    heading(title);
    showCommand("replay", file, ...args);
    const lines = (await skbtracer("replay", file, ...args)).trimEnd().split("\n");
    const events = lines.filter((line) => !line.startsWith(" "));
    for (const line of events) console.log(/[:.]DROP /.test(line) ? styled("red", line) : line);
    if (events.length < lines.length) console.log(styled("dim", "(kernel stacks of drops left out)"));
  }

  heading("What happened to the packets");
  /** @type {{ namespaces: { inode: number, name?: string }[], probes: { type: string, status: string }[] }} */
  const { namespaces, probes } = JSON.parse(await skbtracer("info", file, "--json"));
  const names = new Map(namespaces.map(({ inode, name }) => [inode, name?.replace(/^skbt-\d+-/, "")]));
  const lines = (await skbtracer("replay", file, "--json", "--iptable", "--lifecycle")).split("\n");
  const endsKnown = probes.some(({ type, status }) => status === "attached" && type !== "raw_tracepoint");
  const flows = flowsOf(
    lines.filter(Boolean).map((line) => JSON.parse(line)),
    endsKnown,
  );
  for (const line of storyLines(mergeClients(flows), (netns) => names.get(netns) ?? `namespace ${netns}`))
    console.log(line);
  return flows;
}

/**
 * Shows what to type.
 * @param {...string} args
 */
export function showCommand(...args) {
  console.log(styled("dim", `$ ${COMMAND} ${args.join(" ")}`));
}

/**
 * Says what to try next.
 * @param {readonly (readonly [args: string, what: string])[]} commands
 */
export function suggest(commands) {
  const width = Math.max(...commands.map(([args]) => args.length));
  for (const [args, what] of commands)
    console.log(`  ${COMMAND} ${args.padEnd(width)}  ${styled("dim", what)}`);
}
