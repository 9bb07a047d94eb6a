#!/bin/sh
# Reproduces q2hpc's figures about rh-enamide on a user's copy of q2mm's public examples/rh-enamide (none of it is shipped).
#
#   sh jobs/rh_enamide.sh FOLDER [WORK_FOLDER]
#
# Imports the nine complexes, evaluates, fits and measures, and compares with the figures below. Exit status: 0 all met, 1 one
# missed, 2 something could not run. Environment: Q2HPC (the program; default build/release/q2hpc), PYTHON (with numpy and h5py;
# default build/venv/bin/python, else python3).
set -u

# What is compared. Loss and pairs: one arithmetic on the same data, so equal to the digits shown. Fit: scipy's L-BFGS-B, with
# exact gradients, ended at 87.1 after 648 evaluations. Time: over bare LAPACK (dsyevd) on the same matrices, in the same run,
# on one core; the median over its runs, so that it holds on a quiet machine only.
STARTING_LOSS=251.8897 PAIRS=1213 FITTED_LOSS=87.1 LAPACK_RATIO=1.3

[ $# -ge 1 ] || { echo "usage: sh jobs/rh_enamide.sh FOLDER [WORK_FOLDER]" >&2; exit 2; }
folder=$1
here=$(cd "$(dirname "$0")" && pwd)
program=${Q2HPC:-$here/../build/release/q2hpc}
python=${PYTHON:-$here/../build/venv/bin/python}
command -v "$python" >/dev/null || python=python3
work=${2:-$(mktemp -d)}
input=$work/rh_enamide.h5
missed=0

fail() { echo "rh_enamide.sh: $*" >&2; exit 2; }

# check NAME VALUE RELATION LIMIT: prints a line, counts a miss. RELATION: = (to four decimals) or <=
check() {
  verdict=$(awk -v value="$2" -v relation="$3" -v limit="$4" 'BEGIN {
    difference = value - limit
    if (value == "" || value + 0 != value + 0) print "MISSED"
    else if (relation == "=") print (difference < 0 ? -difference : difference) < 0.00005 ? "ok" : "MISSED"
    else print difference <= 0 ? "ok" : "MISSED" }')
  printf '%-44s %12s  %-2s %-10s %s\n' "$1" "${2:-nothing}" "$3" "$4" "$verdict"
  [ "$verdict" = ok ] || missed=1
}

command -v "$program" >/dev/null || fail "no program at $program (set Q2HPC)"
mkdir -p "$work" || fail "cannot make $work"
. "$here/environment.sh"

"$python" "$here/rh_enamide.py" "$folder" "$input" --as-q2mm || fail "the import failed"
"$program" eval "$input" -match q2mm >"$work/eval.txt" || fail "eval failed: $work/eval.txt"
"$program" "$input" -match q2mm -fit_stall_tolerance 1e-6 -o "$work/rh_enamide.result.h5" >"$work/fit.txt" || fail "the fit failed: $work/fit.txt"
"$program" bench "$input" -match q2mm -threads 1 >"$work/bench.txt" || fail "bench failed: $work/bench.txt"

echo
check "pairs" "$(awk '$1 == "loss" && $3 == "over" { print $4; exit }' "$work/eval.txt")" = $PAIRS
check "starting loss" "$(awk '$1 == "loss" && $3 == "over" { print $2; exit }' "$work/eval.txt")" = $STARTING_LOSS
check "fitted loss (L-BFGS-B in scipy: 87.1)" \
  "$(awk '$1 == "loss" && NF == 3 { print $3; exit }' "$work/fit.txt")" "<=" $FITTED_LOSS
check "value and gradient / bare LAPACK, median" \
  "$(awk '/^value and gradient .*LAPACK/ { print $8; exit }' "$work/bench.txt")" "<=" $LAPACK_RATIO

# Complete MM3* (docs/mm3star.md): main block frozen, rows marked OPT fitted; first to the frequencies, then to the diagonal of the
# eigenmatrix, relaxed bonds and relaxed angles, with Q2MM's classic weights. RMSD at the start: by automatic differentiation of the
# formulas. R2: what q2mm reports of its own multi-target fit.
"$python" "$here/rh_enamide_mm3.py" "$folder" "$work/mm3star.h5" >"$work/mm3star.txt" &&
  "$python" "$here/rh_enamide_mm3.py" "$folder" "$work/multi.h5" --observables multi >>"$work/mm3star.txt" || fail "the import of MM3* failed: $work/mm3star.txt"
mpirun -n 2 "$program" "$work/mm3star.h5" -threads 1 -tao_type bntr -o "$work/mm3star.result.h5" >"$work/mm3star_fit.txt" ||
  fail "the fit failed: $work/mm3star_fit.txt"
mpirun -n 2 "$program" "$work/multi.h5" -threads 1 -tao_type bntr -tao_max_it 60 -identify off -o "$work/multi.result.h5" >"$work/multi_fit.txt" ||
  fail "the fit failed: $work/multi_fit.txt"
r2() { awk -v kind="$1" '$1 == kind && NF >= 9 { print $8; exit }' "$work/multi_fit.txt"; }
check "MM3*: RMSD over all vibrations at the start" "$(awk '/^RMSD over all vibrations/ { print $(NF - 1); exit }' "$work/mm3star_fit.txt")" = 144.4000
check "MM3*: RMSD over all vibrations, fitted" "$(awk '/^RMSD over all vibrations/ { print $NF; exit }' "$work/mm3star_fit.txt")" "<=" 69
sed -n 's/^the data determine \([0-9]* of [0-9]*\) parameters.*/MM3*: parameters that the data determine      \1/p' "$work/mm3star_fit.txt"
check "multi-target: 1 - R2 of the eigenmatrix (q2mm)" "$(r2 eigenmatrix_diagonal | awk '{ print 1 - $1 }')" "<=" 0.011
check "multi-target: 1 - R2 of bonds (q2mm)" "$(r2 bond | awk '{ print 1 - $1 }')" "<=" 0.046
check "multi-target: 1 - R2 of angles (q2mm)" "$(r2 angle | awk '{ print 1 - $1 }')" "<=" 0.032
echo "seconds: $(awk '/ evaluations, / { for (i = 1; i < NF; i++) if ($(i + 1) == "s,") print $i }' "$work/mm3star_fit.txt" "$work/multi_fit.txt" | tr '\n' ' ')(frequencies, multi-target)"
echo "logs and result: $work"
exit $missed
