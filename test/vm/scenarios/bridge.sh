# A bridge with br_netfilter between two namespaces; the bridge's namespace filters what it forwards.

setup() {
  modprobe -q br_netfilter || true
  for ns in c d r; do
    ip netns add $ns
    ip netns exec $ns sysctl -qw net.ipv6.conf.all.disable_ipv6=1
  done
  ip -n r link add br0 type bridge mcast_snooping 0
  ip -n r link set br0 up
  for ns in c d; do
    ip link add v$ns netns $ns type veth peer name p$ns netns r
    ip -n r link set p$ns master br0
    ip -n r link set p$ns up
    ip -n $ns link set v$ns up
  done
  ip -n c addr add 10.0.1.1/24 dev vc
  ip -n d addr add 10.0.1.2/24 dev vd
  ip -n c neigh add 10.0.1.2 lladdr "$(ip netns exec d cat /sys/class/net/vd/address)" dev vc
  ip -n d neigh add 10.0.1.1 lladdr "$(ip netns exec c cat /sys/class/net/vc/address)" dev vd
  ip netns exec r sysctl -qw net.bridge.bridge-nf-call-iptables=1
  ip netns exec r iptables-legacy -A FORWARD -p udp --dport 9 -j DROP
  sleep 3 # the bridge's ports come up
  # The bridge learns where both are, so that it forwards and does not flood.
  ip netns exec d ping -q -c 1 10.0.1.1 > /dev/null
  ip netns exec r iptables-legacy -Z
}

before() {
  ip -n c -s -j link show vc > vc.before.json
  ip -n d -s -j link show vd > vd.before.json
}

traffic() {
  ip netns exec c ping -c 10 -i 0.05 10.0.1.2
  for i in 1 2 3 4 5; do
    ip netns exec c bash -c "echo $i > /dev/udp/10.0.1.2/9"
  done
}

after() {
  ip -n c -s -j link show vc > vc.after.json
  ip -n d -s -j link show vd > vd.after.json
}

truth() {
  ip netns exec r iptables-legacy -nvxL > filter.txt
  for ns in c d r; do stat -L -c %i /run/netns/$ns > netns.$ns; done
}
