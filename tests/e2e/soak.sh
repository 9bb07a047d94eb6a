# Claim: a long fit holds no more at its end than a short one: no communicator, no descriptor, no memory of the heap; and the most memory that
# it had at any time is more by its log of evaluations alone. With checkpoints; with optimizers that start anew; on two ranks.
#     soak.sh LIBRARY SHORT LONG      LIBRARY: tests/held.c; iterations of the two fits
. "$(dirname "$0")/common.sh"
library=$1 short=$2 long=$3
limit=${Q2HPC_TEST_LIMIT:-14400}
"$Q2HPC_WRITE_DATASET" input.h5 6 || exit 1

# fit ITERATIONS OPTIONS...: a fit that goes on at its minimum; leaves `evaluations` and what is held in held.ITERATIONS.RANK.
fit() {
  number=$1
  shift
  rm -f run.*
  what="$number iterations with $*"
  LD_PRELOAD=$library Q2_HELD=held.$number timeout "$limit" $Q2HPC_MPIRUN 2 "$Q2HPC" input.h5 -o run.h5 -threads 1 -identify off \
    -fit_stall_tolerance 0 -tao_grtol 0 -tao_gatol 0 -tao_steptol 0 -tao_max_it "$number" "$@" >out 2>err
  status=$?
  ends_with 0 1 # 1: the line search finds nothing lower any more
  evaluations=$(sed -n 's/^\([0-9]*\) evaluations.*/\1/p' out)
  variables=$(sed -n 's/.* parameters of which \([0-9]*\) vary.*/\1/p' out)
}

compare() {
  fit "$short" "$@"
  before=$evaluations
  fit "$long" "$@"
  echo "$*: $before and $evaluations evaluations, $(values run.h5 /iterations/number | tail -n 1) iterations"
  # x, gradient and record of an evaluation; the log doubles when it is full; the image, the file and a copy of a column while it is written.
  bytes=$(((evaluations - before) * (16 * variables + 96) * 5))
  for rank in 0 1; do
    read -r communicators descriptors heap most <held."$short".$rank
    read -r communicators_after descriptors_after heap_after most_after <held."$long".$rank
    echo "  rank $rank: communicators $communicators, $communicators_after; descriptors $descriptors, $descriptors_after;" \
      "heap $heap, $heap_after bytes; at most $most, $most_after kB"
    [ "$communicators_after" -eq "$communicators" ] || failed "rank $rank has made communicators that it does not free"
    [ "$descriptors_after" -eq "$descriptors" ] || failed "rank $rank has opened what it does not close"
    # Libraries differ by some kB from run to run.
    [ $((heap_after - heap)) -lt 16384 ] || failed "rank $rank holds memory"
    [ $((most_after - most)) -lt $((bytes / 1024 + 2048)) ] || failed "rank $rank has grown by more than its log"
  done
}
compare -tao_type bnls
[ "$(values run.h5 /iterations/number | tail -n 1)" -eq "$long" ] || failed "it did not come to its end"
[ "$evaluations" -gt $((5 * long)) ] || failed "$evaluations evaluations"
compare -tao_type bqnls
compare -tao_type bntr -match overlap -assign iteration
exit $((failures > 0))
