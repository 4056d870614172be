# Records the scenario of drops, and keeps beside the recording what the kernel's own counters say of the same traffic.
# Runs inside a virtual machine; SKBTRACER is the command, SCENARIOS this folder, OUT where results go.
set -eu
# These have drop reasons of their own, which the recorder finds in their types.
modprobe -a mac80211 openvswitch 2> "$OUT/modprobe.txt" || true
. "$SCENARIOS/drops.sh"
. "$SCENARIOS/recorders.sh"
cd "$OUT"
setup
record_traffic drops --dropstack
