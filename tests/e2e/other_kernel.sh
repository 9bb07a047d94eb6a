# Claim: with another BLAS kernel than the checkpoint's, a restart says so and how to get the first one back, and then goes on, or refuses the
# log and names the warm start, which works; with the first kernel it goes on to the same bits. For every optimizer of docs/optimizers.md.
#     other_kernel.sh ORGANIC.h5
. "$(dirname "$0")/common.sh"
organic=$1
[ -f "$organic" ] || { echo "skipped: there is no $organic"; exit 77; }
kernel() { sed -n 's/^BLAS: .*, kernels \([^,]*\), .*/\1/p' out; }
on 0 "$organic" -o run.h5 -threads 1 -tao_max_it 0
usual=$(kernel)
for other in Haswell Sandybridge Nehalem none; do
  OPENBLAS_CORETYPE=$other "$Q2HPC" "$organic" -o run.h5 -threads 1 -tao_max_it 0 >out 2>err && [ "$(kernel)" = "$other" ] && [ "$other" != "$usual" ] && break
done
[ $other != none ] || { echo "skipped: this BLAS library has one kernel only"; exit 77; }
for type in bqnls bntr bnls; do
  fit="-threads 1 -identify off -tao_type $type"
  on 0 "$organic" -o reference.h5 $fit -tao_max_it 12 -checkpoint none
  ends_with 0
  rm -f run.*
  on 0 "$organic" -o run.h5 $fit -tao_max_it 6 -checkpoint_interval 1
  ends_with 0

  what="$type, restarted with kernels $other instead of $usual"
  OPENBLAS_CORETYPE=$other timeout "$limit" "$Q2HPC" "$organic" -o other.h5 $fit -tao_max_it 12 -checkpoint none -restart run.ckpt.h5 >out 2>err
  status=$?
  ends_with 0 1
  says_once err "run.ckpt.h5: blas_kernel was \"$usual\", is \"$other\""
  says_once err "OPENBLAS_CORETYPE=$usual, set before"
  [ $status -eq 0 ] || says_once err "q2hpc: the log of evaluations belongs to another run: another start, build or BLAS kernel"

  what="$type, warm with kernels $other"
  OPENBLAS_CORETYPE=$other timeout "$limit" "$Q2HPC" "$organic" -o warm.h5 $fit -tao_max_it 3 -checkpoint none -parameters run.ckpt.h5 >out 2>err
  status=$?
  ends_with 0
  { attribute run.ckpt.h5 /parameters/loss; attribute warm.h5 /summary/loss_before; } | paste - - |
    awk '{ exit !($2 < $1 * (1 + 1e-9) && $2 > $1 * (1 - 1e-9)) }' || failed "it does not begin at the checkpoint's best point"

  on 0 "$organic" -o other.h5 $fit -tao_max_it 12 -checkpoint none -restart run.ckpt.h5
  ends_with 0
  same_bits reference.h5 other.h5 /parameters/final /iterations/loss /iterations/gradient
done
exit $((failures > 0))
