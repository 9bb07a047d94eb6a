# Claim: valgrind finds no wrong access and no leak of ours, neither in a fit, its checkpoints and its restarts nor where the program stops early. memcheck.sh RANKS
. "$(dirname "$0")/common.sh"
mpirun_waits
command -v valgrind >/dev/null || { echo "skipped: valgrind is missing"; exit 77; }
"$Q2HPC_WRITE_DATASET" made.h5 7 || exit 1
suppressions=$(cd "$(dirname "$0")/.." && pwd)/memcheck.supp
unset OPENBLAS_CORETYPE # valgrind knows no AVX-512, and tells OpenBLAS so
ranks=$1

# clean STATUS ARGUMENTS...: q2hpc ends with STATUS (a second one may be allowed), and valgrind has nothing to say.
clean() {
  expected=$1
  shift
  case "$1" in [0-9]) expected="$expected $1"; shift ;; esac
  what="valgrind q2hpc $* (ranks: $ranks)"
  rm -f valgrind.*.log
  timeout 120 $Q2HPC_MPIRUN "$ranks" valgrind -q --num-callers=40 --keep-debuginfo=yes --leak-check=full --suppressions="$suppressions" \
    --show-leak-kinds=definite,indirect,possible --errors-for-leak-kinds=definite,indirect,possible --error-exitcode=99 \
    --log-file=valgrind.%p.log "$Q2HPC" "$@" >out 2>err
  status=$?
  ends_with $expected
  if cat valgrind.*.log | grep . >&2; then failed "valgrind reports what stands above"; fi
}
clean 0 made.h5 -tao_max_it 3 -threads 2 -o result.h5
clean 1 no_such_file.h5
if [ "$ranks" -eq 1 ]; then
  clean 0 eval made.h5 -parameters result.h5 -match q2mm -hessians hessians.h5
  clean 0 info made.h5
  clean 0 bench made.h5 -repeat 1
  clean 0 made.h5 -tao_max_it 4 -tao_type bntr -checkpoint_interval 1 -identify off -o kept.h5
  clean 0 made.h5 -tao_max_it 6 -tao_type bntr -checkpoint_interval 1 -identify off -o kept.h5 -restart auto
  clean 75 made.h5 -tao_max_it 9 -tao_grtol 0 -tao_type bntr -identify off -o kept.h5 -restart auto -time_limit 0.0001
  clean 1 made.h5 -tao_max_it 6 -identify off -restart kept.ckpt.h5 -o other.h5
  head -c 5000 kept.ckpt.h5 >cut.ckpt.h5
  clean 1 made.h5 -tao_type bntr -restart cut.ckpt.h5 -o other.h5
  clean 0 made.h5 -tao_max_it 2 -checkpoint no_such_folder/run.ckpt.h5 -checkpoint_interval 1 -o other.h5
  clean 1 2 made.h5 -no_such_option
fi
exit $((failures > 0))
