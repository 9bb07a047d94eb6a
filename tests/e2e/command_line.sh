# Claims: what is wrong with the command line or the files is said once, with the culprit's name, on any number of ranks; the exit
# status tells; nothing half-written stays.
. "$(dirname "$0")/common.sh"
"$Q2HPC_WRITE_DATASET" made.h5 3 || exit 1

on 0 --version
ends_with 0
says out "q2hpc $Q2HPC_VERSION"
says out "PETSc"
on 0 --help
ends_with 0
for word in fit info eval bench identify import -force_field -prior -match -threads -tao_type "Exit status"; do says out "$word"; done

on 0
ends_with 2
says err "no input file"

if [ -n "${Q2HPC_SANITIZED:-}" ]; then list=2; else list="0 2"; fi # they are slow
for ranks in $list; do
  # refused ARGUMENTS... -- CULPRIT
  refused() {
    arguments=
    while [ "$1" != -- ]; do
      arguments="$arguments $1"
      shift
    done
    on $ranks $arguments
    ends_with 1 2
    says_once err "$2"
    no_file made.result.h5 other.h5 ./*.partial
  }
  refused no_such_file.h5 -- "no_such_file.h5"
  refused made.h5 -no_such_option 3 -- "-no_such_option"
  refused made.h5 -tao_typ bqnls -- "-tao_typ"
  refused made.h5 -tao_type no_such_type -- "no_such_type"
  refused made.h5 -match nothing -- "-match"
  refused made.h5 -threads many -- "-threads"
  refused made.h5 -threads 0 -- "-threads"
  refused made.h5 -nccl_timeout 0 -- "-nccl_timeout"
  refused made.h5 -backend cuda -- "-backend"
  refused made.h5 -o no_such_folder/other.h5 -- "no_such_folder"
  refused made.h5 -o made.h5 -- "made.h5"
  refused made.h5 other.h5 -- "other.h5"
  refused eval made.h5 -tao_max_it 3 -- "-tao_max_it"
  refused info . -- "q2hpc:"
  refused made.h5 -parameters no_such_result.h5 -- "no_such_result.h5"
  refused made.h5 -checkpoint_interval 0 -- "-checkpoint_interval"
  refused made.h5 -checkpoint_minutes never -- "-checkpoint_minutes"
  refused made.h5 -checkpoint_failure perhaps -- "-checkpoint_failure"
  refused made.h5 -checkpoint made.h5 -- "-checkpoint"
  refused made.h5 -checkpoint off -restart auto -- "-restart auto"
  refused made.h5 -time_limit -5 -- "-time_limit"
  refused made.h5 -restart made.h5 -- "made.h5: expected a checkpoint"
  refused eval made.h5 -restart auto -- "-restart"
done

printf 'not HDF5' >text.h5
on 2 text.h5
ends_with 1
says_once err "text.h5"

# An option may be written as the field writes it, too.
on 0 made.h5 --tao_max_it=1 --quiet
ends_with 0
says out "made.result.h5"
on 0 info made.h5
ends_with 0
says_once out "forecast, not measured"
for device in "A100 SXM 80 GB" "H100 SXM 80 GB" "RTX 5090 32 GB"; do for mode in fp64 fp32 pure32 hessian32 eigen32 fp32_quotients quotients refined; do says_once out "$device   $mode "; done; done
on 0 eval made.h5
ends_with 0
on 0 bench made.h5 -repeat 2
ends_with 0

# Logs stay readable: no progress bar where standard output is no terminal, also under mpirun, which gives each rank one of its own.
for ranks in 0 2; do
  on $ranks made.h5 -tao_max_it 1
  ends_with 0
  if grep -q "$(printf '\033')" out; then failed "escape sequences in a log"; fi
  if grep -q "$(printf '\r')[^$]" out; then failed "a progress bar in a log"; fi
done
exit $((failures > 0))
