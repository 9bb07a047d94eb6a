#!/bin/sh
# Every long campaign, in full:
#     sh jobs/campaign.sh [FOLDER]      FOLDER: a copy of q2mm's public examples/rh-enamide
# Tests with the label `long` (fits killed at 200 random moments, every allocation and every call of the system failing in turn, a soak of 10,000 iterations, imports of 1,000 files), 100,000 mutated checkpoints, 100,000 mutated inputs and checkpoints through the whole readers, the readers of other programs' files
# fuzzed for an hour, all peers on all bundled molecules, the optimizers side by side, scaling with the number of molecules and ranks, and the rh-enamide benchmark. Needs jobs/install.sh tests. The outcome of each goes to build/campaign/*.log; exit status 0 if all passed.
set -u
cd "$(dirname "$0")/.." || exit 1
. jobs/environment.sh
logs=build/campaign
mkdir -p $logs
failed=
step() {
  name=$1
  shift
  echo "--- $name"
  "$@" >"$logs/$name.log" 2>&1 || failed="$failed $name"
  tail -n "${lines:-4}" "$logs/$name.log"
}

sh jobs/install.sh tests || exit 1
step build sh -c 'cmake --preset release && cmake --build --preset release --parallel'
step tests ctest --preset release
step long ctest --preset release -L long --no-tests=ignore
lines=4 step fuzzing_force_fields sh -c 'mkdir -p build/campaign/fuzzing && cd build/campaign/fuzzing && sh ../../../tests/fuzz/fuzz.sh 1800 ../../release/tests/fuzz/fuzz_force_fields "$OLDPWD/tests/fuzz/corpus" -use_value_profile=1'
lines=4 step fuzzing_setup sh -c 'mkdir -p build/campaign/fuzzing && cd build/campaign/fuzzing && sh ../../../tests/fuzz/fuzz.sh 1200 ../../release/tests/fuzz/fuzz_setup "$OLDPWD/tests/fuzz/corpus" -use_value_profile=1'
lines=20 step fuzzing sh -c 'mkdir -p build/campaign/fuzzing && cd build/campaign/fuzzing && sh ../../../tests/fuzz/fuzz.sh 3600 ../../release/tests/fuzz/fuzz_molecules "$OLDPWD/tests/fuzz/corpus" -use_value_profile=1'
step mutations sh -c 'mpirun -n 1 build/release/tests/test_sealed 100000'
lines=200 step damaged_files sh -c 'mkdir -p build/campaign/damaged && cd build/campaign/damaged && sh ../../../tests/mutations_campaign.sh "$OLDPWD/build/release" 100000'
for set in organic_dft mixed_xtb; do
  step openmm_$set sh tests/peers/run.sh check_hessian.py "$PWD/build/release/q2hpc" "$PWD/jobs/data/$set.h5" --openmm
  step gradient_$set sh tests/peers/run.sh check_gradient.py "$PWD/build/release/q2hpc" "$PWD/jobs/data/$set.h5"
done
lines=8 step checkpoints sh jobs/checkpoints.sh build/release/q2hpc
if command -v clang >/dev/null 2>&1; then step threads sh -c 'cmake --preset threads && cmake --build --preset threads --parallel --target q2hpc --target write_dataset && ctest --preset threads'; fi
lines=7 step optimizers sh jobs/optimizers.sh build/release/q2hpc 2
lines=12 step scaling sh jobs/scaling.sh build/release/q2hpc
[ $# -eq 0 ] || lines=20 step rh_enamide sh jobs/rh_enamide.sh "$1"
[ -z "$failed" ] || echo "Failed:$failed"
[ -z "$failed" ]
