# Claim: no bytes make a reader of other programs' files crash, hang, leak, or take unbounded memory.
#     fuzz.sh SECONDS PROGRAM CORPUS [more arguments of libFuzzer]
# SECONDS for all formats together. CORPUS has a folder of small files for each; what libFuzzer adds stays in the current folder, and so
# does an input that fails, for which the command that repeats it is printed.
seconds=$1 program=$2 corpus=$3
shift 3
if [ ! -x "$program" ]; then
  echo "skipped: the fuzzer needs clang with libFuzzer (Debian: clang libclang-rt-dev)"
  exit 77
fi
formats=$("$program" --list) || exit 1
each=$((seconds / $(echo "$formats" | wc -l)))
[ $each -gt 0 ] || each=1
status=0
for format in $formats; do
  if [ -z "$(ls "$corpus/$format" 2>/dev/null)" ]; then
    echo "no files for $format in $corpus"
    status=1
    continue
  fi
  mkdir -p "found/$format"
  if "$program" --format=$format -max_total_time=$each -timeout=5 -rss_limit_mb=512 -max_len=16384 -artifact_prefix="$PWD/failed.$format." \
    "$@" "found/$format" "$corpus/$format" >"$format.log" 2>&1; then
    sed -n "s/^Done /$format: /p" "$format.log"
  else
    status=1
    tail -n 60 "$format.log"
    ls failed.$format.* 2>/dev/null | while read -r input; do echo "Again: $program --format=$format $PWD/$input"; done
  fi
done
exit $status
