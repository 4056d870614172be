#!/bin/sh
# What is tested: the firewall of a server. Runs in the server's network namespace.
set -eu
# On hosts where iptables writes nftables' rules, its passes through tables are not seen: use the legacy one where there is.
iptables=$(command -v iptables-legacy || command -v iptables)

$iptables -A INPUT -p udp --dport 9 -j DROP
$iptables -A INPUT -p tcp --dport 81 -j REJECT --reject-with tcp-reset
$iptables -t nat -A PREROUTING -p tcp --dport 8080 -j REDIRECT --to-ports 80
