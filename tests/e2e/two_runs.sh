# Claim: a checkpoint that another run has written meanwhile is not replaced: that is said once, and the fit goes on, or ends, as
# -checkpoint_failure has it; two runs that are given one file both come to their results, and a whole checkpoint of one of them is left.
#     two_runs.sh ORGANIC.h5
. "$(dirname "$0")/common.sh"
organic=$1
[ -f "$organic" ] || { echo "skipped: there is no $organic"; exit 77; }
rm -f ./*.previous
fit="-threads 1 -identify off -checkpoint_interval 1 -fit_stall_tolerance 0 -tao_grtol 0"
on 0 "$organic" -o foreign.h5 $fit -tao_max_it 3
ends_with 0

# begin FILE OPTIONS...: in the background; waits until it has begun.
begin() {
  what="a fit with -checkpoint $*"
  timeout "$limit" "$Q2HPC" "$organic" -o other.h5 $fit -tao_max_it 400 -checkpoint "$@" >out 2>err &
  pid=$!
  until [ -f "$1" ] || ! kill -0 $pid 2>/dev/null; do sleep 0.01; done
}

# Puts another run's checkpoint in the place of the fit's, until the fit has noticed. It may miss one that comes between its last look and
# its renaming, some microseconds later; three in a row it does not.
put_foreign() {
  for attempt in 1 2 3; do
    cp foreign.ckpt.h5 copy && mv copy run.ckpt.h5
    while cmp -s foreign.ckpt.h5 run.ckpt.h5; do
      if grep -q "another run" err || ! kill -0 $pid 2>/dev/null; then return; fi
      sleep 0.01
    done
  done
}
begin run.ckpt.h5
put_foreign
cmp -s foreign.ckpt.h5 run.ckpt.h5 || failed "the other run's checkpoint was replaced"
rm -f run.ckpt.h5
wait $pid
status=$?
ends_with 0
says_once err "warning: no checkpoint: run.ckpt.h5: another run has written it since"
says_once err "warning: checkpoints are written again: run.ckpt.h5"
cmp -s foreign.ckpt.h5 run.ckpt.h5 && failed "the other run's checkpoint is there again"

rm -f run.ckpt.h5* other.h5
begin run.ckpt.h5 -checkpoint_failure stop
put_foreign
wait $pid
status=$?
ends_with 1
says_once err "another run has written it since"
cmp -s foreign.ckpt.h5 run.ckpt.h5 || failed "the other run's checkpoint was replaced"
no_file other.h5 ./*.partial

what="two fits with one checkpoint file"
for type in bqnls bntr; do
  on 0 "$organic" -o $type.h5 $fit -tao_max_it 60 -tao_type $type -checkpoint none
  ends_with 0
  no_file none
done
rm -f run.ckpt.h5*
for type in bqnls bntr; do
  timeout "$limit" "$Q2HPC" "$organic" -o $type.beside.h5 $fit -tao_max_it 60 -tao_type $type -checkpoint run.ckpt.h5 >out.$type 2>err.$type &
done
wait
cat err.bqnls err.bntr | grep -q "another run has written it since" || failed "none of them noticed the other"
for type in bqnls bntr; do
  same_bits $type.h5 $type.beside.h5 /parameters/final
  on 0 "$organic" -o other.h5 $fit -tao_max_it 60 -tao_type $type -restart run.ckpt.h5 -checkpoint none
  [ $status -ne 0 ] || same_bits $type.h5 other.h5 /parameters/final
  [ $status -eq 0 ] || says_once err "option -tao_type: run.ckpt.h5 has"
done
exit $((failures > 0))
