#!/bin/sh
# The optimizers that docs/optimizers.md recommends, side by side on the same fits:
#     sh jobs/optimizers.sh [Q2HPC [RANKS [INPUT.h5 ...]]]
# One line a fit: loss before and after, RMSD over all vibrations, evaluations, seconds, how it ended.
set -u
cd "$(dirname "$0")/.." || exit 1
. jobs/environment.sh
q2hpc=${1:-build/release/q2hpc}
ranks=${2:-2}
[ $# -ge 2 ] && shift 2 || set --
[ $# -gt 0 ] || set -- jobs/data/organic_dft.h5 jobs/data/mixed_xtb.h5
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
printf '%-18s %-6s %12s %12s %9s %9s %8s %9s  %s\n' set type "loss before" after RMSD after evals seconds end
for input; do
  for type in bqnls bntr bnls; do
    if ! mpirun -n "$ranks" "$q2hpc" "$input" -tao_type $type -threads 1 -o "$scratch/result.h5" >"$scratch/out" 2>&1; then
      tail -n 5 "$scratch/out"
      exit 1
    fi
    awk -v set="$(basename "$input" .h5)" -v type=$type '
      $1 == "loss" && NF == 3 { before = $2; after = $3 }
      /^RMSD over all vibrations/ { rmsd = $(NF - 1); rmsd_after = $NF }
      / evaluations, / { evaluations = $1; for (i = 1; i < NF; i++) if ($(i + 1) == "s,") seconds = $i; getline; end = $0 }
      END { printf "%-18s %-6s %12.4f %12.4f %9.2f %9.2f %8d %9.2f  %s\n", set, type, before, after, rmsd, rmsd_after, evaluations, seconds, end }' "$scratch/out"
  done
done
