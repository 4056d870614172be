# Recorders side by side, each with a filter expression in the kernel, and tcpdump at the device that they watch. Lines of
# EXPRESSIONS are the expressions; SKBTRACER is the command, SCENARIOS this folder, OUT where results go.
set -eu
. "$SCENARIOS/network.sh"
. "$SCENARIOS/recorders.sh"
ip netns add e
ip netns add f
# No packets but ours: whoever begins to watch later, or ends earlier, misses nothing.
for ns in e f; do
  ip netns exec $ns sysctl -qw net.ipv6.conf.default.router_solicitations=0 net.ipv6.conf.default.accept_dad=0 \
    net.ipv6.conf.default.mldv2_unsolicited_report_interval=1
done
filtered_pair
for ns in e f; do
  ip -n $ns link set lo up
  ip netns exec $ns sysctl -qw net.ipv4.neigh.v$ns.delay_first_probe_time=600 net.ipv6.neigh.v$ns.delay_first_probe_time=600
done
ip netns exec f busybox nc -l -p 8080 > /dev/null &
servers=$!
sleep 2

cd "$OUT"
recorders=
files=
number=0
while read -r expression; do
  number=$((number + 1))
  # Words by themselves, as tcpdump takes them.
  set -f
  start $number $expression
  set +f
done << END
$EXPRESSIONS
END
recording

# Without immediate mode what came in the last second is not written.
ip netns exec f tcpdump -U --immediate-mode -s 256 -i vf -w vf.pcap 2> tcpdump.txt &
dump=$!
until [ -s tcpdump.txt ]; do sleep 0.1; done
ip netns exec e ping -q -c 5 -i 0.05 10.0.2.2
# Fragments
ip netns exec e ping -q -c 3 -i 0.05 -s 3000 10.0.2.2
ip netns exec e ping -q -c 3 -i 0.05 fd00::2
for port in 9 9 10; do
  ip netns exec e bash -c "printf %0300d $port > /dev/udp/10.0.2.2/$port"
done
ip netns exec e bash -c 'head -c 20000 /dev/zero > /dev/tcp/10.0.2.2/8080'
wait $servers # it ends with its connection
finish
kill -INT $dump
wait $dump
stat -L -c %i /run/netns/f > netns.f
