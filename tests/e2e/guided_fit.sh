# Claims: a fit with equalities, a prior and molecules for validation keeps the equality, says data loss, prior and validation, and
# takes the same path on any number of ranks and with either optimizer's options; q2hpc identify says what the data determine.
. "$(dirname "$0")/common.sh"
"$Q2HPC_WRITE_DATASET" made.h5 9 guided || exit 1

on 0 info made.h5
ends_with 0
says out "2 equalities leave 4 variables"
says out "3 for validation, out of the fit"
says out "weight 2"

on 0 identify made.h5
ends_with 0
says_once out "of 4 parameters (eigenvalues of J'J in scaled variables above 1e-08 of the largest)"
on 2 identify made.h5 -identify_threshold 0.9
ends_with 0
says out "the data determine 1 of 4 parameters"
on 0 identify made.h5 -identify on
ends_with 1
says err "-identify"

for type in bqnls bntr; do
  on 0 made.h5 -o reference.h5 -threads 1 -tao_type $type
  ends_with 0
  says out "the data determine"
  says out "of the prior"
  says out "validation loss"
  says out "validation  RMSD/cm-1"
  [ "$(grep -c "^[a-zA-Z].*  validation$" out)" -eq 3 ] || failed "not 3 molecules are marked as for validation"
  for ranks in 1 2; do
    on $ranks made.h5 -o other.h5 -threads 2 -tao_type $type
    ends_with 0
    same_bits reference.h5 other.h5 /parameters/final /parameters/by_equality /iterations/loss /iterations/prior /iterations/gradient \
      /molecules/validation /iterations/validation_loss /identifiability/share /identifiability/eigenvalue
  done
  # Row 0 - 2 row 11 and row 1 + 0.01 row 3 - 5 row 5, in the rows' own units, as they were; and the fit has moved.
  values reference.h5 /parameters/start >start
  values reference.h5 /parameters/final >final
  paste start final | awk '
    { start[NR - 1] = $1; final[NR - 1] = $2 }
    function near(a, b, size) { return a - b < 1e-9 * size && b - a < 1e-9 * size }
    END {
      if (NR != 12) exit 1
      if (!near(final[0] - 2 * final[11], start[0] - 2 * start[11], 1000)) exit 2
      if (!near(final[1] + 0.01 * final[3] - 5 * final[5], start[1] + 0.01 * start[3] - 5 * start[5], 1)) exit 3
      if (near(final[0], start[0], 1000)) exit 4
    }' || failed "the equalities do not hold after the fit, or nothing has moved ($?)"
done

# The option overrides the file's prior: a strong one holds everything where it was.
on 0 made.h5 -o free.h5 -prior all=0 -identify off
ends_with 0
if grep -q "of the prior\|the data determine" out; then failed "a prior or identifiability where there is none"; fi
on 0 made.h5 -o held.h5 -prior all=1e6
ends_with 0
h5diff -p 1e-3 held.h5 held.h5 /parameters/start /parameters/final >/dev/null || failed "a strong prior did not hold the parameters"
h5diff -p 1e-3 free.h5 free.h5 /parameters/start /parameters/final >/dev/null && failed "without a prior nothing moved"
# It holds them at the input's values, also when the fit starts elsewhere.
on 0 made.h5 -o again.h5 -prior all=1e6 -parameters free.h5
ends_with 0
h5diff -p 1e-3 held.h5 again.h5 /parameters/start /parameters/final >/dev/null || failed "the prior's centre is not the input's value"
on 0 eval made.h5 -prior all=1 -parameters free.h5
ends_with 0
says out "of the data, of the prior"
says out "validation: loss, RMSD"

# Without being asked it does not take more memory than allowed.
on 0 made.h5 -o small.h5 -memory 1K -threads 1
ends_with 0
says out "identifiability not looked at"
on 0 made.h5 -o small.h5 -memory 1K -threads 1 -identify on
ends_with 0
says out "the data determine"

for bad in "-prior bond_k" "-prior bonds=1" "-prior all=-1" "-bounds none" "-identify maybe" "-identify_threshold 2"; do
  on 0 made.h5 -o bad.h5 $bad
  ends_with 1
  says_once err "${bad%% *}"
  no_file bad.h5
done
on 0 eval made.h5 -bounds q2mm
ends_with 0
exit $((failures > 0))
