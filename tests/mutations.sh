# Claim: mutations.c's. Repeats it until it comes to its end, because what it reads may kill it.
#     mutations.sh PROGRAM RANKS FIRST COUNT SECONDS TRIAL
# The checkpoint that is damaged is one that q2hpc writes here.
program=$1 ranks=$2 first=$3 count=$4 seconds=$5 trial=$6
rm -f progress died.*.h5 damaged.h5
"$Q2HPC_WRITE_DATASET" made.h5 3 || exit 1
$Q2HPC_MPIRUN 1 "$Q2HPC" made.h5 -tao_max_it 4 -tao_type bntr -checkpoint checkpoint.h5 -checkpoint_interval 1 >out 2>&1 || { cat out; exit 1; }
end=$(($(date +%s) + seconds))
while :; do
  before=$(cat progress 2>/dev/null)
  $Q2HPC_MPIRUN "$ranks" "$program" "$first" "$count" $((end - $(date +%s))) "$trial" checkpoint.h5
  status=$?
  [ $status -ne 0 ] && [ $status -ne 3 ] || exit $status
  [ "$before" != "$(cat progress 2>/dev/null)" ] || { echo "no progress: status $status"; exit 1; }
done
