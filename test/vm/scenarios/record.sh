# Records the scenarios and keeps, beside each recording, what the kernel's own counters and other programs say of the
# same traffic. Runs inside a virtual machine; SKBTRACER is the command, SCENARIOS this folder, OUT where results go.
set -eu
# From a place that is the same everywhere, as the command line is part of a recording.
cp -r "$SCENARIOS" /tmp/scenarios
export SCENARIOS=/tmp/scenarios
. "$SCENARIOS/recorders.sh"
for scenario in veth bridge; do
  . "$SCENARIOS/$scenario.sh"
  mkdir -p "$OUT/$scenario"
  cd "$OUT/$scenario"
  setup
  record_traffic $scenario --dropstack
done
. "$SCENARIOS/filters.sh"
mkdir -p "$OUT/filters"
cd "$OUT/filters"
setup
run
$SKBTRACER doctor > "$OUT/doctor.txt"
uname -r > "$OUT/kernel.txt"
