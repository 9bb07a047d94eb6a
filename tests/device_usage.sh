# Claim: no kernel keeps a register in memory on any architecture that it was compiled for (a spill), and none has got much hungrier for
# registers than tests/registers.txt says. Reads what ptxas reported when the device's kernels were built.
#     device_usage.sh check TABLE VERSION USAGE...   VERSION: of nvcc, 13.0 say; the table counts for its own nvcc and architecture only
#     device_usage.sh write VERSION USAGE...         prints such a table, for sm_90
architecture=sm_90

# usage FILE...: a line for each entry, sorted: its name, architecture, registers, bytes of stack, bytes of spill stores and loads
# (its own and those of the functions that it calls).
usage() {
  cat "$@" | awk '
    function flush() { if (entry != "") print entry, on, registers, stack, spills; entry = "" }
    /Compiling entry function/ { flush(); split($0, quoted, "\047"); entry = quoted[2]; on = quoted[4]; registers = stack = spills = 0 }
    /bytes stack frame/ { if ($1 > stack) stack = $1; spills += $5 + $9 }
    / Used [0-9]+ registers/ { registers = $5; for (i = 1; i < NF - 3; i++) if ($(i + 1) == "bytes" && $(i + 2) == "cumulative" && $i > stack) stack = $i }
    END { flush() }' | LC_ALL=C sort
}

# check TABLE VERSION FILE...: says what is wrong.
check() {
  table=$1 version=$2
  shift 2
  usage "$@" | awk -v table="$table" -v version="$version" -v architecture=$architecture -v files="$*" '
    BEGIN {
      while ((getline line < table) > 0) {
        count = split(line, field, " ")
        if (field[1] == "#") { if (field[2] == "nvcc") comparable = field[3] == version "," && field[4] == architecture ":" }
        else if (count == 4) { before[field[1]] = field[2]; rows++ }
      }
      if (rows == 0) complain(table ": no table of registers")
    }
    function complain(what) { print what; wrong = 1 }
    { entries++ }
    $5 > 0 { complain($1 " spills registers on " $2 ": " $5 " bytes are stored and loaded") }
    comparable && $2 == architecture {
      seen[$1] = 1
      if (!($1 in before)) complain($1 " is not in " table)
      else if ($3 > 1.25 * before[$1] || before[$1] > 1.25 * $3) complain($1 " takes " $3 " registers on " $2 "; " table " has " before[$1])
    }
    END {
      if (entries == 0) complain("no kernel in " files)
      for (name in seen) { any = 1; break }
      if (any) for (name in before) if (!(name in seen)) complain(name " is in " table ", but no kernel")
      if (wrong) print "If this is meant: sh tests/device_usage.sh write " version " " files " >tests/registers.txt"
      exit wrong
    }'
}

case "$1" in
write)
  shift
  version=$1
  shift
  echo "# nvcc $version, $architecture: registers, bytes of stack and bytes of spills of a thread, by kernel and precision (tests/device_usage.sh)"
  usage "$@" | awk -v architecture=$architecture '$2 == architecture { print $1, $3, $4, $5 }'
  exit
  ;;
check) shift ;;
*) exit 1 ;;
esac
[ $# -gt 2 ] || { echo "skipped: built without CUDA"; exit 77; }

check "$@" || exit 1

# Would it notice? The same reports with one thing changed at a time.
table=$1 version=$2
shift 2
cat "$@" >all.usage
changed() {
  sed "$1" all.usage >changed.usage
  if cmp -s all.usage changed.usage || check "$table" "$version" changed.usage >changed.log; then
    echo "this change of the reports was not noticed: $1"
    exit 1
  fi
}
changed '0,/ 0 bytes spill stores/s// 4 bytes spill stores/'
changed 's/Compiling entry/Compiling/'
case "$(head -n 1 "$table")" in "# nvcc $version, "*) changed '0,/Used [0-9]* registers/s//Used 252 registers/' && changed '0,/q2_f32_/s//q2_f16_/' ;; esac
exit 0
