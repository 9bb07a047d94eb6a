#!/bin/sh
# What checkpoints cost at the default interval: fits of the bundled sets by each optimizer of docs/optimizers.md, N times each, and the
# share of the fit's time that went into checkpoints. Exit status 1 if the middle one of the N shares is more than 2 %.
#     sh jobs/checkpoints.sh [Q2HPC [N]]
set -u
cd "$(dirname "$0")/.." || exit 1
. jobs/environment.sh
program=${1:-build/release/q2hpc} times=${2:-3}
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
status=0
printf '%-12s %-6s %12s %10s %12s %16s\n' set type evaluations 'fit / s' checkpoints 'share / %'
for set in organic_dft mixed_xtb; do
  if [ $set = organic_dft ]; then iterations=1500; else iterations=300; fi
  for type in bqnls bntr bnls; do
    time=0
    while [ $time -lt "$times" ]; do
      time=$((time + 1))
      rm -f "$folder"/*
      # Long enough for some checkpoints; what a log of J'J costs shows, too.
      "$program" jobs/data/$set.h5 -o "$folder/run.h5" -threads 1 -identify off -tao_type $type -fit_stall_tolerance 0 -tao_grtol 0 \
        -tao_gatol 0 -tao_max_it $iterations >"$folder/out" 2>"$folder/err" || grep -q "not converged" "$folder/err" || { cat "$folder/err"; exit 1; }
      awk '/^[0-9]+ evaluations,/ { evaluations = $1; for (f = 2; f < NF; f++) if ($(f + 1) == "s,") seconds = $f }
        /^[0-9]+ checkpoints? in/ { count = $1; spent = $4 }
        END { printf "%d %.2f %d %.2f\n", evaluations, seconds, count, 100 * spent / seconds }' "$folder/out"
    done | sort -k 4 -n | awk -v set=$set -v type=$type '{ line[NR] = $0; share[NR] = $4 }
      END { split(line[int((NR + 1) / 2)], middle)
        printf "%-12s %-6s %12d %10.2f %12d %16s\n", set, type, middle[1], middle[2], middle[3], share[1] " " middle[4] " " share[NR]
        exit middle[4] > 2 }' || status=1
  done
done
exit $status
