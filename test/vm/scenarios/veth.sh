# Two namespaces joined by a veth pair; the second has a firewall of iptables-legacy.

. "$SCENARIOS/network.sh"

setup() {
  namespaces a b
  cable a va 10.0.0.1/24 b vb 10.0.0.2/24
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
