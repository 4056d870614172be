# What a test of packets needs from the guest: harness.test.ts checks each line.
set -eu
echo "uname: $(uname -r)"
echo "node: $(node -e 'process.stdout.write(process.version)')"
echo "greeting: $GREETING"

ip netns add a
ip netns add b
ip link add va netns a type veth peer name vb netns b
ip -n a addr add 10.9.0.1/24 dev va
ip -n b addr add 10.9.0.2/24 dev vb
ip -n a link set va up
ip -n b link set vb up
echo "ping: $(ip netns exec a ping -c 3 -i 0.2 10.9.0.2 | grep transmitted)"

ip netns exec b iptables-legacy -A INPUT -p icmp -s 10.9.0.1 -j DROP
echo "dropped: $(ip netns exec a ping -c 4 -i 0.2 -W 1 10.9.0.2 | grep transmitted)"
echo "rule: $(ip netns exec b iptables-legacy -nvxL INPUT | grep DROP | tail -n 1 | xargs)"

ip link add gre9 type gretap local 10.9.0.1 remote 10.9.0.2
echo "modprobe: $(grep -q '^ip_gre ' /proc/modules && echo loaded)"
exit 42
