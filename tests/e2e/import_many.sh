# Claims: many files are imported in a time, and with a memory, that grow no faster than their number; on one rank and on several the same bytes.
#     import_many.sh WRITE_MOLECULES [COUNT]     COUNT 1000 and more: growth is judged; fewer are too quick for that
. "$(dirname "$0")/common.sh"
write=$1
count=${2:-1000}
limit=1200

# Leaves in `used` the CPU seconds of this shell's children so far. (A subshell would count its own.)
use() {
  times >times.txt
  used=$(awk 'NR == 2 { for (i = 1; i <= 2; i++) { split($i, t, /[ms]/); sum += 60 * t[1] + t[2] } print sum }' times.txt)
}

printf '%8s %8s %12s %12s %12s %12s\n' files MB "1 rank, s" "CPU s" MiB "2 ranks, s"
for files in $((count / 4)) $((count / 2)) $count; do
  rm -rf many one.h5 two.h5
  mkdir many
  "$write" mixed_xtb.h5 fchk many $files || exit 1
  use
  before=$used
  on 0 import many -o one.h5 -verbose
  use
  cpu=$(awk -v before="$before" -v after="$used" 'BEGIN { print after - before }')
  ends_with 0
  says out "sources     $files files: $files fchk"
  says out "one.h5: $files molecules"
  memory=$(sed -n 's/^at most \([0-9]*\) MiB of memory.*/\1/p' out)
  wall=$(sed -n 's/^one.h5: .*(\([0-9.]*\) s)$/\1/p' out)
  on 2 import many -o two.h5
  ends_with 0
  cmp -s one.h5 two.h5 || failed "other bytes on two ranks"
  printf '%8s %8s %12s %12s %12s %12s\n' $files "$(du -sk many | awk '{ printf "%.0f", $1 / 1024 }')" "$wall" "$cpu" "$memory" \
    "$(sed -n 's/^two.h5: .*(\([0-9.]*\) s)$/\1/p' out)"
  [ "$files" -ne $((count / 4)) ] || { first_cpu=$cpu first_memory=$memory; }
done
rm -rf many
if [ "$count" -ge 1000 ]; then # four times the files
  awk -v a="$first_cpu" -v b="$cpu" 'BEGIN { exit !(b < 6 * a) }' || failed "$first_cpu s became $cpu s"
  awk -v a="$first_memory" -v b="$memory" 'BEGIN { exit !(b < 4 * a) }' || failed "$first_memory MiB became $memory MiB"
fi
exit $((failures > 0))
