# Claim: whichever of an import's allocations fails, on whichever rank, it ends within seconds on all ranks, with one message that speaks of
# memory, status 1, and nothing written; or it goes on to the same bytes.
#     import_allocation.sh PROGRAM WRITE_MOLECULES SAMPLES      PROGRAM: with tests/failing_calls.c; SAMPLES: places a rank and command; all: all
. "$(dirname "$0")/common.sh"
program=$1 write=$2 samples=$3
rm -rf some
mkdir some fchk 2>/dev/null
"$write" organic_dft.h5 fchk fchk && "$write" organic_dft.h5 mol2 . && "$write" field field.fld || exit 1
for name in ethane methanol dimethyl_ether; do cp fchk/$name.fchk some; done
export OMP_NUM_THREADS=1
seconds=60 tried=0 went_on=0

# run RANKS ARGUMENTS...
run() {
  ranks=$1
  shift
  timeout "$seconds" $Q2HPC_MPIRUN "$ranks" "$program" "$@" >out 2>err
  status=$?
}

judge() {
  grep '^q2hpc: ' err | grep -v '^q2hpc: warning:' >messages
  case $status in
  0)
    went_on=$((went_on + 1))
    cmp -s reference.h5 other.h5 || failed "it went on to other bytes"
    rm -f other.h5
    ;;
  1 | 2)
    [ "$(wc -l <messages)" -eq 1 ] || failed "$(wc -l <messages) messages"
    grep -q memory messages || failed "the message does not speak of memory"
    ;;
  124) failed "still running after $seconds s" ;;
  *) failed "exit status $status" ;;
  esac
  no_file other.h5 other.h5.* ./*.partial
  rm -f other.h5*
}

# tries RANKS ARGUMENTS...: all of it, with other.h5 as the output.
tries() {
  what="counting the allocations of q2hpc $*"
  rm -f places.* other.h5 reference.h5
  Q2_LIST_PLACES=places run "$@"
  ends_with 0
  mv other.h5 reference.h5
  for rank in 0 1; do
    all=$(wc -l <places.$rank)
    [ "$all" -gt 50 ] || failed "only $all places"
    stride=1
    if [ "$samples" != all ]; then stride=$(((all + samples - 1) / samples)); fi
    for call in $(awk -v stride=$stride -v part=$((tried % stride)) 'NR % stride == part' places.$rank); do
      export Q2_FAIL=allocation Q2_FAIL_RANK=$rank Q2_FAIL_CALL=$call
      what="allocation $call fails on rank $rank of $1: q2hpc $(echo "$*" | cut -d ' ' -f 2-)"
      run "$@"
      judge
      unset Q2_FAIL Q2_FAIL_RANK Q2_FAIL_CALL
      tried=$((tried + 1))
    done
  done
}

tries 2 import some -topology structures.mol2 -force_field field.fld -observables frequencies+geometry -o other.h5
tries 2 import some -o other.h5
echo "$tried places where an allocation failed, after $went_on of which the import went on"
exit $((failures > 0))
