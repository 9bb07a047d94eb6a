# Passes if a program linked to shared libraries of CUDA gets the simulated ones, all of them, and nothing of the toolkit:
#     linked.sh RUN.SH PROGRAM...
run=$1
shift
folder=$(cd "$Q2SIM_BUILD" && pwd)
for program in "$@"; do
  libraries=$(sh "$run" ldd "$program") || exit 1
  echo "$libraries"
  cuda=$(echo "$libraries" | grep -E 'lib(cud|cublas|cusolver|cusparse|nccl|nv)')
  if ! echo "$cuda" | grep -q "libcudart\.so\.13"; then
    echo "$program is not linked to the runtime at all"
    exit 1
  fi
  if echo "$cuda" | grep -vF "$folder/lib/"; then
    echo "these are not the simulated ones"
    exit 1
  fi
done
