# Claim: mutations.c's, for many files: nine of ten on one rank, a share on each core, then the rest on two ranks.
#     mutations_campaign.sh BUILD COUNT      in the current folder
build=$1 count=$2
Q2HPC=$build/q2hpc Q2HPC_WRITE_DATASET=$build/tests/write_dataset Q2HPC_MPIRUN="mpirun -n"
export Q2HPC Q2HPC_WRITE_DATASET Q2HPC_MPIRUN
here=$(cd "$(dirname "$0")" && pwd)

# part NAME RANKS FIRST COUNT
part() {
  mkdir -p "$1"
  (cd "$1" && sh "$here/mutations.sh" "$build/tests/mutations" "$2" "$3" "$4" 1000000 fork >log 2>&1; echo $? >status)
}
cores=$(getconf _NPROCESSORS_ONLN)
share=$((count * 9 / 10 / cores))
core=0
while [ $core -lt "$cores" ]; do
  part one.$core 1 $((core * share)) $share &
  core=$((core + 1))
done
wait
part two 2 $((cores * share)) $((count - cores * share))
grep -h 'damaged files on' ./*/log
[ "$(cat ./*/status | sort -u)" = 0 ]
