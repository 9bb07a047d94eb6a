# Claim: a molecule whose eigen-decomposition fails makes its point infeasible: the step is shortened, the point counted and named, and the
# fit converges all the same; where it fails for good, the fit ends with the reason and the best parameters found.
#     eigen_failure.sh ORGANIC.h5 LIBRARY     LIBRARY: tests/failing_eigensolver.c
. "$(dirname "$0")/common.sh"
organic=$1 library=$2
[ -f "$organic" ] || { echo "skipped: there is no $organic"; exit 77; }
for type in bqnls bntr bnls; do
  fit="-threads 1 -identify off -checkpoint off -tao_type $type"
  what="counting calls"
  LD_PRELOAD=$library Q2_COUNT_CALLS=calls "$Q2HPC" "$organic" -o clean.h5 $fit >out 2>err || failed "cannot be counted"
  says out " 0 of them infeasible"
  calls=$(cat calls)
  for percent in 10 30 60; do
    what="$type, the eigen-solver fails at call $((calls * percent / 100)) of $calls"
    LD_PRELOAD=$library Q2_FAILING_CALL=$((calls * percent / 100)) timeout "$limit" "$Q2HPC" "$organic" -o failing.h5 $fit -verbose >out 2>err
    status=$?
    ends_with 0
    says_once out " 1 of them infeasible"
    says_once out "infeasible point: 1 molecule failed, the first is "
    says out "converged: "
    # The other way ends in a minimum as good as the one of the fit that was left alone.
    attribute clean.h5 /summary/loss_after >clean
    attribute failing.h5 /summary/loss_after | paste clean - | awk '{ exit !($2 < 1.1 * $1) }' || failed "it ends at another loss: $(cat clean)"
  done
  what="$type, the eigen-solver fails from call $((calls / 2)) on"
  LD_PRELOAD=$library Q2_FAILING_CALL=$((calls / 2)) Q2_FAILING_CALLS=1000 timeout "$limit" "$Q2HPC" "$organic" -o failing.h5 $fit >out 2>err
  status=$?
  if [ "$status" -eq 124 ]; then failed "it does not end"; fi
  grep -E "converged|stopped" out >/dev/null || failed "no reason is given"
done
exit $((failures > 0))
