# Recorders of scenarios. SKBTRACER is the command; what they print stays in the current folder.

# record_traffic SCENARIO [FLAG...]: its traffic is the recording's command, so all of it is between the recording's begin and
# its end; recording.skbt beside the truth.
record_traffic() {
  scenario=$1
  shift
  $SKBTRACER record -o /tmp/recording --force "$@" -- bash -eu "$SCENARIOS/traffic.sh" "$scenario" > record.stdout 2> record.stderr \
    || { cat record.stderr >&2; exit 1; }
  # The recorder says that its command failed, and is not at fault itself.
  ! grep -q ended record.stderr || { cat record.stderr >&2; exit 1; }
  truth
  cp /tmp/recording recording.skbt
}

# start NAME [FLAG...]: a recorder beside others. `recorders` and `files` are what runs and is written.
start() {
  name=$1
  shift
  $SKBTRACER record -o /tmp/$name.skbt --force --no-rules "$@" 2> $name.stderr &
  recorders="$recorders $!"
  files="$files /tmp/$name.skbt"
}

# Waits until all that was started records: its first bytes say that its probes are attached.
recording() {
  for file in $files; do
    until [ -s $file ]; do
      sleep 0.2
      kill -0 $recorders || { cat *.stderr >&2; exit 1; }
    done
  done
}

# Ends them when what is in flight has arrived, and keeps what they wrote.
finish() {
  sleep 1
  kill -INT $recorders
  wait $recorders
  cp $files .
}
