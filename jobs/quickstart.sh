#!/bin/sh
# From nothing to a first fit: installs what is missing (or says what), builds q2hpc, and fits the bundled set of organic molecules on
# two MPI ranks.
#     sh jobs/quickstart.sh [options of q2hpc...]
set -eu
cd "$(dirname "$0")/.."
. jobs/environment.sh

sh jobs/install.sh build
mkdir -p build/quickstart
log=build/quickstart/build.log
echo "Building q2hpc (log: $log)"
if ! { cmake --preset release && cmake --build --preset release --target q2hpc --parallel "$(getconf _NPROCESSORS_ONLN)"; } >"$log" 2>&1; then
  tail -n 30 "$log" >&2
  echo "The build failed; all of it is in $log." >&2
  exit 1
fi

result=build/quickstart/organic_dft.result.h5
echo "mpirun -n 2 build/release/q2hpc jobs/data/organic_dft.h5 -o $result $*"
mpirun -n 2 build/release/q2hpc jobs/data/organic_dft.h5 -o "$result" "$@"
