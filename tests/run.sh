# Runs a test in the environment that all of q2hpc's scripts use: sh run.sh COMMAND...
# Status 77 (something is missing) becomes a failure in CI, unless Q2HPC_ALLOW_MISSING=1: there nothing may be missing.
. "$(dirname "$0")/../jobs/environment.sh"
"$@" </dev/null
status=$?
if [ $status -eq 77 ] && [ "${CI:-}" = true ] && [ "${Q2HPC_ALLOW_MISSING:-0}" != 1 ]; then
  echo "In CI nothing may be missing (Q2HPC_ALLOW_MISSING=1 allows it)."
  status=1
fi
exit $status
