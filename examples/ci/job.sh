#!/bin/sh
# A complete CI job: two network namespaces with a firewall between them, a recording of traffic through it, and a check
# of the recording. Needs root, a kernel with kprobes and BTF, iproute2, iptables, ping and bash.
# Exit code: that of the check. SKBTRACER is the command, OUT the folder for the recording and the reports.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
skbtracer=${SKBTRACER:-npx skbtracer}
out=${OUT:-skbtracer-ci}
client=ci-client-$$
server=ci-server-$$

cleanup() {
  for ns in "$client" "$server"; do
    ip netns pids "$ns" 2> /dev/null | xargs -r kill
    ip netns del "$ns" 2> /dev/null || true
  done
}
trap cleanup EXIT
trap 'exit 130' INT TERM

mkdir -p "$out"
for ns in "$client" "$server"; do
  ip netns add "$ns"
  # No packets but the test's.
  ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
done
ip link add eth0 netns "$client" type veth peer name eth0 netns "$server"
ip -n "$client" addr add 10.0.0.1/24 dev eth0
ip -n "$server" addr add 10.0.0.2/24 dev eth0
for ns in "$client" "$server"; do
  ip -n "$ns" link set lo up
  ip -n "$ns" link set eth0 up
done
ip netns exec "$server" sh "$here/firewall.sh"

$skbtracer record -o "$out/firewall.skbt" --force -- bash "$here/traffic.sh" "$client" "$server"

status=0
$skbtracer check "$out/firewall.skbt" --expect "$here/firewall.yaml" \
  --junit "$out/junit.xml" --markdown "$out/summary.md" --force || status=$?
# Shown on the page of the run, on GitHub.
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$out/summary.md" >> "$GITHUB_STEP_SUMMARY"
exit "$status"
