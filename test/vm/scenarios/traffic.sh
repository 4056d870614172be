# Sends a scenario's traffic: counters first, then packets, then counters again.
. "$SCENARIOS/$1.sh"
before
traffic > traffic.txt
# What is in flight arrives.
sleep 1
after
