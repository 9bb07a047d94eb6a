# Runs a command on the simulated device:
#     Q2SIM_BUILD=build/release/tests/simulated run.sh [-i] COMMAND...
# -i: with instrumented kernels, which are checked access by access. Q2SIM_KERNELS, if set, names other libraries of kernels. The other
# variables are described where they are read: in counts.c, devices.c, memory.c and streams.c.
kernels=simulated_kernels
if [ "$1" = -i ]; then
  kernels=simulated_kernels_instrumented
  shift
fi
if [ ! -e "$Q2SIM_BUILD/lib/libcudart.so.13" ]; then
  echo "run.sh: Q2SIM_BUILD ($Q2SIM_BUILD) is not a build's folder tests/simulated" >&2
  exit 2
fi
folder=$(cd "$Q2SIM_BUILD" && pwd)
for library in "$folder"/lib/*.so.*; do
  preload=${preload:+$preload:}$library
done
Q2SIM_KERNELS=${Q2SIM_KERNELS:-$folder/$kernels.so}
LD_LIBRARY_PATH=$folder/driver${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
export Q2SIM_KERNELS LD_LIBRARY_PATH ASAN_OPTIONS
LD_PRELOAD=$preload${LD_PRELOAD:+:$LD_PRELOAD} exec "$@"
