# Claim: what `cmake --install` puts somewhere runs there, in an empty environment, and the manual and the scripts come along.
. "$(dirname "$0")/common.sh"
what="cmake --install"
rm -rf prefix
"$CMAKE_COMMAND" --install "$Q2HPC_BUILD" --prefix "$PWD/prefix" >out 2>err || failed "failed"
for file in bin/q2hpc share/doc/q2hpc/README.md share/doc/q2hpc/LICENSE share/doc/q2hpc/format.md share/q2hpc/jobs/q2hpc_dataset.py; do
  [ -f "prefix/$file" ] || failed "$file is missing"
done
if [ -f "$Q2HPC_BUILD/libq2hpc_cuda.so" ] && [ ! -f prefix/lib/q2hpc/libq2hpc_cuda.so ]; then failed "lib/q2hpc/libq2hpc_cuda.so is missing"; fi
"$Q2HPC_WRITE_DATASET" made.h5 3 || exit 1
what="installed q2hpc"
env -i PATH=/usr/bin:/bin HOME="$PWD" timeout "$limit" prefix/bin/q2hpc made.h5 >out 2>err
status=$?
ends_with 0
[ -f made.result.h5 ] || failed "no made.result.h5"
env -i PATH=/usr/bin:/bin HOME="$PWD" timeout "$limit" prefix/bin/q2hpc --version >out 2>err
status=$?
ends_with 0
says out "q2hpc $Q2HPC_VERSION"
exit $((failures > 0))
