# What becomes of packets: addresses that are used again, what NAT, tunnels and bridges make of a packet, segments and
# fragments. Runs inside a virtual machine as record.sh does; a folder of OUT for each part.
set -eu
cp -r "$SCENARIOS" /tmp/scenarios
export SCENARIOS=/tmp/scenarios
. "$SCENARIOS/recorders.sh"
. "$SCENARIOS/network.sh"

begin() {
  mkdir -p "$OUT/$1"
  cd "$OUT/$1"
  rm -f /tmp/*.skbt # what is there says that its recorder is
  recorders=
  files=
}

reuse() {
  begin reuse
  namespaces a b
  cable a va 10.4.0.1/24 b vb 10.4.0.2/24
  start recording
  recording
  # Its own begin and end lie within the recording, and the packets within its.
  BPFTRACE_MAP_KEYS_MAX=65536 bpftrace "$SCENARIOS/lives.bt" > bpftrace.txt 2> bpftrace.stderr &
  tracer=$!
  until grep -q attached bpftrace.txt; do
    sleep 0.2
    kill -0 $tracer || { cat bpftrace.stderr >&2; exit 1; }
  done
  sleep 1
  # One CPU, whose caches of skbs give the same addresses out again and again.
  ip netns exec a taskset -c 0 ping -q -f -c 2000 -s 8 10.4.0.2 > ping.txt
  sleep 1
  kill -INT $tracer
  wait $tracer || { cat bpftrace.stderr >&2; exit 1; }
  finish
}

# Packets to an address that a router in between changes; other packets pass all the while.
dnat() {
  begin dnat
  namespaces c r s
  cable c vc 10.5.1.1/24 r rc 10.5.1.254/24
  cable r rs 10.5.2.254/24 s vs 10.5.2.2/24
  for device in "c vc" "r rc"; do set -- $device; ip -n $1 link set $2 mtu 9000; done
  ip -n c route add default via 10.5.1.254
  ip -n s route add default via 10.5.2.254
  ip netns exec r sysctl -qw net.ipv4.ip_forward=1
  ip netns exec r iptables-legacy -t nat -A PREROUTING -d 10.5.9.9 -j DNAT --to-destination 10.5.2.2
  start kept -H 10.5.9.9 --keep
  if [ -n "${COMPARE:-}" ]; then
    start matched -H 10.5.9.9
    $SKBTRACER -o /tmp/live.skbt --force --no-rules -t --iptable -H 10.5.9.9 --keep > live.txt 2> live.stderr &
    recorders="$recorders $!"
    files="$files /tmp/live.skbt"
  fi
  recording
  ip netns exec c ping -q -f -c 3000 -s 8 10.5.2.2 > other.txt &
  other=$!
  ip netns exec c ping -q -c 10 -i 0.05 10.5.9.9 > ping.txt
  # The router makes three fragments of each.
  ip netns exec c ping -q -c 3 -i 0.1 -s 4000 -M dont 10.5.9.9 > large.txt
  wait $other
  finish
  for ns in c r s; do stat -L -c %i /run/netns/$ns > netns.$ns; done
}

vxlan() {
  begin vxlan
  namespaces x y
  cable x vx 10.6.0.1/24 y vy 10.6.0.2/24
  ip -n x link add vxlan0 address 02:00:00:00:00:01 type vxlan id 42 local 10.6.0.1 remote 10.6.0.2 dstport 4789 dev vx
  ip -n y link add vxlan0 address 02:00:00:00:00:02 type vxlan id 42 local 10.6.0.2 remote 10.6.0.1 dstport 4789 dev vy
  ip -n x addr add 10.6.1.1/24 dev vxlan0
  ip -n y addr add 10.6.1.2/24 dev vxlan0
  ip -n x link set vxlan0 up
  ip -n y link set vxlan0 up
  ip -n x neigh add 10.6.1.2 lladdr 02:00:00:00:00:02 dev vxlan0
  ip -n y neigh add 10.6.1.1 lladdr 02:00:00:00:00:01 dev vxlan0
  start kept -H 10.6.1.2 --keep
  [ -z "${COMPARE:-}" ] || start matched -H 10.6.1.2
  recording
  ip netns exec x ping -q -c 10 -i 0.05 10.6.1.2 > ping.txt
  ip netns exec x ping -q -c 10 -i 0.05 10.6.0.2 > other.txt
  finish
  for ns in x y; do stat -L -c %i /run/netns/$ns > netns.$ns; done
}

# A bridge whose namespace changes the address of what it only bridges.
bridged() {
  begin bridged
  modprobe -q br_netfilter || true
  namespaces d e w
  ip -n w link add br0 type bridge mcast_snooping 0
  ip -n w addr add 10.7.0.254/24 dev br0
  ip -n w link set br0 up
  cable d vd 10.7.0.1/24 w pd -
  cable e ve 10.7.0.2/24 w pe -
  for port in pd pe; do ip -n w link set $port master br0; done
  for address in 10.7.0.2 10.7.0.9; do know d vd $address e ve; done
  know e ve 10.7.0.1 d vd
  know w br0 10.7.0.1 d vd
  know w br0 10.7.0.2 e ve
  ip netns exec w sysctl -qw net.ipv4.ip_forward=1 # else it has no way to the new address, and drops
  ip netns exec w sysctl -qw net.bridge.bridge-nf-call-iptables=1
  ip netns exec w iptables-legacy -t nat -A PREROUTING -d 10.7.0.9 -j DNAT --to-destination 10.7.0.2
  sleep 3 # the bridge's ports come up
  ip netns exec e ping -q -c 1 10.7.0.1 > /dev/null
  start kept -H 10.7.0.9 --keep
  recording
  ip netns exec d ping -q -c 10 -i 0.05 10.7.0.9 > ping.txt
  ip netns exec d ping -q -c 10 -i 0.05 10.7.0.2 > other.txt
  finish
  for ns in d e w; do stat -L -c %i /run/netns/$ns > netns.$ns; done
}

# The sender's TCP makes packets of up to 64 KiB, which the stack has to cut as the device does not.
segments() {
  begin segments
  namespaces f g
  cable f sf 10.8.0.1/24 g sg 10.8.0.2/24
  ip netns exec f ethtool -K sf tso off gso on tx on sg on > /dev/null
  start recording -P 5001
  recording
  mkfifo /tmp/hold # a standard input that does not end: nc would not wait for the rest
  ip netns exec g busybox nc -l -p 5001 <> /tmp/hold > received &
  server=$!
  until ip netns exec g grep -q ':1389 0*:0000 0A' /proc/net/tcp /proc/net/tcp6 2> /dev/null; do sleep 0.1; done
  ip -n f -s -j link show sf > sf.before.json
  ip netns exec f bash -c 'dd if=/dev/zero bs=65536 count=8 status=none > /dev/tcp/10.8.0.2/5001'
  wait $server
  wc -c < received > bytes.txt
  rm received /tmp/hold
  finish
  ip -n f -s -j link show sf > sf.after.json
}

for part in ${PARTS:-reuse dnat vxlan bridged segments}; do $part; done
uname -r > "$OUT/kernel.txt"
