# What the end-to-end tests share; to be sourced. Every program runs under a time limit, so that a hang is a failure, not a wait.
set -u
rm -f ./*.h5 ./*.partial # of an earlier run in this scratch folder
failures=0
limit=${Q2HPC_TEST_LIMIT:-120}

# When a rank ends with an error, mpirun sends SIGTERM to the others and waits a second before SIGKILL. Where q2hpc fails all ranks are at
# their end by then, and most tests need not wait. Sanitizers have something to say there; a test that wants mpirun as users have it calls
# mpirun_waits.
mpirun_waits() { unset OMPI_MCA_odls_base_sigkill_timeout PRTE_MCA_odls_base_sigkill_timeout; }
[ -n "${Q2HPC_SANITIZED:-}" ] || export OMPI_MCA_odls_base_sigkill_timeout=0 PRTE_MCA_odls_base_sigkill_timeout=0

# on RANKS ARGUMENTS...: runs q2hpc on so many ranks (0: without mpirun). Leaves `status`, and the output in out and err.
on() {
  ranks=$1
  shift
  what="q2hpc $* (ranks: $ranks)"
  if [ "$ranks" -eq 0 ]; then
    timeout "$limit" "$Q2HPC" "$@" >out 2>err
  else
    timeout "$limit" $Q2HPC_MPIRUN "$ranks" "$Q2HPC" "$@" >out 2>err
  fi
  status=$?
  [ $status -ne 124 ] || failed "still running after $limit s"
}

failed() {
  failures=$((failures + 1))
  printf '%s: %s\n' "$what" "$1" >&2
  if [ -f out ]; then tail -n 5 out | sed 's/^/  out: /' >&2; fi
  if [ -f err ]; then tail -n 5 err | sed 's/^/  err: /' >&2; fi
}

# The last run's exit status was one of these.
ends_with() {
  for allowed in "$@"; do
    if [ "$status" -eq "$allowed" ]; then return; fi
  done
  failed "exit status $status, expected $*"
}

# says FILE TEXT: the last run's out or err contains the text.
says() { grep -qF -e "$2" "$1" || failed "\"$2\" is not in what it wrote to $1"; }

says_once() {
  count=$(grep -cF -e "$2" "$1")
  [ "$count" -eq 1 ] || failed "\"$2\" is $count times in what it wrote to $1"
}

no_file() {
  for left in "$@"; do
    if [ -e "$left" ]; then failed "$left was left behind"; fi
  done
}

# same_bits A B DATASET...: both result files hold the same bytes under each name.
same_bits() {
  first=$1 second=$2
  shift 2
  for dataset in "$@"; do
    h5dump -d "$dataset" -b LE -o first.bin "$first" >/dev/null 2>&1 && h5dump -d "$dataset" -b LE -o second.bin "$second" >/dev/null 2>&1 ||
      failed "$first or $second has no $dataset"
    [ -s first.bin ] || failed "$dataset is empty"
    cmp -s first.bin second.bin || failed "$first and $second differ in $dataset"
    rm -f first.bin second.bin
  done
}

# values FILE DATASET: its numbers, one a line; attribute FILE PATH: the attribute's number.
values() { h5dump -m '%.17g' -y -w 1 -d "$2" "$1" | sed -n '/DATA {/,/}/p' | tr -d ' ,' | grep -E '^[-+0-9n]'; }
attribute() { h5dump -m '%.17g' -y -a "$2" "$1" | sed -n '/DATA {/,/}/p' | tr -d ' ,' | grep -E '^[-+0-9n]'; }

command -v h5dump >/dev/null || { echo "skipped: h5dump is missing (Debian: hdf5-tools)"; exit 77; }
