#!/bin/sh
# A scaling study: makes the data sets, and submits one job array (of repetitions) for each number of ranks:
#     sh jobs/slurm/scaling.sh strong FOLDER [MOLECULES] [RANKS...]    one data set of so many molecules on all numbers of ranks
#     sh jobs/slurm/scaling.sh weak FOLDER [MOLECULES] [RANKS...]      so many molecules a rank
# Defaults: 50,000 (strong), 5,000 (weak); 1 2 4 8 16 32 ranks. When the jobs are done:
#     python3 jobs/slurm/collect.py FOLDER
# Q2HPC_GPUS: GPUs of a node (4). Q2HPC_SBATCH: more options for sbatch, such as "--partition=gpu --account=NAME".
set -eu
: "${Q2HPC_SOURCE:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${Q2HPC_GPUS:=4}" "${Q2HPC_SBATCH:=}" "${Q2HPC_PYTHON:=python3}" "${Q2HPC_MOTHER:=$Q2HPC_SOURCE/jobs/data/mixed_xtb.h5}" "${Q2HPC_ATOMS:=40}"
usage() {
  echo "usage: sh jobs/slurm/scaling.sh strong|weak FOLDER [MOLECULES] [RANKS...]" >&2
  exit 2
}
[ $# -ge 2 ] || usage
kind=$1 folder=$2
shift 2
case "$kind" in strong) molecules=50000 ;; weak) molecules=5000 ;; *) usage ;; esac
if [ $# -ge 1 ]; then
  molecules=$1
  shift
fi
[ $# -ge 1 ] || set -- 1 2 4 8 16 32
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
export Q2HPC_SOURCE

for ranks; do
  count=$molecules
  [ "$kind" = strong ] || count=$((molecules * ranks))
  input=$folder/$count.h5
  [ -s "$input" ] || "$Q2HPC_PYTHON" "$Q2HPC_SOURCE/jobs/generate.py" "$Q2HPC_MOTHER" "$input" --molecules "$count" --atoms "$Q2HPC_ATOMS"
  nodes=$(((ranks + Q2HPC_GPUS - 1) / Q2HPC_GPUS))
  # shellcheck disable=SC2086
  sbatch $Q2HPC_SBATCH --nodes="$nodes" --ntasks="$ranks" --gpus-per-node="$Q2HPC_GPUS" "$Q2HPC_SOURCE/jobs/slurm/scaling.sbatch" \
    "$folder/$kind.$ranks" "$input"
done
