# Passes if the simulated device counts what a program does, and tells what it does not free:
#     counts.sh RUN.SH TEST_DEVICE
run=$1 program=$2
unset OMPI_COMM_WORLD_RANK
rm -f counts.*
expect() {
  if ! grep -Eqx "$1" counts.*; then
    cat counts.*
    echo "nothing in counts.* matches: $1"
    exit 1
  fi
}
Q2SIM_COUNTS=counts sh "$run" "$program" faults || exit 1
expect 'count cudaMalloc 2'
expect 'count cudaLaunchKernel 3'
expect 'count kernel:test_fill 3'
expect 'count cudaMemcpyAsync 1'
expect 'count bytes_device_to_host 800'
if grep leak counts.*; then exit 1; fi
rm -f counts.*
OMPI_COMM_WORLD_RANK=3 Q2SIM_COUNTS=counts Q2SIM_LEAKS=fail sh "$run" "$program" leak
[ $? -eq 88 ] || exit 1
[ -e counts.3 ] || exit 1
expect 'leak allocation: offset 0 of allocation [0-9]* \(24 bytes, cudaMalloc in .*'
expect 'leak stream: 1'
