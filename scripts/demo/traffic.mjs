// The demo's traffic, run while it is recorded: a ping, then the client's attempts.
// Arguments: the client's namespace and address, the server's namespace and address.
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { endWithChildren, mustRun, run } from "../run-command.mjs";
import { inside } from "./network.mjs";

const [client = "", , server = "", serverAddress = ""] = process.argv.slice(2);
/** @param {string} name */
const script = (name) => fileURLToPath(new URL(name, import.meta.url));

endWithChildren();
const [program, args] = inside(server, process.execPath, script("server.mjs"), serverAddress);
const listening = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
await Promise.race([once(listening.stdout, "data"), once(listening, "exit")]);
if (listening.exitCode !== null) throw new Error("the server did not start");

const ping = await run(...inside(client, "ping", "-n", "-c", "3", "-i", "0.2", "-W", "1", serverAddress));
const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(ping.stdout) ?? [];
console.log(
  `  ${"ping".padEnd(28)} ${sent === undefined ? ping.output.trim() : `${received} of ${sent} answered`}`,
);
process.stdout.write(await mustRun(...inside(client, process.execPath, script("client.mjs"), serverAddress)));

listening.stdin.end();
if (listening.exitCode === null) await once(listening, "exit");
