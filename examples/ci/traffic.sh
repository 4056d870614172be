#!/bin/bash
# The traffic that the firewall is tested with. Usage: traffic.sh CLIENT SERVER (names of network namespaces)
set -eu
client=$1
server=$2
on_client() { ip netns exec "$client" bash -c "$1"; }

# A web server that greets, and ends after one client.
ip netns exec "$server" node -e '
  const server = require("node:net").createServer((socket) => socket.end("hello\n")).listen(80, "0.0.0.0");
  server.once("connection", () => server.close());
' &
web=$!
until ip netns exec "$server" grep -q ':0050 0*:0000 0A' /proc/net/tcp; do sleep 0.1; done

on_client 'ping -q -c 5 -i 0.2 10.0.0.2'
on_client 'for i in 1 2 3; do echo hello > /dev/udp/10.0.0.2/9; done'
on_client ': < /dev/tcp/10.0.0.2/81' 2> /dev/null || true
on_client 'read -r greeting < /dev/tcp/10.0.0.2/8080 && [ "$greeting" = hello ]'
wait $web
# So that nothing is under way when the recording ends.
sleep 1
