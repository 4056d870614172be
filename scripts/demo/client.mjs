// The demo's client: one attempt at each port of the server, and what an application learns from it.
import { createSocket } from "node:dgram";
import { get } from "node:http";
import { connect } from "node:net";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";

import { PORTS } from "./network.mjs";

/** Long enough for a SYN to be sent again, after a second. */
const TCP_PATIENCE_MS = 1300;
const UDP_PATIENCE_MS = 300;

const server = process.argv[2] ?? "";

/** @returns {Promise<string>} */
function httpGet() {
  return new Promise((resolve) => {
    get({ host: server, port: PORTS.http, agent: false, timeout: TCP_PATIENCE_MS }, (response) => {
      response
        .resume()
        .on("end", () => resolve(`answered: ${response.statusCode} ${response.statusMessage}`));
    }).on("error", (error) => resolve(error.message));
  });
}

/**
 * @param {number} port
 * @returns {Promise<string>}
 */
function tcpConnect(port) {
  return new Promise((resolve) => {
    const socket = connect({ host: server, port });
    const end = (/** @type {string} */ text) => {
      socket.destroy();
      resolve(text);
    };
    socket.on("connect", () => end("connected"));
    socket.on("error", (error) => end(error.message));
    setTimeout(end, TCP_PATIENCE_MS, `no answer in ${TCP_PATIENCE_MS / 1000} s`);
  });
}

/**
 * @param {number} port
 * @returns {Promise<string>}
 */
function udpAsk(port) {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const end = (/** @type {string} */ text) => {
      clearTimeout(patience);
      socket.close();
      resolve(text);
    };
    const patience = setTimeout(() => end("no answer"), UDP_PATIENCE_MS);
    socket.on("message", () => end("answered"));
    const failed = (/** @type {NodeJS.ErrnoException} */ error) =>
      end(`failed: ${error.code ?? error.message}`);
    socket.on("error", failed);
    // A connected socket is told of ICMP errors.
    socket.connect(port, server, () =>
      socket.send("hello", (error) => {
        if (error) failed(error);
      }),
    );
  });
}

/** @type {[attempt: string, () => Promise<string>][]} */
const ATTEMPTS = [
  [`HTTP request to TCP port ${PORTS.http}`, httpGet],
  [`datagram to UDP port ${PORTS.echo}`, () => udpAsk(PORTS.echo)],
  [`datagram to UDP port ${PORTS.unheard}`, () => udpAsk(PORTS.unheard)],
  [`datagram to UDP port ${PORTS.forbidden}`, () => udpAsk(PORTS.forbidden)],
  [`connection to TCP port ${PORTS.filtered}`, () => tcpConnect(PORTS.filtered)],
];

for (const [attempt, make] of ATTEMPTS) {
  console.log(`  ${attempt.padEnd(28)} ${await make()}`);
  await delay(20);
}
