# Claims: SIGTERM, SIGINT, SIGUSR1 and SIGUSR2, to one rank, to all or to mpirun, and -time_limit, stop a fit with a checkpoint and status 75,
# and -restart goes on to the same bits; what does not belong to the run, or is damaged, is refused by name; a checkpoint that cannot be
# written is a warning, or ends the fit, as the user chooses.
#     stop.sh ORGANIC.h5
. "$(dirname "$0")/common.sh"
mpirun_waits
organic=$1
[ -f "$organic" ] || { echo "skipped: there is no $organic"; exit 77; }
content="/parameters/final /iterations/number /iterations/evaluations /iterations/parameters /iterations/loss /iterations/gradient"
# A thousand iterations with a checkpoint after every evaluation take seconds: time enough to be stopped.
fit="-threads 1 -identify off -tao_max_it 1000 -fit_stall_tolerance 0 -tao_grtol 0"

# signal RANKS SIGNAL TO: starts a fit, sends it the signal (TO: run, or ranks, or first) when it has begun, and waits.
signal() {
  what="a fit on $1 ranks, SIG$2 to $3"
  rm -f run.* out err
  if [ "$1" -eq 0 ]; then
    timeout "$limit" "$Q2HPC" "$organic" -o run.h5 $fit -checkpoint_interval 1 >out 2>err &
  else
    timeout "$limit" $Q2HPC_MPIRUN "$1" "$Q2HPC" "$organic" -o run.h5 $fit -checkpoint_interval 1 >out 2>err &
  fi
  pid=$!
  until grep -q '^ *1 ' out 2>/dev/null || ! kill -0 $pid 2>/dev/null; do sleep 0.02; done
  run=$(pgrep -P $pid)
  case $3 in
  run) kill -s "$2" $run ;;
  ranks) kill -s "$2" $(pgrep -P $run) ;;
  first) kill -s "$2" "$(pgrep -P $run | head -n 1)" ;;
  esac
  wait $pid
  status=$?
  no_file run.h5 ./*.partial
}

on 0 "$organic" -o reference.h5 $fit -checkpoint off
ends_with 0
no_file ./*.ckpt.h5

# goes_on RANKS: from the last one's checkpoint.
goes_on() {
  on "$1" "$organic" -o other.h5 $fit -restart run.ckpt.h5 -checkpoint off
  ends_with 0
  says_once out "restart from run.ckpt.h5"
  same_bits reference.h5 other.h5 $content
}

for name in TERM INT USR1 USR2; do
  signal 0 $name run
  ends_with 75
  says_once out "stopped (SIG$name) after"
  goes_on 0
done
for to in ranks first; do
  signal 2 TERM $to
  ends_with 75
  says_once out "stopped (SIGTERM) after"
  goes_on 1
done
# mpirun forwards SIGUSR1 and SIGUSR2.
signal 3 USR1 run
ends_with 75
says_once out "stopped (SIGUSR1) after"
goes_on 2
# At SIGTERM it ends the ranks itself: how, and with which status, is its affair.
signal 2 TERM run
goes_on 3

on 2 "$organic" -o run.h5 $fit -checkpoint_interval 1 -time_limit 0.03
ends_with 75
says_once out "stopped (time limit) after"
no_file run.h5
goes_on 0

# What differs and decides the course is refused by name; where a fit ends may differ.
on 2 "$organic" $fit -restart run.ckpt.h5 -o other.h5 -tao_type bntr
ends_with 1
says_once err "option -tao_type: run.ckpt.h5 has none, this run \"bntr\""
on 0 "$organic" $fit -restart run.ckpt.h5 -o other.h5 -bounds q2mm
ends_with 1
says_once err "option -bounds"
"$Q2HPC_WRITE_DATASET" made.h5 3 || exit 1
on 2 made.h5 $fit -restart run.ckpt.h5 -o other.h5
ends_with 1
says_once err "run.ckpt.h5: it belongs to an input with checksum"
on 0 "$organic" -threads 2 -identify off -fit_stall_tolerance 0 -tao_grtol 0 -tao_max_it 12 -restart run.ckpt.h5 -o other.h5
ends_with 0
says_once out "option -tao_max_it: run.ckpt.h5 has \"1000\", this run \"12\": the fit may end elsewhere"
on 0 "$organic" -threads 1 -identify off -fit_stall_tolerance 0 -tao_grtol 0 -tao_max_it 12 -o twelve.h5
same_bits twelve.h5 other.h5 $content

# Damaged files: by the name of the dataset; `auto` takes the predecessor.
cp run.ckpt.h5 whole
size=$(wc -c <whole)
head -c $((size / 3)) whole >run.ckpt.h5
on 2 "$organic" $fit -restart run.ckpt.h5 -o other.h5
ends_with 1
says_once err "run.ckpt.h5: /rounds/1/"
says_once err "cut short"
says_once err "its predecessor run.ckpt.h5.previous is complete"
offset=$(sed -n 's/^\([0-9]*\) [0-9]* [0-9a-f]* .rounds.1.gradient/\1/p' whole | head -n 1)
cp whole run.ckpt.h5
printf 'damage' | dd of=run.ckpt.h5 bs=1 seek=$((4096 + offset + 100)) conv=notrunc 2>/dev/null
on 1 "$organic" $fit -restart run.ckpt.h5 -o other.h5
ends_with 1
says_once err "run.ckpt.h5: /rounds/1/gradient: expected the checksum"
on 2 "$organic" $fit -o run.h5 -restart auto
ends_with 0
says_once err "its predecessor is taken"
same_bits reference.h5 run.h5 $content
on 0 "$organic" $fit -o run.h5 -restart made.h5
ends_with 1
says_once err "made.h5: expected a checkpoint of q2hpc"
on 2 "$organic" $fit -o run.h5 -restart no_such.ckpt.h5
ends_with 1
says_once err "no_such.ckpt.h5"
rm -f run.*
on 2 "$organic" $fit -o run.h5 -restart auto
ends_with 0
says_once out "no checkpoint run.ckpt.h5"

# A warm start from a checkpoint's best parameters.
mv whole run.ckpt.h5
on 2 "$organic" $fit -o other.h5 -parameters run.ckpt.h5 -tao_max_it 3
ends_with 0

# Where checkpoints cannot be written.
on 2 "$organic" $fit -o other.h5 -checkpoint no_such_folder/run.ckpt.h5 -checkpoint_interval 10
ends_with 0
says err "no_such_folder/run.ckpt.h5"
same_bits reference.h5 other.h5 $content
rm -f other.h5
on 2 "$organic" $fit -o other.h5 -checkpoint no_such_folder/run.ckpt.h5 -checkpoint_failure stop
ends_with 1
says_once err "no_such_folder/run.ckpt.h5"
no_file other.h5
exit $((failures > 0))
