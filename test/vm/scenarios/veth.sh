# Two namespaces joined by a veth pair; the second has a firewall of iptables-legacy.

setup() {
  ip netns add a
  ip netns add b
  ip link add va netns a type veth peer name vb netns b
  for ns in a b; do
    # No packets but ours: no IPv6 neighbours, and no ARP.
    ip netns exec $ns sysctl -qw net.ipv6.conf.all.disable_ipv6=1
    ip -n $ns link set lo up
    ip -n $ns link set v$ns up
  done
  ip -n a addr add 10.0.0.1/24 dev va
  ip -n b addr add 10.0.0.2/24 dev vb
  ip -n a neigh add 10.0.0.2 lladdr "$(ip netns exec b cat /sys/class/net/vb/address)" dev va
  ip -n b neigh add 10.0.0.1 lladdr "$(ip netns exec a cat /sys/class/net/va/address)" dev vb
  ip netns exec b iptables-legacy -A INPUT -p udp --dport 9 -j DROP
  ip netns exec b iptables-legacy -A INPUT -p tcp --dport 81 -j REJECT --reject-with tcp-reset
  ip netns exec b iptables-legacy -t nat -A PREROUTING -p tcp --dport 8080 -j REDIRECT --to-ports 80
  sleep 2 # carrier, multicast memberships
  ip netns exec b iptables-legacy -Z
  ip netns exec b iptables-legacy -t nat -Z
}

before() {
  ip -n a -s -j link show va > va.before.json
  ip -n b -s -j link show vb > vb.before.json
  # Without immediate mode what came in the last second is not written.
  ip netns exec b tcpdump -U --immediate-mode -s 256 -i vb -w vb.pcap 2> tcpdump.txt &
  until [ -s tcpdump.txt ]; do sleep 0.1; done
}

traffic() {
  ip netns exec a ping -c 10 -i 0.05 10.0.0.2
  for i in 1 2 3 4 5; do
    ip netns exec a bash -c "echo $i > /dev/udp/10.0.0.2/9"
  done
  for i in 1 2 3; do
    # Nobody listens: the kernel answers with ICMP port unreachable.
    ip netns exec a bash -c "echo $i > /dev/udp/10.0.0.2/7777"
    ip netns exec a bash -c ': < /dev/tcp/10.0.0.2/81' 2> /dev/null || true
  done
  ip netns exec b busybox nc -l -p 80 > /dev/null &
  server=$!
  until ip netns exec b grep -q ':0050 0*:0000 0A' /proc/net/tcp /proc/net/tcp6 2> /dev/null; do sleep 0.1; done
  ip netns exec a bash -c 'echo hello > /dev/tcp/10.0.0.2/8080'
  wait $server
}

after() {
  ip -n a -s -j link show va > va.after.json
  ip -n b -s -j link show vb > vb.after.json
  pkill -INT tcpdump
  wait
}

truth() {
  ip netns exec b iptables-legacy -nvxL > filter.txt
  ip netns exec b iptables-legacy -t nat -nvxL > nat.txt
  tcpdump -n -r vb.pcap > vb.txt 2> /dev/null
  ip netns exec b cat /proc/net/snmp > snmp.txt
  stat -L -c %i /run/netns/a > netns.a
  stat -L -c %i /run/netns/b > netns.b
}
