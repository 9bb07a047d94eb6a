#!/bin/sh
# Installs what is missing (or says what), builds q2hpc and tests it:
#     sh jobs/test.sh
# First the release build and its tests, then those on the simulated device, the fuzzer, a build by clang, tests under sanitizers on
# one and two ranks, the thread sanitizer, and memcheck. What a machine lacks is skipped and counted; with CI=true it fails, unless Q2HPC_ALLOW_MISSING=1. Exit status: 0 all
# passed; 1 something failed.
set -u
cd "$(dirname "$0")/.." || exit 1
. jobs/environment.sh
jobs=$(getconf _NPROCESSORS_ONLN)
logs=build/logs
mkdir -p $logs
failed=
summary=
total=0 wrong=0 skipped=0

# stage NAME MINUTES COMMAND...: runs it, says how long it took and how long it should at most take (on two cores).
stage() {
  name=$1 minutes=$2 start=$(date +%s)
  shift 2
  echo "--- $name"
  "$@"
  status=$?
  seconds=$(($(date +%s) - start))
  verdict=ok
  if [ $status -ne 0 ]; then
    verdict=FAILED
    failed="$failed; $name"
  elif [ $seconds -gt $((60 * minutes)) ]; then
    verdict="ok, but over its budget"
  fi
  summary="$summary
$(printf '%-36s %5d s of %3d min   %s' "$name" $seconds "$minutes" "$verdict")"
  return $status
}

# build PRESET [more arguments of the build]
build() {
  preset=$1
  shift
  log=$logs/build_$preset.log
  if ! { cmake --preset "$preset" && cmake --build --preset "$preset" --parallel "$jobs" "$@"; } >"$log" 2>&1; then
    tail -n 50 "$log"
    return 1
  fi
  sed -n '/^-- q2hpc /,/^-- $/p' "$log"
}

# check PRESET NAME [more arguments of ctest]: its closing line is counted in; the log is called NAME. Many tests wait more than they
# compute, mostly for mpirun: twice as many run as there are cores.
check() {
  preset=$1 log=$logs/test_$2.log
  shift 2
  { ctest --preset "$preset" --parallel $((2 * jobs)) --no-tests=error "$@" 2>&1; echo $? >"$log.status"; } | tee "$log"
  line=$(grep 'tests passed, ' "$log" | tail -n 1)
  total=$((total + $(echo "${line:-0}" | sed 's/.*out of //')))
  wrong=$((wrong + $(echo "${line:-0}" | sed 's/.*passed, \([0-9]*\) .*/\1/')))
  skipped=$((skipped + $(grep -c '\*\*\*Skipped' "$log")))
  return "$(cat "$log.status")"
}

if [ "${CI:-}" = true ]; then release=ci sanitizers=ci-sanitizers; else release=release sanitizers=sanitizers; fi
install_and_build() { sh jobs/install.sh tests && build $release; }
sanitized() { build $sanitizers && check $sanitizers sanitizers -LE long; }
threads() { build threads --target q2hpc --target write_dataset && check threads threads; }
memcheck() { build debug --target q2hpc --target write_dataset && check debug memcheck -L memcheck; }

if stage "install and build" 12 install_and_build; then
  stage "tests" 12 check $release release -LE "long|simulated|fuzz"
  stage "simulated device" 12 check $release simulated -L simulated -LE long
  stage "fuzzing" 4 check $release fuzzing -L fuzz -LE long
  if command -v clang >/dev/null 2>&1; then stage "clang" 4 build clang; fi
  stage "sanitizers, 1 and 2 ranks" 10 sanitized
  if command -v clang >/dev/null 2>&1; then stage "thread sanitizer" 5 threads; fi
  stage "memcheck" 7 memcheck
fi

echo
echo "Stages on $jobs cores:$summary"
[ $skipped -eq 0 ] || { echo "Skipped ($skipped):"; cat $logs/test_*.log | sed -n 's/^ *[0-9]*\/[0-9]* Test *#[0-9]*: \([^ ]*\) .*\*\*\*Skipped.*/  \1/p'; }
if [ -n "$failed" ]; then echo "Failed: ${failed#; }"; fi
if [ $total -eq 0 ]; then
  echo "No tests were found!!!"
  exit 1
fi
echo "$(((total - wrong) * 100 / total))% tests passed, $wrong tests failed out of $total"
[ -z "$failed" ]
