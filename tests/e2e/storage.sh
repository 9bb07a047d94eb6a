# Claim: whichever call of the system fails while checkpoints and the result are written, no complete checkpoint is lost: the next run
# goes on from it to the same bits. A checkpoint that cannot be written is said once, and the fit goes on to the same result or ends, as
# -checkpoint_failure has it; a result that cannot be written is status 1 with its name, and no half of it is left.
#     storage.sh PROGRAM STRIDE      PROGRAM: with tests/failing_calls.c; STRIDE: every so many-th call fails
. "$(dirname "$0")/common.sh"
program=$1 stride=$2
"$Q2HPC_WRITE_DATASET" input.h5 6 observed || exit 1
fit="input.h5 -o run.h5 -threads 1 -checkpoint_interval 1 -identify off -input_trial off -tao_max_it 3"
content="/parameters/final /iterations/parameters /iterations/loss /iterations/gradient"
tried=0

run() { timeout "$limit" "$program" $fit "$@" >out 2>err; status=$?; }

what="counting the calls of q2hpc $fit"
rm -f run.* count.*
Q2_COUNT_CALLS=count run
ends_with 0
mv run.h5 reference.h5
read -r _ all <count.0
[ "$all" -gt 40 ] || failed "$all calls are too few"

# judge WARN|STOP: the run's end.
judge() {
  [ "$times" -gt 1 ] || no_file ./*.partial # a disk that fails for good lets nothing be removed
  case $status in
  0) [ ! -s err ] || says err "; the fit goes on" ;;
  1)
    grep '^q2hpc: ' err | grep -v '^q2hpc: warning:' >message
    [ "$(wc -l <message)" -eq 1 ] || failed "not one message"
    says_once message "$reason"
    grep -E 'run(.ckpt)?.h5' message >/dev/null || failed "the message names no file"
    ;;
  *) failed "exit status $status" ;;
  esac
  if [ -e run.h5 ]; then
    same_bits reference.h5 run.h5 $content
  elif [ $status -eq 0 ]; then
    failed "there is no result"
  fi
  if [ "$1" = warn ] && [ $status -eq 1 ]; then says message " run.h5: "; fi # of the result alone
  kept=
  [ ! -e run.ckpt.h5 ] && [ ! -e run.ckpt.h5.previous ] || kept=1
  rm -f run.h5
  what="going on after: $what"
  timeout "$limit" "$Q2HPC" $fit -restart auto >out 2>err
  status=$?
  ends_with 0
  [ -z "$kept" ] || says_once out "restart from run.ckpt.h5"
  same_bits reference.h5 run.h5 $content
}

code=0
call=1
while [ $call -le "$all" ]; do
  for choice in warn stop; do
    # ENOSPC, EIO, EDQUOT, EROFS, EACCES in turn, once and for good.
    code=$(((code + 1) % 5))
    case $code in
    0) number=28 reason="No space left on device" ;;
    1) number=5 reason="Input/output error" ;;
    2) number=122 reason="Disk quota exceeded" ;;
    3) number=30 reason="Read-only file system" ;;
    4) number=13 reason="Permission denied" ;;
    esac
    for times in 1 1000000; do
      rm -f run.*
      what="calls $call to $((call + times - 1)) of $all fail ($reason), -checkpoint_failure $choice"
      export Q2_FAIL=storage Q2_FAIL_CALL=$call Q2_FAIL_CALLS=$times Q2_FAIL_ERRNO=$number
      run -checkpoint_failure $choice
      unset Q2_FAIL Q2_FAIL_CALL Q2_FAIL_CALLS Q2_FAIL_ERRNO
      judge $choice
      tried=$((tried + 1))
    done
  done
  call=$((call + stride))
done
echo "$tried runs with failing calls"
exit $((failures > 0))
