# Sends UDP through a veth pair as fast as it goes, alone and while it is recorded. Runs inside a virtual machine.
# SKBTRACER: the command. FUNCTIONS: those of PATTERN, separated by commas. TEN: the command that records PATTERN's functions only. PWRU: the program, may be empty.
# TOOLS: which (default: all). RUNS rounds of SECONDS_EACH. Each run of a tool leaves a folder $OUT/<tool>-<round> with what was counted.
set -u
rm -rf "$OUT"/*-[0-9]* "$OUT"/*-counted
# What is recorded goes into memory.
mkdir -p /tmp/rec
mount -t tmpfs -o size=2g tmpfs /tmp/rec

for ns in a b; do
  ip netns add $ns
done
ip link add va netns a type veth peer name vb netns b
for ns in a b; do
  ip netns exec $ns sysctl -qw net.ipv6.conf.all.disable_ipv6=1
  ip -n $ns link set lo up
  ip -n $ns link set v$ns up
done
ip -n a addr add 10.0.0.1/24 dev va
ip -n b addr add 10.0.0.2/24 dev vb
sleep 1
ip netns exec b iperf3 -s -D
sleep 1

received() { ip netns exec b cat /sys/class/net/vb/statistics/rx_packets; }

# $1: seconds, $2: where iperf3's report goes
send() { ip netns exec a iperf3 -c 10.0.0.2 -u -b 0 -l 64 -t "$1" -J > "$2"; }

wait_for() { # $1: a command that succeeds when the tool is ready
  n=0
  until eval "$1"; do
    n=$((n + 1))
    if [ $n -gt 600 ] || ! kill -0 "$pid" 2> /dev/null; then
      echo "$tool is not ready: $(tail -3 "$dir/stderr.txt")" >&2
      return 1
    fi
    sleep 0.1
  done
  sleep 1
}

start() {
  case $tool in
    none) pid= ;;
    default)
      $SKBTRACER record -o /tmp/rec/out --force > "$dir/stdout.txt" 2> "$dir/stderr.txt" &
      pid=$!
      wait_for '[ -s /tmp/rec/out ]'
      ;;
    ten)
      $TEN /tmp/rec/out > "$dir/stdout.txt" 2> "$dir/stderr.txt" &
      pid=$!
      wait_for '[ -s /tmp/rec/out ]'
      ;;
    everything)
      $SKBTRACER record --probes "$FUNCTIONS" --keep --nft-rules --dropstack -e 'udp or icmp' -o /tmp/rec/out --force \
        > "$dir/stdout.txt" 2> "$dir/stderr.txt" &
      pid=$!
      wait_for '[ -s /tmp/rec/out ]'
      ;;
    pwru-track)
      $PWRU --filter-track-skb --filter-func "$PATTERN" --output-file /tmp/rec/out > "$dir/stdout.txt" 2> "$dir/stderr.txt" &
      pid=$!
      wait_for 'grep -qi "listening for events" "$dir/stdout.txt" "$dir/stderr.txt"'
      ;;
    pwru)
      $PWRU --filter-func "$PATTERN" --output-file /tmp/rec/out > "$dir/stdout.txt" 2> "$dir/stderr.txt" &
      pid=$!
      wait_for 'grep -qi "listening for events" "$dir/stdout.txt" "$dir/stderr.txt"'
      ;;
  esac
}

cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$pid/stat"; }

finish() {
  [ -n "$pid" ] || return
  kill -INT $pid
  wait $pid
  echo $? > "$dir/status.txt"
  if [ "${tool#pwru}" != "$tool" ]; then
    # One line is the heading.
    echo $(($(wc -l < /tmp/rec/out) - 1)) > "$dir/lines.txt"
    head -5 /tmp/rec/out > "$dir/head.txt"
  else
    cp /tmp/rec/out "$dir/recording.skbt"
  fi
  stat -c %s /tmp/rec/out > "$dir/bytes.txt"
  rm -f /tmp/rec/out
}

measure() { # $1: tool, $2: round
  tool=$1
  dir=$OUT/$tool-$2
  rm -rf "$dir"
  mkdir -p "$dir"
  start || return 0
  [ -n "$pid" ] && ticks=$(cpu_ticks)
  before=$(received)
  send "$SECONDS_EACH" "$dir/iperf.json"
  echo $(($(received) - before)) > "$dir/packets.txt"
  [ -n "$pid" ] && echo $(($(cpu_ticks) - ticks)) > "$dir/ticks.txt"
  bpftool prog show -j > "$dir/programs.json"
  finish
}

tools=${TOOLS:-none ten default everything ${PWRU:+pwru pwru-track}}
send 2 /dev/null # the first packets make caches and maps
round=1
while [ $round -le "$RUNS" ]; do
  for one in $tools; do measure "$one" $round; done
  round=$((round + 1))
done
# Once more with the kernel counting runs of BPF programs and the time they take, which itself takes some.
sysctl -qw kernel.bpf_stats_enabled=1
for one in $tools; do measure "$one" counted; done
