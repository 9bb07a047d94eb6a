# Claim: mutations.c's. Repeats it until it comes to its end, because what it reads may kill it.
#     mutations.sh PROGRAM RANKS COUNT SECONDS TRIAL [CHECKPOINT]
program=$1 ranks=$2 count=$3 seconds=$4 trial=$5 checkpoint=${6:-}
rm -f progress died.*.h5 damaged.h5
if [ -n "$checkpoint" ]; then
  "$Q2HPC_WRITE_DATASET" made.h5 3 && $Q2HPC_MPIRUN 1 "$Q2HPC" made.h5 -tao_max_it 4 -tao_type bntr -checkpoint checkpoint.h5 -checkpoint_interval 1 >out 2>&1 ||
    { cat out; exit 1; }
  checkpoint=checkpoint.h5
fi
end=$(($(date +%s) + seconds))
while :; do
  before=$(cat progress 2>/dev/null)
  $Q2HPC_MPIRUN "$ranks" "$program" "$count" $((end - $(date +%s))) "$trial" $checkpoint
  status=$?
  [ $status -ne 0 ] && [ $status -ne 3 ] || exit $status
  [ "$before" != "$(cat progress 2>/dev/null)" ] || { echo "no progress: status $status"; exit 1; }
done
