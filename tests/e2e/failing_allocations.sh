# What the tests of failing allocations share; to be sourced after common.sh. They set
#     program   with tests/failing_calls.c in it
#     samples   of the places that a process allocates at, how many fail; all: all
#     output    what the command writes, "other..."; `reference` is what it writes undisturbed
# and may define `complete`, which looks whether $output is as good as `reference`: a run that goes on all the same comes to it, and one that
# fails leaves nothing less. A place is a stack of calls; of those that allocate often the first allocation fails.
export OMP_NUM_THREADS=1
output=other.h5 tried=0 went_on=0 places=0
rm -f all_messages

complete() { cmp -s reference "$output" || failed "other bytes"; }

nothing_held() { if grep "^leak: " err >&2; then failed "what it holds is not freed"; fi; }

# attempt RANKS ARGUMENTS...: the program, with what the environment says.
attempt() {
  ranks=$1
  shift
  timeout 60 $Q2HPC_MPIRUN "$ranks" "$program" "$@" >out 2>err
  status=$?
}

# judge RANK: how the run ended in which an allocation failed there.
judge() {
  grep '^q2hpc: ' err | grep -v '^q2hpc: warning:' >messages
  case $status in
  0) went_on=$((went_on + 1)) ;;
  1 | 2)
    [ "$status" -eq 1 ] || grep "command line" messages >/dev/null || failed "exit status 2"
    [ "$(wc -l <messages)" -eq 1 ] || failed "$(wc -l <messages) messages"
    grep "memory" messages >/dev/null || failed "the message does not speak of memory"
    [ -n "${Q2_FAIL_TRIAL:-}" ] || [ "$ranks" -eq 1 ] || grep "^q2hpc: rank $1 on node [^ ]*[,:] " messages >/dev/null ||
      failed "the message does not name rank $1"
    cat messages >>all_messages
    ;;
  124) failed "still running after 60 s" ;;
  *) failed "exit status $status" ;;
  esac
  if [ -e "$output" ] && [ -e reference ]; then complete; fi
  nothing_held
  if grep -E 'Sanitizer|runtime error|Segmentation|signal' err >/dev/null; then failed "worse than a failure"; fi
  no_file ./*.partial
  rm -f other*
}

# each_place RANKS ARGUMENTS...: q2hpc with them fails in one place after another, of each rank.
each_place() {
  what="counting the allocations of q2hpc $*"
  rm -f places.* other* reference
  Q2_LIST_PLACES=places attempt "$@"
  ends_with 0
  nothing_held
  if [ -e "$output" ]; then mv "$output" reference; fi
  rm -f other*
  rank=0
  while [ $rank -lt "$1" ]; do
    all=$(wc -l <places.$rank)
    [ "$all" -gt 50 ] || failed "only $all places"
    places=$((places + all)) stride=1
    if [ "$samples" != all ]; then stride=$(((all + samples - 1) / samples)); fi
    # Another part of them for each command and rank.
    for call in $(awk -v stride=$stride -v part=$((tried % stride)) 'NR % stride == part' places.$rank); do
      what="allocation $call fails on rank $rank of $1: q2hpc $(echo "$*" | cut -d ' ' -f 2-)"
      export Q2_FAIL=allocation Q2_FAIL_RANK=$rank Q2_FAIL_CALL=$call
      attempt "$@"
      judge $rank
      unset Q2_FAIL Q2_FAIL_RANK Q2_FAIL_CALL
      tried=$((tried + 1))
    done
    rank=$((rank + 1))
  done
}

# The test's end.
sum_up() {
  echo "$tried allocations failed in $places places; after $went_on of them it went on; $(sort -u all_messages | wc -l) messages"
  exit $((failures > 0))
}
