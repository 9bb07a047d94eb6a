# Claim: whichever of q2hpc's allocations fails, on whichever rank, the run ends within seconds on all ranks, with one message that says so
# and names the rank, with status 1 and nothing half-written;
# or it goes on, a checkpoint less, to the same result.
#     allocation.sh PROGRAM SAMPLES      PROGRAM: with tests/failing_calls.c; SAMPLES: of the places that a rank allocates at, how many fail; all: all
# A place is a stack of calls; of those that allocate often the first allocation fails.
. "$(dirname "$0")/common.sh"
program=$1 samples=$2
"$Q2HPC_WRITE_DATASET" input.h5 6 observed || exit 1
export OMP_NUM_THREADS=1
seconds=${Q2HPC_ALLOCATION_LIMIT:-60}
tried=0 went_on=0 places=0

# run RANKS ARGUMENTS...: the program, with what the environment says.
run() {
  ranks=$1
  shift
  timeout "$seconds" $Q2HPC_MPIRUN "$ranks" "$program" "$@" >out 2>err
  status=$?
}

# The failing run's end.
judge() {
  rank=$1
  grep '^q2hpc: ' err | grep -v '^q2hpc: warning:' >messages
  case $status in
  1 | 2)
    [ "$status" -eq 1 ] || grep "command line" messages >/dev/null || failed "exit status 2"
    [ "$(wc -l <messages)" -eq 1 ] || failed "$(wc -l <messages) messages"
    grep -E "memory" messages >/dev/null || failed "the message does not speak of memory"
    [ "$ranks" -eq 1 ] || grep "^q2hpc: rank $rank on node [^ ]*[,:] " messages >/dev/null || failed "the message does not name rank $rank"
    cat messages >>all_messages
    ;;
  0)
    went_on=$((went_on + 1)) # without a checkpoint, or without what made something faster or smaller
    [ ! -e reference.h5 ] || same_bits reference.h5 other.h5 /parameters/final
    ;;
  124) failed "still running after $seconds s" ;;
  *) failed "exit status $status" ;;
  esac
  if grep -E 'Sanitizer|runtime error|Segmentation|signal' err >/dev/null; then failed "worse than a failure"; fi
  no_file ./*.partial
  rm -f other.h5 other.ckpt.h5*
}

# tries RANKS ARGUMENTS...: all of it, with other.h5 as the result.
tries() {
  what="counting the allocations of q2hpc $*"
  rm -f places.* other*.h5* reference.h5
  Q2_LIST_PLACES=places run "$@"
  ends_with 0
  if [ -e other.h5 ]; then mv other.h5 reference.h5; fi
  rank=0
  while [ $rank -lt "$1" ]; do
    all=$(wc -l <places.$rank)
    [ "$all" -gt 100 ] || failed "only $all places"
    places=$((places + all)) stride=1
    if [ "$samples" != all ]; then stride=$(((all + samples - 1) / samples)); fi
    # Another part of them for each command and rank.
    for call in $(awk -v stride=$stride -v part=$((tried % stride)) 'NR % stride == part' places.$rank); do
      rm -f other*.h5*
      export Q2_FAIL=allocation Q2_FAIL_RANK=$rank Q2_FAIL_CALL=$call
      what="allocation $call fails on rank $rank of $1: q2hpc $(echo "$*" | cut -d ' ' -f 2-)"
      run "$@"
      judge $rank
      unset Q2_FAIL Q2_FAIL_RANK Q2_FAIL_CALL
      tried=$((tried + 1))
    done
    rank=$((rank + 1))
  done
}

fit="input.h5 -threads 1 -o other.h5 -checkpoint_interval 1 -tao_max_it 2"
tries 2 $fit
tries 2 $fit -tao_type bntr -match overlap -assign iteration
cp reference.h5 start.result.h5
$Q2HPC input.h5 -threads 1 -o kept.h5 -checkpoint_interval 1 -tao_max_it 1 >out 2>err || failed "no checkpoint to restart from"
tries 2 input.h5 -threads 1 -o other.h5 -checkpoint off -tao_max_it 2 -restart kept.ckpt.h5
tries 1 eval input.h5 -parameters start.result.h5 -hessians other_hessians.h5
echo "$tried of $places places where an allocation failed, after $went_on of which the fit went on; $(sort -u all_messages | wc -l) messages"
exit $((failures > 0))
