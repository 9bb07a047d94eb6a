# Runs a compilation of nvcc and keeps what it says, the resources that ptxas reports among it:
#     compile_device.sh USAGE NVCC ARGUMENTS...
# It is shown if the compilation fails, else only warnings are; lines that macros made endless are cut off.
usage=$1
shift
if "$@" >"$usage" 2>&1; then
  grep -i 'warning' "$usage" | cut -c 1-400 >&2
else
  cut -c 1-400 "$usage" >&2
  rm -f "$usage"
  exit 1
fi
