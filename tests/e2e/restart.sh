# Claim: a fit that is killed at any moment, one rank or all of them, goes on from its checkpoint to the same end, bit for bit, on the same
# or another number of ranks, and loses at most the evaluation that was under way; for every optimizer of docs/optimizers.md, pairs that
# are found anew, and fits in rounds.
#     restart.sh INPUT.h5|made KILLS SEED CONFIGURATION...     KILLS: of each configuration; SEED: of the moments
. "$(dirname "$0")/common.sh"
mpirun_waits
input=$1 kills=$2 seed=$3
shift 3
if [ "$input" = made ]; then
  input=input.h5
  "$Q2HPC_WRITE_DATASET" $input 16 observed || exit 1
fi
[ -f "$input" ] || { echo "skipped: there is no $input"; exit 77; }
content="/parameters/start /parameters/final /iterations/number /iterations/evaluations /iterations/parameters /iterations/loss
  /iterations/gradient /iterations/rmsd /iterations/rmsd_all /iterations/step /frequencies/after"

# random N: 0 to N-1, from the seed.
random() {
  seed=$(((seed * 1103515245 + 12345) % 2147483648))
  chosen=$((seed / 65536 % $1))
}

# begin RANKS ARGUMENTS...: as `on`, in the background.
begin() {
  what="q2hpc $* (ranks: $1), to be killed"
  rm -f out err # of the run before
  ranks=$1
  shift
  if [ "$ranks" -eq 0 ]; then
    "$Q2HPC" "$@" >out 2>err &
  else
    $Q2HPC_MPIRUN "$ranks" "$Q2HPC" "$@" >out 2>err &
  fi
  pid=$!
}

# Kills the run, or one of its ranks, whereupon the others must end by themselves.
kill_run() {
  if [ "$ranks" -eq 0 ]; then
    kill -9 $pid
  else
    children=$(pgrep -P $pid)
    random 2
    if [ $chosen -eq 0 ]; then
      kill -9 $children
    else
      random $ranks
      victim=$(echo $children | cut -d ' ' -f $((chosen + 1)))
      [ -z "$victim" ] || kill -9 "$victim"
    fi
  fi 2>/dev/null
  waited=0
  while kill -0 $pid 2>/dev/null && [ $waited -lt 300 ]; do
    sleep 0.1
    waited=$((waited + 1))
  done
  [ $waited -lt 300 ] || { failed "still there 30 s after a rank was killed"; kill -9 $pid $children 2>/dev/null; }
  wait $pid 2>/dev/null
}

# Waits for a random moment: of the whole run one time in four, else of its fit.
wait_for_moment() {
  random 4
  if [ $chosen -eq 0 ]; then
    random $milliseconds
  else
    until grep -q '^ *iter' out 2>/dev/null || ! kill -0 $pid 2>/dev/null; do sleep 0.01; done
    random $fit_milliseconds
  fi
  sleep "$(awk "BEGIN { print $chosen / 1000 }")"
}

# Evaluations that the killed run has told of: the last column of its last line.
told() { awk '/^ *iter/ { n = NF } n && NF == n && $1 ~ /^[0-9]+$/ { e = $n } END { print e + 0 }' out 2>/dev/null || echo 0; }

total=0 used=0
for options; do
  on 0 "$input" -o reference.h5 -threads 1 -identify off $options
  ends_with 0
  rm -f run.* # of the configuration before
  began=$(date +%s%N)
  on 2 "$input" -o run.h5 -threads 1 -identify off -checkpoint_interval 1 $options
  ends_with 0
  milliseconds=$((($(date +%s%N) - began) / 1000000))
  fit_milliseconds=$(attribute run.h5 /summary/seconds | awk '{ print int(1000 * $1) + 1 }')
  same_bits reference.h5 run.h5 $content
  rm -f run.*
  kill=0
  while [ $kill -lt "$kills" ]; do
    kill=$((kill + 1)) total=$((total + 1))
    random 4
    begin $chosen "$input" -o run.h5 -threads 1 -identify off -checkpoint_interval 1 -restart auto $options
    wait_for_moment
    kill_run
    evaluations=$(told)
    no_result=1
    [ ! -f run.h5 ] || no_result=0
    if [ -f run.ckpt.h5 ]; then
      random 4
      on $chosen "$input" -o other.h5 -threads 1 -identify off -restart run.ckpt.h5 -checkpoint off $options
      ends_with 0
      says_once out "restart from run.ckpt.h5"
      kept=$(sed -n 's/^restart from run.ckpt.h5: \([0-9]*\) evaluations.*/\1/p' out)
      case "$options" in *ts_method*) ;; *) # there each round counts by itself
        [ "${kept:-0}" -ge "$evaluations" ] || failed "$evaluations evaluations were told of, $kept kept" ;;
      esac
      same_bits reference.h5 other.h5 $content
      used=$((used + 1))
    elif [ "$evaluations" -gt 0 ]; then
      failed "no checkpoint after $evaluations evaluations"
    fi
    # Every second time the next run goes on from here, and is killed, too.
    if [ $no_result -eq 0 ] || [ $((kill % 2)) -eq 0 ]; then rm -f run.*; fi
    rm -f other.h5
  done
done
echo "$total kills, $used of them with a checkpoint"
exit $((failures > 0))
