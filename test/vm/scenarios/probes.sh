# Records with --probes: beside pwru, with every function there is, with returns, and while a module is unloaded. Runs
# inside a virtual machine; SKBTRACER is the command, PWRU another tracer or empty, SCENARIOS this folder, OUT where
# results go.
set -eu
. "$SCENARIOS/veth.sh"
cd "$OUT"
setup
ping_once() { ip netns exec a ping -c 1 -W 5 10.0.0.2; }
export -f ping_once
record() { # $1: name of the recording; then arguments
  name=$1
  shift
  $SKBTRACER record -o "/tmp/$name" --force --no-rules "$@" > "$name.stdout" 2> "$name.stderr" || { cat "$name.stderr" >&2; exit 1; }
  cp "/tmp/$name" "$name.skbt"
}

# The same functions by both, of the same ping.
if [ -n "$PWRU" ]; then
  $PWRU --filter-func "^(${FUNCTIONS//,/|})$" --output-file /tmp/pwru.txt > pwru.out 2>&1 &
  pwru=$!
  n=0
  until grep -qi "listening for events" pwru.out; do
    n=$((n + 1))
    if [ $n -gt 600 ] || ! kill -0 $pwru 2> /dev/null; then pwru=; break; fi
    sleep 0.1
  done
fi
record same --probes "$FUNCTIONS" -- bash -c 'ping_once; sleep 1'
if [ -n "${pwru:-}" ]; then
  kill -INT $pwru
  wait $pwru || true
  cp /tmp/pwru.txt pwru.txt
fi

# Some fifty, one by one where the kernel cannot do many at once; with returns, which are always one by one.
record glob --probes 'ip_*,icmp_rcv%return,__dev_queue_xmit%return' -- bash -c ping_once
$SKBTRACER probes --json > offered.json

# Everything, where that takes seconds.
if grep -q ' register_fprobe_ips$' /proc/kallsyms; then
  record all --probes all -- bash -c 'cat /proc/uptime > begun; ping_once'
fi

# A bridge, and its modules gone while recording.
unload() {
  ip -n b link add brb type bridge
  ip -n b addr del 10.0.0.2/24 dev vb
  ip -n b link set vb master brb
  ip -n b addr add 10.0.0.2/24 dev brb
  ip -n b link set brb address "$(ip netns exec b cat /sys/class/net/vb/address)" up
  ip -n b neigh add 10.0.0.1 lladdr "$(ip netns exec a cat /sys/class/net/va/address)" dev brb
  ping_once
  ip -n b link del brb
  ip -n b addr add 10.0.0.2/24 dev vb
  ip -n b neigh add 10.0.0.1 lladdr "$(ip netns exec a cat /sys/class/net/va/address)" dev vb
  rmmod br_netfilter
  rmmod bridge
  ping_once
  # A module that came while recording drops what is for nobody.
  modprobe ip_gre
  ip -n b tunnel add gre-b mode gre local 10.0.0.2 remote 10.0.0.9
  ip -n a tunnel add gre-a mode gre local 10.0.0.1 remote 10.0.0.2 key 5
  ip -n a addr add 10.7.0.1/24 dev gre-a
  for tunnel in "a gre-a" "b gre-b"; do ip -n ${tunnel% *} link set ${tunnel#* } up; done
  ip netns exec a ping -q -c 1 -W 1 10.7.0.2 || true
}
export -f unload
record unload --probes default -- bash -eu -c unload
! grep -q ended unload.stderr || { cat unload.stdout unload.stderr >&2; exit 1; }
uname -r > kernel.txt
