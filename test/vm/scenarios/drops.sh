# Packets that are dropped for many reasons, some of each, in two namespaces joined by a veth pair: b is a router with a
# firewall. Every drop has a counter of the kernel or of a program that is not ours.

. "$SCENARIOS/network.sh"

setup() {
  namespaces a b
  cable a va 10.0.3.1/24 b vb 10.0.3.2/24
  ip -n a route add default via 10.0.3.2
  # b forwards to 10.0.9.0/24, and has a route to nothing else.
  ip -n b link add lan type dummy
  ip -n b link set lan up
  ip -n b addr add 10.0.9.1/24 dev lan
  ip netns exec b sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.vb.rp_filter=1
  # An address that nobody answers for is given up on soon.
  ip netns exec a sysctl -qw net.ipv4.neigh.va.mcast_solicit=1 net.ipv4.neigh.va.retrans_time_ms=100
  ip netns exec b iptables-legacy -A INPUT -p udp --dport 9 -j DROP
  sleep 2 # carrier, multicast memberships
  ip netns exec b iptables-legacy -Z
}

# raw_udp SOURCE DESTINATION PORT TTL: a datagram with addresses of our choice, and with a wrong checksum.
raw_udp() {
  ip netns exec a perl -MSocket -e '
    my ($source, $destination, $port, $ttl) = @ARGV;
    socket(my $raw, AF_INET, SOCK_RAW, 255) or die $!;
    my $udp = pack("nnnna*", 4000, $port, 16, 0xdead, "a packet");
    my $ip = pack("CCnnnCCna4a4", 0x45, 0, 36, 0, 0, $ttl, 17, 0, inet_aton($source), inet_aton($destination));
    send($raw, $ip . $udp, 0, pack_sockaddr_in(0, inet_aton($destination))) or die $!;
  ' "$@"
}

before() {
  # A socket that nobody reads from.
  ip netns exec b perl -MSocket -e '
    socket(my $udp, AF_INET, SOCK_DGRAM, 0) or die $!;
    setsockopt($udp, SOL_SOCKET, SO_RCVBUF, 4096) or die $!;
    bind($udp, pack_sockaddr_in(5000, INADDR_ANY)) or die $!;
    sleep 600;
  ' &
  until ip netns exec b grep -q ':1388 ' /proc/net/udp; do sleep 0.1; done
}

traffic() {
  # Two at a time: each one's raw socket has a filter that does not want the other's replies.
  ip netns exec a ping -q -c 5 -i 0.2 10.0.3.2 &
  other=$!
  ip netns exec a ping -q -c 5 -i 0.2 10.0.3.2
  wait $other
  for i in 1 2; do
    raw_udp 203.0.113.7 10.0.3.2 9999 64   # b's way back to this source is not vb
    raw_udp 127.0.0.1 10.0.3.2 9999 64     # an address that may be on no wire
    raw_udp 10.0.3.1 10.0.9.9 9999 1       # b is to forward it, and its time is over
    raw_udp 10.0.3.1 198.51.100.1 9999 64  # b has no route
    raw_udp 10.0.3.1 10.0.3.2 9999 64      # nobody listens, and its checksum is wrong
  done
  ip netns exec a bash -c '
    for i in 1 2 3; do echo > /dev/udp/10.0.3.2/9; done
    for i in 1 2 3 4; do echo > /dev/udp/10.0.3.2/7777; done
    for i in 1 2; do : 2> /dev/null < /dev/tcp/10.0.3.2/81; done
    for i in $(seq 40); do head -c 1000 /dev/zero > /dev/udp/10.0.3.2/5000; done
    echo > /dev/udp/10.0.3.77/9
  ' 2> /dev/null || true
  sleep 1 # the neighbour is given up
  ip netns exec a tc qdisc add dev va root tbf rate 8kbit burst 1600 limit 3000
  ip netns exec a bash -c 'for i in $(seq 20); do head -c 1000 /dev/zero > /dev/udp/10.0.3.2/9; done' 2> /dev/null || true
  ip netns exec a tc -s qdisc show dev va > tc.txt
  # What still waits is thrown away, and does not come after the recording's end.
  ip netns exec a tc qdisc del dev va root
}

after() {
  pkill perl
  wait
}

truth() {
  ip netns exec b iptables-legacy -nvxL > filter.txt
  ip netns exec b cat /proc/net/snmp > snmp.txt
  ip netns exec b cat /proc/net/netstat > netstat.txt
  cat /proc/net/snmp6 > snmp6.txt
  # Each namespace shows some.
  { sysctl -aN; ip netns exec b sysctl -aN; } > sysctl.txt 2> /dev/null
  stat -L -c %i /run/netns/a > netns.a
  stat -L -c %i /run/netns/b > netns.b
}
