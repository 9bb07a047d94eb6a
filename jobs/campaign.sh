#!/bin/sh
# Every long campaign, in full; hours, not minutes:
#     sh jobs/campaign.sh [FOLDER]        FOLDER: a copy of q2mm's public examples/rh-enamide
# Logs and results: build/campaign. Exit status: 0 all passed, 1 something failed.
set -u
if [ $# -gt 0 ]; then enamide=$(cd "$1" && pwd) || exit 1; fi
cd "$(dirname "$0")/.." || exit 1
. jobs/environment.sh
work=build/campaign
python=build/venv/bin/python
mkdir -p $work
failed=

# campaign NAME COMMAND...: runs it, with its output in NAME.log and on the screen.
campaign() {
  name=$1
  shift
  echo "=== $name"
  { "$@" 2>&1; echo $? >$work/status; } | tee "$work/$name.log"
  [ "$(cat $work/status)" -eq 0 ] || failed="$failed $name"
}

build() { cmake --preset release && cmake --build --preset release --parallel "$(getconf _NPROCESSORS_ONLN)"; }

# All tests, with more ranks and all peers.
tests() { Q2HPC_ALLOW_MISSING=0 CI=true ctest --preset release --no-tests=error; }

# Synthetic sets of 1,000 to 10,000 molecules: what `info` and an evaluation take, on one rank and on two.
scaling() {
  for molecules in 1000 3000 10000; do
    input=$work/synthetic_$molecules.h5
    $python jobs/generate.py jobs/data/organic_dft.h5 "$input" --molecules $molecules --atoms 7 || return 1
    for ranks in 1 2; do
      echo "--- $molecules molecules, $ranks ranks"
      mpirun -n $ranks build/release/q2hpc info "$input" -threads 1 || return 1
      mpirun -n $ranks build/release/q2hpc bench "$input" -threads 1 -repeat 5 || return 1
    done
  done
}

campaign install sh jobs/install.sh tests
campaign build build
if [ -n "$failed" ]; then exit 1; fi
campaign tests tests
campaign optimizers sh jobs/optimizers.sh
campaign scaling scaling
if [ -n "${enamide:-}" ]; then
  mkdir -p $work/rh_enamide
  campaign rh_enamide env Q2HPC="$PWD/build/release/q2hpc" PYTHON="$PWD/$python" sh jobs/rh_enamide.sh "$enamide" "$PWD/$work/rh_enamide"
else
  echo "rh_enamide: left out; name the folder to include it"
fi
if [ -n "$failed" ]; then echo "Failed:$failed" && exit 1; fi
echo "All campaigns passed."
