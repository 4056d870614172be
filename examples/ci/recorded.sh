#!/bin/sh
# A check of a recording alone, which needs no root and no particular kernel: of what was recorded before, elsewhere.
# Usage: recorded.sh RECORDING. SKBTRACER is the command, OUT the folder for the reports.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
skbtracer=${SKBTRACER:-npx skbtracer}
out=${OUT:-skbtracer-ci}

mkdir -p "$out"
$skbtracer check "$1" --expect "$here/firewall.yaml" --junit "$out/junit.xml" --markdown "$out/summary.md" --force
