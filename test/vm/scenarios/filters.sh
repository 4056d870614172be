# Recorders that run side by side, each with a filter in the kernel, while packets that they want and others pass.
# Loading a filter is a test too: what is not asked for is not even verified.

. "$SCENARIOS/network.sh"

setup() {
  for ns in e f; do
    ip netns add $ns
  done
  filtered_pair
  ip netns exec f iptables-legacy -A INPUT -p udp --dport 9 -j DROP
  sleep 2
}

. "$SCENARIOS/recorders.sh"

run() {
  recorders=
  files=/tmp/live.skbt
  start icmp -H 10.0.2.1 --proto icmp --icmpid 4321
  start udp -P 9 --proto udp --snaplen 256 --callstack
  start netns -N "$(stat -L -c %i /run/netns/f)" --noroute
  start six -H fd00::1 --proto icmp --snaplen 64
  $SKBTRACER -o /tmp/live.skbt --force --no-rules -t --iptable -H 10.0.2.2 > live.txt 2> live.stderr &
  recorders="$recorders $!"
  recording
  ip netns exec e ping -q -e 4321 -c 5 -i 0.05 10.0.2.2 > /dev/null
  ip netns exec e ping -q -e 1234 -c 3 -i 0.05 10.0.2.2 > /dev/null
  ip netns exec e ping -q -c 5 -i 0.05 fd00::2 > /dev/null
  for port in 9 9 9 10; do
    ip netns exec e bash -c "echo $port > /dev/udp/10.0.2.2/$port"
  done
  finish
  stat -L -c %i /run/netns/f > netns.f
}
