# Claim: whichever allocation of a fit or an evaluation fails, on whichever rank or in the process that tries an input, the run ends within
# seconds on all ranks, with one message that says so and names the rank, with status 1, nothing half-written and nothing held; or it goes on,
# a checkpoint less, to the same result.
#     allocation.sh PROGRAM SAMPLES      as in failing_allocations.sh
. "$(dirname "$0")/common.sh"
program=$1 samples=$2
. "$(dirname "$0")/failing_allocations.sh"
"$Q2HPC_WRITE_DATASET" input.h5 6 observed || exit 1

# Where it goes on, it is without a checkpoint, or without what made something faster or smaller.
complete() { same_bits reference "$output" $content; }

fit="input.h5 -threads 1 -o other.h5 -checkpoint_interval 1 -tao_max_it 2"
content="/parameters/final /iterations/loss /frequencies/before"
each_place 2 $fit
each_place 2 $fit -tao_type bntr -match overlap -assign iteration
cp reference start.result.h5
$Q2HPC input.h5 -threads 1 -o kept.h5 -checkpoint_interval 1 -tao_max_it 1 >out 2>err || failed "no checkpoint to restart from"
each_place 2 input.h5 -threads 1 -o other.h5 -checkpoint off -tao_max_it 2 -restart kept.ckpt.h5

# The trial allocates once for each attribute and each part of a dataset.
export Q2_FAIL=allocation Q2_FAIL_TRIAL=1
for call in 1 2 10 20; do
  what="allocation $call fails in the trial of input.h5"
  export Q2_FAIL_CALL=$call
  attempt 2 $fit
  [ $status -ne 0 ] || failed "it has not failed"
  says err "its trial"
  judge 0
  tried=$((tried + 1))
done
unset Q2_FAIL Q2_FAIL_TRIAL Q2_FAIL_CALL

output=other_hessians.h5 content="/atoms/gradient /energies/total /hessian"
each_place 1 eval input.h5 -parameters start.result.h5 -hessians other_hessians.h5
sum_up
