# A client, a router and a server. The router has nftables of its own, iptables-legacy and NAT; the server is a host with
# iptables-nft. What passes and what is dropped is counted by the rules themselves.

setup() {
  for ns in client router server; do
    ip netns add $ns
    ip netns exec $ns sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.router_solicitations=0
    ip -n $ns link set lo up
  done
  ip link add vc netns client type veth peer name rc netns router
  ip link add vs netns server type veth peer name rs netns router
  for at in client/vc router/rc router/rs server/vs; do ip -n ${at%/*} link set ${at#*/} up; done
  ip -n client addr add 10.1.0.2/24 dev vc
  ip -n router addr add 10.1.0.1/24 dev rc
  ip -n router addr add 10.2.0.1/24 dev rs
  ip -n server addr add 10.2.0.2/24 dev vs
  ip -n client addr add fd01::2/64 dev vc nodad
  ip -n router addr add fd01::1/64 dev rc nodad
  # No solicitations, which come when they like.
  ip -n client neigh add fd01::1 lladdr "$(ip netns exec router cat /sys/class/net/rc/address)" dev vc
  ip -n router neigh add fd01::2 lladdr "$(ip netns exec client cat /sys/class/net/vc/address)" dev rc
  ip -n client route add default via 10.1.0.1
  # None to the client: what is answered has to have been masqueraded.
  ip netns exec router sysctl -qw net.ipv4.ip_forward=1
  ip netns exec router nft -f - << 'RULES'
table inet fw {
  chain early { type filter hook prerouting priority -290; counter comment "pass"; }
  chain input { type filter hook input priority 0; counter comment "pass"; }
  chain forward {
    type filter hook forward priority -10;
    counter comment "pass"
    udp dport 9 counter drop comment "discard is not served"
    tcp dport 80 jump web
  }
  chain web { counter accept; }
}
table ip nat {
  chain pre { type nat hook prerouting priority -100; counter comment "pass"; tcp dport 8080 counter dnat to 10.2.0.2:80; }
  chain post { type nat hook postrouting priority 100; counter comment "pass"; ip saddr 10.1.0.0/24 counter masquerade; }
}
table ip late {
  chain forward { type filter hook forward priority 10; counter comment "pass"; }
}
RULES
  ip netns exec router iptables-legacy -A FORWARD -p udp --dport 10 -j DROP
  ip netns exec server iptables-nft -A INPUT -p udp --dport 5 -j DROP
  ip netns exec server iptables-nft -A INPUT -p tcp --dport 80 -j ACCEPT
  ip netns exec server iptables-nft -A OUTPUT -p tcp --sport 80 -j ACCEPT
  # Policies count nothing there.
  for chain in INPUT OUTPUT; do ip netns exec server iptables-nft -A $chain -j ACCEPT; done
  sleep 3 # carrier, multicast memberships
}

# What the rules have counted so far.
counters() {
  for ns in router server; do
    ip netns exec $ns nft -j list ruleset > $ns.$1.json
    ip netns exec $ns iptables-legacy -nvxL > $ns.legacy.$1.txt
  done
  ip netns exec router cat /proc/net/snmp > snmp.$1.txt
  ip netns exec server iptables-nft -nvxL > server.iptables-nft.$1.txt
}

before() { counters before; }

traffic() {
  ip netns exec client ping -q -c 5 -i 0.05 10.2.0.2
  ip netns exec client ping -q -c 3 -i 0.05 fd01::1
  # In fragments: conntrack's defragmentation keeps each but the last.
  ip netns exec client ping -q -c 2 -i 0.05 -s 3000 10.2.0.2
  for port in 9 9 9 9 9 10 10 10 5 5; do
    ip netns exec client bash -c "echo $port > /dev/udp/10.2.0.2/$port"
  done
  ip netns exec server busybox nc -l -p 80 > /dev/null &
  server=$!
  until ip netns exec server grep -q ':0050 0*:0000 0A' /proc/net/tcp /proc/net/tcp6 2> /dev/null; do sleep 0.1; done
  ip netns exec client bash -c 'echo hello > /dev/tcp/10.1.0.1/8080'
  wait $server
}

after() { counters after; }

truth() {
  ip netns exec router grep ' tcp ' /proc/net/nf_conntrack > conntrack.txt
  for ns in client router server; do stat -L -c %i /run/netns/$ns > netns.$ns; done
}
