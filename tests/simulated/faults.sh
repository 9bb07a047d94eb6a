# Claim: each fault of a device ends every rank with one clear message and a status that is not 0, leaves no half-written result and no
# leak, or is mended: an eigen-solver that fails once is replaced for that matrix, and the fit ends as it would have.
. "$(dirname "$0")/../e2e/common.sh"
Q2HPC_TEST_LIMIT=60 limit=60
"$Q2HPC_WRITE_DATASET" made.h5 7 || exit 1

# fails RANKS FAULT TEXT OPTIONS...: the fit ends with that text, once, and without a result.
fails() {
  ranks=$1 fault=$2 text=$3
  shift 3
  rm -f out.h5
  Q2SIM_FAULT=$fault
  export Q2SIM_FAULT
  on "$ranks" fit made.h5 -o out.h5 -backend cuda -checkpoint off -tao_max_it 5 "$@"
  unset Q2SIM_FAULT
  what="fault $fault on $ranks ranks"
  ends_with 1 87
  says err "$text"
  [ "$status" -ne 87 ] || failed "the program did what a device does not forgive"
  [ ! -e out.h5 ] || failed "there is a result"
  [ -z "$(ls ./*.partial 2>/dev/null)" ] || failed "a half-written file stays"
  if grep -q '^leak' counts.* 2>/dev/null; then failed "leaks: $(grep -h '^leak' counts.* | head -n 3)"; fi
  rm -f counts.*
}
Q2SIM_COUNTS=$PWD/counts
export Q2SIM_COUNTS

for ranks in 0 2; do
  fails $ranks cudaGetDeviceCount:1 "no CUDA device"
  fails $ranks cudaMalloc:40 "out of memory"
  fails $ranks cudaMallocHost:1 "refused"
  fails $ranks cudaLaunchKernel:60 cudaErrorLaunchFailure
  fails $ranks cudaLaunchKernel:80:late cudaErrorLaunchFailure
  fails $ranks cudaStreamCreateWithFlags:2 cudaStreamCreateWithFlags
  fails $ranks cublasDgemmStridedBatched:5 cublas
  fails $ranks cusolverDnCreate:1 cusolverDnCreate
  # where float32 works beside float64
  fails $ranks cudaMalloc:340 "out of memory" -precision fp32_quotients
  fails $ranks cublasSgemmStridedBatched:3 cublas -precision fp32_quotients
  fails $ranks cublasDgemmStridedBatched:1 cublas -precision fp32_quotients
  fails $ranks cudaLaunchKernel:70:late cudaErrorLaunchFailure -precision fp32_quotients
done
fails 2 ncclAllReduce:2 "the sum over ranks"
fails 2 ncclAsync:2:1 "the sum over ranks"
fails 2 ncclHang:2:1 "not done after" -nccl_timeout 3

# A fault in the middle of a fit leaves a checkpoint, from which the fit goes on to the same bits.
on 0 fit made.h5 -o whole.h5 -backend cuda -checkpoint off -tao_max_it 10
ends_with 0
rm -f ./*.ckpt.h5*
Q2SIM_FAULT=cudaGraphLaunch:25
export Q2SIM_FAULT
on 0 fit made.h5 -o rest.h5 -backend cuda -checkpoint_interval 1 -tao_max_it 10
unset Q2SIM_FAULT
ends_with 1
says err cudaGraphLaunch
[ ! -e rest.h5 ] || failed "there is a result"
[ -e rest.ckpt.h5 ] || failed "there is no checkpoint"
on 0 fit made.h5 -o rest.h5 -backend cuda -restart auto -tao_max_it 10
ends_with 0
same_bits whole.h5 rest.h5 /parameters/final /iterations/loss

# -backend auto takes the CPU and says why.
Q2SIM_FAULT=cudaGetDeviceCount:1
export Q2SIM_FAULT
on 0 eval made.h5
ends_with 0
says out "backend cpu (no CUDA device"
unset Q2SIM_FAULT

# A matrix that the batched solver does not decompose is done by the other solver.
content="/parameters/final /iterations/evaluations"
on 0 fit made.h5 -o plain.h5 -backend cuda -checkpoint off -tao_max_it 5
ends_with 0
for fault in info:4:0 unconverged:4:0 unconvergedSilent:5:0; do
  Q2SIM_FAULT=$fault
  export Q2SIM_FAULT
  on 0 fit made.h5 -o mended.h5 -backend cuda -checkpoint off -tao_max_it 5
  what="fault $fault"
  ends_with 0
  same_bits plain.h5 mended.h5 $content
  unset Q2SIM_FAULT
done
exit $((failures > 0))
