# Claim: the thread sanitizer finds no race between the threads of a rank: all observables, every rule of pairs, J'J, relaxations, float32,
# checkpoints and restarts.  The sanitizer understands clang's OpenMP; accesses of libraries that are not instrumented are not looked at.
. "$(dirname "$0")/common.sh"
"$Q2HPC_WRITE_DATASET" made.h5 14 observed || exit 1
limit=300

# clean ARGUMENTS...: ends well, and the sanitizer has nothing to say.
clean() {
  on 0 "$@" -threads 4
  ends_with 0
  if grep -A 12 -m 1 "ThreadSanitizer" err >&2; then failed "the sanitizer reports what stands above"; fi
}
clean made.h5 -o result.h5 -tao_max_it 3 -checkpoint_interval 1 -wave 1
clean made.h5 -o result.h5 -tao_max_it 5 -restart auto
clean made.h5 -o other.h5 -tao_max_it 3 -tao_type bntr -match overlap -assign iteration
clean made.h5 -o other.h5 -tao_max_it 3 -tao_type bnls -match q2mm -precision fp32
clean eval made.h5 -hessians hessians.h5
clean identify made.h5
clean bench made.h5 -repeat 2
exit $((failures > 0))
