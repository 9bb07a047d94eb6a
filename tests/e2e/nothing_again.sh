# Claim: a restart evaluates nothing again that is in the log: with the log of a whole fit it decomposes no more matrices than a fit that
# has nothing to do; where pairs have to be found at the first point, those of one evaluation more.
#     nothing_again.sh ORGANIC.h5 LIBRARY     LIBRARY: tests/failing_eigensolver.c, which counts
. "$(dirname "$0")/common.sh"
organic=$1 library=$2
[ -f "$organic" ] || { echo "skipped: there is no $organic"; exit 77; }

# count ARGUMENTS...: runs q2hpc and leaves the number of decompositions in `calls`.
count() {
  what="q2hpc $*"
  LD_PRELOAD=$library Q2_COUNT_CALLS=count timeout "$limit" "$Q2HPC" "$organic" -threads 1 -identify off "$@" >out 2>err
  status=$?
  ends_with 0
  calls=$(cat count)
}

molecules=29
for options in "-tao_type bqnls" "-tao_type bntr" "-tao_type bnls" "-tao_type bntr -match overlap"; do
  count -o least.h5 $options -tao_max_it 0 -checkpoint off
  least=$calls
  rm -f run.*
  count -o run.h5 $options -tao_max_it 30 -checkpoint_interval 1
  [ "$calls" -gt $((least + 25 * molecules)) ] || failed "$calls decompositions are not those of a fit of 30 iterations"
  count -o other.h5 $options -tao_max_it 30 -checkpoint off -restart run.ckpt.h5
  case "$options" in *overlap) least=$((least + 3 * molecules)) ;; esac
  [ "$calls" -le "$least" ] || failed "$calls decompositions, at most $least expected"
  same_bits run.h5 other.h5 /parameters/final
done
exit $((failures > 0))
