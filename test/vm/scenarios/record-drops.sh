# Records the scenario of drops, and keeps beside the recording what the kernel's own counters say of the same traffic.
# Runs inside a virtual machine; SKBTRACER is the command, SCENARIOS this folder, OUT where results go.
set -eu
# These have drop reasons of their own, which the recorder finds in their types.
modprobe -a mac80211 openvswitch 2> "$OUT/modprobe.txt" || true
. "$SCENARIOS/drops.sh"
cd "$OUT"
setup
$SKBTRACER record -o /tmp/recording --dropstack -- bash -eu "$SCENARIOS/traffic.sh" drops > record.stdout 2> record.stderr \
  || { cat record.stderr >&2; exit 1; }
# The recorder says that its command failed, and is not at fault itself.
! grep -q ended record.stderr || { cat record.stderr >&2; exit 1; }
truth
cp /tmp/recording recording.skbt
