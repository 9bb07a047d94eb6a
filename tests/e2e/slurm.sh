# Claims, with stand-ins for sbatch, srun and scontrol: the batch scripts are sound; a job that gets USR1 passes it on to its ranks, and
# goes back into the queue when q2hpc says that it stopped with a checkpoint, and then goes on from it; other endings are the job's own; a
# scaling study makes its data, submits its arrays, and its table says what the jobs wrote.
#     slurm.sh MOTHER.h5    the data set that the scaling study multiplies
mother=$1
. "$(dirname "$0")/common.sh"
mpirun_waits
. "$Q2HPC_SOURCE/jobs/environment.sh"
rm -rf ./study ./spool ./bin ./job.* ./stopped ./*.log
mkdir bin spool
what="the batch scripts"

for script in "$Q2HPC_SOURCE"/jobs/slurm/*.sh "$Q2HPC_SOURCE"/jobs/slurm/*.sbatch; do
  for shell in sh bash; do
    if command -v $shell >/dev/null; then $shell -n "$script" || failed "$shell -n refuses $script"; fi
  done
  if command -v shellcheck >/dev/null; then shellcheck -s sh -x "$script" || failed "shellcheck has something to say about $script"; fi
done

# sbatch: runs a copy of the script at once, for each number of its array; where FAKE_SIGNAL is set, it gets that signal as soon as all
# ranks run; once more for each `scontrol requeue`. The options of the command line win over those of the script.
cat >bin/sbatch <<'END'
#!/bin/sh
options=
while :; do
  case "$1" in --*) options="$options $1"; shift ;; *) break ;; esac
done
script=$1
shift
value() { # value NAME DEFAULT
  found=$(for o in $(sed -n 's/^#SBATCH *//p' "$script") $options; do echo "$o"; done | sed -n "s/^--$1=//p" | tail -n 1)
  echo "${found:-$2}"
}
nodes=$(value nodes 1)
SLURM_NTASKS=$(value ntasks $((nodes * $(value ntasks-per-node 1))))
export SLURM_NTASKS SLURM_JOB_ID=4711 SLURM_SUBMIT_DIR="$PWD" SLURM_JOB_NAME="$(value job-name job)" SLURM_RESTART_COUNT=0
echo "$script nodes=$nodes tasks=$SLURM_NTASKS gpus-per-node=$(value gpus-per-node 0) signal=$(value signal none)" >>submitted.log
cp "$script" spool/slurm_script
array=$(value array "")
for task in $(if [ -n "$array" ]; then seq "${array%-*}" "${array#*-}"; else echo 0; fi); do
  if [ -n "$array" ]; then export SLURM_ARRAY_JOB_ID=4711 SLURM_ARRAY_TASK_ID="$task"; fi
  while :; do
    rm -f requeue running.*
    sh spool/slurm_script "$@" >>job.out 2>>job.err &
    job=$!
    if [ -n "${FAKE_SIGNAL:-}" ]; then
      waited=0
      until [ "$(ls running.* 2>/dev/null | wc -l)" -eq "$SLURM_NTASKS" ] || [ $waited -gt 300 ]; do sleep 0.1; waited=$((waited + 1)); done
      kill -"$FAKE_SIGNAL" $job
    fi
    wait $job
    echo $? >>job.status
    [ -e requeue ] || break
    SLURM_RESTART_COUNT=$((SLURM_RESTART_COUNT + 1))
    FAKE_SIGNAL=
  done
done
END
cat >bin/srun <<'END'
#!/bin/sh
while :; do
  case "$1" in --*) shift ;; *) break ;; esac
done
exec $Q2HPC_MPIRUN "$SLURM_NTASKS" "$@"
END
cat >bin/scontrol <<'END'
#!/bin/sh
echo "scontrol $*" >>scontrol.log
[ -z "${FAKE_REFUSED:-}" ] || exit 1
touch requeue
END
# A stand-in for q2hpc: runs until USR1, then leaves a checkpoint and ends with 75; with a checkpoint it ends well.
cat >bin/q2hpc_stand_in <<'END'
#!/bin/sh
trap 'touch stopped; echo "rank stopped: $*"; exit 75' USR1
case "$*" in *"--restart auto") ;; *) echo "no --restart auto"; exit 9 ;; esac
if [ -e stopped ]; then echo "goes on from the checkpoint"; exit 0; fi
if [ -n "${FAKE_STATUS:-}" ]; then exit "$FAKE_STATUS"; fi
touch "running.$$"
tries=0
while [ $tries -lt 150 ]; do sleep 0.1; tries=$((tries + 1)); done
exit 8
END
chmod +x bin/*
PATH=$PWD/bin:$PATH
export PATH Q2HPC_SOURCE Q2HPC_MPIRUN FAKE_SIGNAL FAKE_STATUS FAKE_REFUSED
Q2HPC_PROGRAM=$Q2HPC
export Q2HPC="$PWD/bin/q2hpc_stand_in"

submit() { # submit ARGUMENTS...: leaves job.out, job.err, job.status
  what="sbatch $*"
  rm -f job.out job.err job.status stopped scontrol.log submitted.log running.*
  timeout "$limit" sbatch "$@" || failed "the stand-in for sbatch ended with $?"
  cp job.out out
  cp job.err err
}
statuses() { [ "$(tr '\n' ' ' <job.status)" = "$1 " ] || failed "the job ended with $(tr '\n' ' ' <job.status), expected $1"; }

for script in one_node many_nodes; do
  FAKE_SIGNAL=USR1 FAKE_STATUS='' FAKE_REFUSED=''
  submit --nodes=1 --ntasks-per-node=2 "$Q2HPC_SOURCE/jobs/slurm/$script.sbatch" input.h5 -tao_max_it 5
  statuses "0 0"
  [ "$(grep -c "rank stopped: input.h5 -tao_max_it 5 --restart auto" out)" -eq 2 ] || failed "USR1 did not reach both ranks"
  says_once out "job 4711: stopped with a checkpoint, requeued"
  says out "goes on from the checkpoint"
  grep -qx "scontrol requeue 4711" scontrol.log || failed "it was not requeued"
  grep -q "signal=B:USR1@120" submitted.log || failed "$script.sbatch asks for no USR1"

  FAKE_SIGNAL='' FAKE_STATUS=3
  submit --nodes=1 --ntasks-per-node=2 "$Q2HPC_SOURCE/jobs/slurm/$script.sbatch" input.h5
  statuses 3
  [ ! -e scontrol.log ] || failed "a run that failed was requeued"
done

FAKE_SIGNAL=USR1 FAKE_STATUS='' FAKE_REFUSED=yes
submit --nodes=1 --ntasks-per-node=2 "$Q2HPC_SOURCE/jobs/slurm/one_node.sbatch" input.h5
statuses 75
says err "scontrol requeue failed"
FAKE_REFUSED=''
Q2HPC_MOST_REQUEUES=0 submit --nodes=1 --ntasks-per-node=2 "$Q2HPC_SOURCE/jobs/slurm/one_node.sbatch" input.h5
statuses 75
[ ! -e scontrol.log ] || failed "requeued more often than Q2HPC_MOST_REQUEUES"
submit "$Q2HPC_SOURCE/jobs/slurm/one_node.sbatch"
statuses 2
says err "usage: sbatch jobs/slurm/one_node.sbatch"

# --- a scaling study, with q2hpc itself ---

FAKE_SIGNAL=''
python=$Q2HPC_SOURCE/build/venv/bin/python
[ -x "$python" ] || python=python3
"$python" -c 'import numpy, h5py' 2>/dev/null || { echo "skipped the scaling study: Python has no numpy or h5py"; [ $failures -eq 0 ] && exit 77; exit 1; }
export Q2HPC="$Q2HPC_PROGRAM" Q2HPC_PYTHON="$python" Q2HPC_MOTHER="$mother" Q2HPC_ATOMS=6 Q2HPC_GPUS=2 Q2HPC_REPEAT=2 Q2HPC_SBATCH="--array=1-2"
rm -f submitted.log job.*
for kind in strong weak; do
  what="scaling.sh $kind"
  timeout "$limit" sh "$Q2HPC_SOURCE/jobs/slurm/scaling.sh" $kind study 6 1 2 3 >out 2>err || failed "exit status $?"
done
for line in "nodes=1 tasks=1 gpus" "nodes=1 tasks=2 gpus" "nodes=2 tasks=3 gpus"; do
  [ "$(grep -c "$line" submitted.log)" -eq 2 ] || failed "not submitted twice: $line"
done
what="collect.py study"
"$python" "$Q2HPC_SOURCE/jobs/slurm/collect.py" study >out 2>err
status=$?
ends_with 0
for line in "strong 1 2 6" "strong 2 2 6" "strong 3 2 6" "weak 1 2 6" "weak 2 2 12" "weak 3 2 18"; do
  tr -s ' ' <out | grep -q "^$line " || failed "no line of kind, ranks, runs, molecules: $line"
done
grep -q "^strong *1 .* 1.00   cpu" out || failed "the efficiency of the first point is not 1"
echo "exit status 1" >study/weak.9.1.out
printf 'half a run' >study/strong.9.1.out
"$python" "$Q2HPC_SOURCE/jobs/slurm/collect.py" study >out 2>err
status=$?
ends_with 1
says err "weak.9.1.out: exit status 1"
says err "strong.9.1.out: has not ended"
exit $((failures > 0))
