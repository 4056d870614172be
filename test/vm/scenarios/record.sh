# Records the scenarios and keeps, beside each recording, what the kernel's own counters and other programs say of the
# same traffic. Runs inside a virtual machine; SKBTRACER is the command, SCENARIOS this folder, OUT where results go.
set -eu
# From a place that is the same everywhere, as the command line is part of a recording.
cp -r "$SCENARIOS" /tmp/scenarios
export SCENARIOS=/tmp/scenarios
for scenario in veth bridge; do
  . "$SCENARIOS/$scenario.sh"
  mkdir -p "$OUT/$scenario"
  cd "$OUT/$scenario"
  setup
  # The traffic runs as the recording's command: all of it is between the recording's begin and its end.
  $SKBTRACER record -o /tmp/recording --force --dropstack -- bash -eu "$SCENARIOS/traffic.sh" "$scenario" > record.stdout 2> record.stderr \
    || { cat record.stderr >&2; exit 1; }
  # The recorder says that its command failed, and is not at fault itself.
  ! grep -q ended record.stderr || { cat record.stderr >&2; exit 1; }
  truth
  cp /tmp/recording recording.skbt
done
. "$SCENARIOS/filters.sh"
mkdir -p "$OUT/filters"
cd "$OUT/filters"
setup
run
$SKBTRACER doctor > "$OUT/doctor.txt"
uname -r > "$OUT/kernel.txt"
