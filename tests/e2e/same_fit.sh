# Claim: a fit takes the same path to the same parameters, bit for bit, on any number of ranks, threads and wave sizes.
#     same_fit.sh INPUT.h5 RANKS [options of the fit...]     RANKS: for example "1 2 4"
. "$(dirname "$0")/common.sh"
input=$1 list=$2
shift 2
if [ "$input" = made ]; then
  input=made.h5
  "$Q2HPC_WRITE_DATASET" $input 7 || exit 1
fi
[ -f "$input" ] || { echo "skipped: there is no $input"; exit 77; }
content="/parameters/start /parameters/final /parameters/at_bound /iterations/number /iterations/evaluations /iterations/parameters
  /iterations/loss /iterations/rmsd /iterations/gradient /iterations/gradient_norm /iterations/step /frequencies/before /frequencies/after"

on 0 "$input" -o reference.h5 -threads 1 "$@"
ends_with 0
cat out
for ranks in $list; do
  on "$ranks" "$input" -o other.h5 -threads 1 "$@"
  ends_with 0
  same_bits reference.h5 other.h5 $content
done
on 1 "$input" -o other.h5 -threads 3 -wave 2 "$@"
ends_with 0
same_bits reference.h5 other.h5 $content
on 2 "$input" -o other.h5 -threads 2 -memory 1M "$@"
ends_with 0
same_bits reference.h5 other.h5 $content

# The comparison would notice: a fit that stops earlier differs.
on 0 "$input" -o other.h5 -threads 1 "$@" -tao_max_it 2
ends_with 0
before=$failures
same_bits reference.h5 other.h5 /parameters/final 2>/dev/null
if [ "$failures" -gt "$before" ]; then failures=$before; else failed "the comparison sees no difference where there must be one"; fi
exit $((failures > 0))
