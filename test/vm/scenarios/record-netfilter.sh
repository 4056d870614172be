# Records the scenario of netfilter twice, the second time with rules traced; and if KILL is set kills recorders that
# trace rules. Runs inside a virtual machine; SKBTRACER is the command, SCENARIOS this folder, OUT where results go.
set -Eeu
trap 'echo "$BASH_COMMAND: failed" >&2' ERR
. "$SCENARIOS/netfilter.sh"
. "$SCENARIOS/recorders.sh"
setup

record() {
  mkdir -p "$OUT/$1"
  cd "$OUT/$1"
  shift
  record_traffic netfilter "$@"
}

record plain
record rules --nft-rules

# Whoever holds the rule that switches tracing on.
holder() { pgrep -f '^sh -c .*skbtracer-nft-trace' || true; }

# A recorder that traces rules, killed when it records; with "stopped", what it leaves behind cannot end by itself.
killed() {
  rm -f /tmp/killed.skbt
  $SKBTRACER record -o /tmp/killed.skbt --nft-rules 2> killed.stderr &
  recorder=$!
  until [ -s /tmp/killed.skbt ]; do
    sleep 0.3
    kill -0 $recorder || { cat killed.stderr >&2; exit 1; }
  done
  held=$(holder)
  [ -n "$held" ] || { echo "nobody holds the rule" >&2; exit 1; }
  [ "$1" = stopped ] && kill -STOP $held
  kill -KILL $recorder
  wait $recorder || true
  sleep 1
}

uname -r > "$OUT/kernel.txt"
[ -n "${KILL:-}" ] || exit 0

mkdir -p "$OUT/killed"
cd "$OUT/killed"
{
  echo "after the recordings: $(holder)"
  killed running
  echo "after SIGKILL: $(holder)"
  killed stopped
  echo "left: $([ -n "$(holder)" ] && echo yes)"
  $SKBTRACER doctor | grep -A1 leftovers > doctor.txt
  echo "after doctor: $(holder)"
  killed stopped
  $SKBTRACER record -o /tmp/next.skbt --duration 200ms 2> next.stderr
  echo "after the next run: $(holder)"
  rm -f /tmp/interrupted.skbt
  $SKBTRACER record -o /tmp/interrupted.skbt --nft-rules 2> interrupted.stderr &
  recorder=$!
  until [ -s /tmp/interrupted.skbt ]; do sleep 0.3; done
  kill -INT $recorder
  wait $recorder
  echo "after SIGINT: $(holder)"
} > holders.txt
