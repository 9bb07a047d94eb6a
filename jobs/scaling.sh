#!/bin/sh
# How load, plan, preparation, one evaluation and memory grow with the number of molecules, and what a second rank brings:
#     sh jobs/scaling.sh [Q2HPC [MOLECULES ...]]     default: 1250 2500 5000 10000 molecules made by jobs/generate.py
# Needs Python with numpy and h5py (build/venv, or $PYTHON). Evaluations: the median that `q2hpc bench` prints, one thread a rank.
set -u
cd "$(dirname "$0")/.." || exit 1
. jobs/environment.sh
q2hpc=${1:-build/release/q2hpc}
[ $# -ge 1 ] && shift
[ $# -gt 0 ] || set -- 1250 2500 5000 10000
python=${PYTHON:-build/venv/bin/python}
[ -x "$python" ] || python=python3
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
printf '%9s %8s %10s %11s %11s %11s %9s %10s %9s\n' molecules MB info/s load/s 1-rank/ms 2-ranks/ms efficiency MiB/rank predicted
for count; do
  "$python" jobs/generate.py jobs/data/mixed_xtb.h5 "$scratch/set.h5" --molecules "$count" --atoms 18 >"$scratch/out" 2>&1 || { cat "$scratch/out"; exit 1; }
  megabytes=$(($(wc -c <"$scratch/set.h5") / 1000000))
  begin=$(date +%s.%N)
  "$q2hpc" info "$scratch/set.h5" -threads 1 >"$scratch/info" || exit 1
  info=$(echo "$(date +%s.%N) - $begin" | bc)
  for ranks in 1 2; do mpirun -n $ranks "$q2hpc" bench "$scratch/set.h5" -threads 1 -repeat 5 >"$scratch/bench.$ranks" || exit 1; done
  awk -v count="$count" -v megabytes="$megabytes" -v info="$info" '
    /^value and gradient  / { ms[++n] = $(NF - 2) }
    FNR == 1 { file++ }
    file == 1 && /checksum/ { gsub(/[()]/, ""); load += $(NF - 1) }
    file == 1 && /a rank \(/ { gsub(/[()]/, ""); load += $(NF - 1); for (i = 1; i < NF; i++) if ($(i + 1) == "MiB") memory = $i }
    file == 1 && /^predicted/ { predicted = $NF }
    END { printf "%9d %8d %10.2f %11.2f %11.1f %11.1f %9.2f %10.0f %9s\n", count, megabytes, info, load, ms[1], ms[2], ms[1] / ms[2] / 2, memory, predicted }' \
    "$scratch/bench.1" "$scratch/bench.2"
done
