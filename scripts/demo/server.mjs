// The demo's server: answers HTTP and echoes datagrams until its standard input is closed.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:http";
import process from "node:process";

import { PORTS } from "./network.mjs";

const address = process.argv[2];

const http = createServer((_request, response) => response.end("hello\n"));
await once(http.listen(PORTS.http, address), "listening");

const echo = createSocket("udp4");
echo.on("message", (message, from) => echo.send(message, from.port, from.address));
await once(echo.bind(PORTS.echo, address), "listening");

console.log("ready");
process.stdin.resume().on("close", () => process.exit());
