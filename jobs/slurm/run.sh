# What the batch scripts of this folder share; to be sourced by them, in the job's own shell.

# The folder of q2hpc: where the job was submitted, unless Q2HPC_SOURCE says otherwise (sbatch runs a copy of the script).
: "${Q2HPC_SOURCE:=${SLURM_SUBMIT_DIR:-$PWD}}"
: "${Q2HPC:=$Q2HPC_SOURCE/build/release/q2hpc}"
: "${Q2HPC_LAUNCH:=srun --mpi=pmix --gpu-bind=none}" # or "mpirun --map-by ppr:4:node"; all ranks of a node see all of its GPUs
: "${Q2HPC_MOST_REQUEUES:=100}"

export OPENBLAS_NUM_THREADS=1 # a matrix is one thread's

# q2hpc's exit status when a signal stopped it after it had written a checkpoint (sysexits.h: EX_TEMPFAIL).
stopped=75

# forward COMMAND...: runs the command in the background and passes USR1 and TERM on to it: srun and mpirun hand USR1 to all of their
# ranks. Returns its exit status.
forward() {
  launcher='' interrupted=''
  trap 'interrupted=yes; [ -z "$launcher" ] || kill -USR1 "$launcher"' USR1
  trap 'interrupted=yes; [ -z "$launcher" ] || kill -TERM "$launcher"' TERM
  "$@" &
  launcher=$!
  wait "$launcher"
  status=$?
  while [ -n "$interrupted" ]; do # the signal ended the wait, not the command
    interrupted=''
    wait "$launcher"
    again=$?
    [ $again -eq 127 ] || status=$again # 127: no such child any more, the first status was the command's
  done
  trap - USR1 TERM
  return $status
}

# fit INPUT.h5 [options of q2hpc]: goes on from the checkpoint if there is one; a run that was stopped with a checkpoint goes back into
# the queue. Ends the job.
fit() {
  [ $# -ge 1 ] || { echo "usage: sbatch jobs/slurm/${SLURM_JOB_NAME:-NAME}.sbatch INPUT.h5 [options of q2hpc]" >&2; exit 2; }
  # Q2HPC_LAUNCH is several words.
  # shellcheck disable=SC2086
  forward $Q2HPC_LAUNCH "$Q2HPC" "$@" --restart auto
  status=$?
  if [ $status -eq $stopped ]; then
    job=${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID}
    if [ "${SLURM_RESTART_COUNT:-0}" -ge "$Q2HPC_MOST_REQUEUES" ]; then
      echo "job ${job:-$SLURM_JOB_ID}: stopped with a checkpoint; requeued $SLURM_RESTART_COUNT times already, not again" >&2
    else
      echo "job ${job:-$SLURM_JOB_ID}: stopped with a checkpoint, requeued"
      scontrol requeue "${job:-$SLURM_JOB_ID}" && exit 0
      echo "job ${job:-$SLURM_JOB_ID}: scontrol requeue failed; submit it again, it goes on from its checkpoint" >&2
    fi
  fi
  exit $status
}
