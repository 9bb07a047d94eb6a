# Claim: more ranks than molecules work, and change nothing.
. "$(dirname "$0")/common.sh"
"$Q2HPC_WRITE_DATASET" made.h5 2 || exit 1
on 1 made.h5 -o one.h5 -threads 1
ends_with 0
if [ -n "${Q2HPC_SANITIZED:-}" ]; then list=3; else list="3 5"; fi # they are slow
for ranks in $list; do
  on $ranks made.h5 -o many.h5 -threads 1
  ends_with 0
  same_bits one.h5 many.h5 /parameters/final /iterations/loss /iterations/gradient /frequencies/after
  on $ranks info made.h5
  ends_with 0
  on $ranks eval made.h5
  ends_with 0
  on $ranks bench made.h5 -repeat 2
  ends_with 0
done
exit $((failures > 0))
