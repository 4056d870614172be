// Programs that make and count packets, and what they say of them.
import { existsSync } from "node:fs";

import { run, type Running, until } from "./cli.js";
import type { Side } from "./network.js";

/** Echo requests sent and replies received, by ping's own report. */
export function pingReport(output: string): { sent: number; received: number } {
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(output) ?? [];
  return { sent: Number(sent), received: Number(received) };
}

/** A server that reads what it is sent until the end, on a TCP port and a UDP port. */
export async function startServer(side: Side, tcpPort: number, udpPort: number): Promise<Running> {
  const program = `
    const { createServer } = require("node:net"), { createSocket } = require("node:dgram");
    createServer((socket) => socket.resume()).listen(${tcpPort}, "::", () =>
      createSocket({ type: "udp6" }).bind(${udpPort}, "::", () => console.log("ready")));`;
  const server = side.start(process.execPath, "-e", program);
  await new Promise<void>((resolve, reject) => {
    server.process.stdout?.once("data", () => resolve());
    server.ended.then(({ stderr }) => reject(new Error(stderr)), reject);
  });
  return server;
}

/** tcpdump, writing what passes a side's device to a file. */
export async function startTcpdump(side: Side, file: string): Promise<Running> {
  // Few bytes of each packet, so that its buffer holds many; as root, so that it may write to the file.
  const flags = ["-Z", "root", "-s", "128", "-U", "--immediate-mode"];
  const dump = side.start("tcpdump", "-i", side.device, ...flags, "-w", file);
  // The file's header is written when the capture is open.
  await until(() => existsSync(file));
  return dump;
}

/** Packets in a capture that fit an expression, by tcpdump. */
export async function countCaptured(file: string, expression: string): Promise<number> {
  const { code, stdout, stderr } = await run("tcpdump", ["-n", "-r", file, "--count", expression]);
  if (code !== 0) throw new Error(stderr);
  return Number(/(\d+) packets?/.exec(stdout)?.[1]);
}

/** A line of bash that sends datagrams, one after another. */
export function sendDatagrams(address: string, port: number, count: number): string {
  // A refused one shows as an error of the next write.
  return `for i in $(seq ${count}); do echo $i > /dev/udp/${address}/${port}; done 2> /dev/null; true`;
}

/** A command that sends Ethernet frames as they are, given in hexadecimal, from a device. Perl is part of every Debian. */
export function sendFrames(device: string, frames: readonly string[]): string[] {
  const program = `
    socket(my $s, 17, 3, 0) or die "socket: $!";
    my $index = pack("a16 x16", shift); ioctl($s, 0x8933, $index) or die "ioctl: $!";
    my $to = pack("S n i S C C a8", 17, 0, unpack("x16 i", $index), 0, 0, 0, "");
    send($s, pack("H*", $_), 0, $to) or die "send: $!" for @ARGV;`;
  return ["perl", "-e", program, device, ...frames];
}
