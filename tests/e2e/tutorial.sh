# Claims: the commands of docs/tutorial.md run as they stand there, and what they print has the lines that the manual quotes; those with
# decimals are compared without them.
#     tutorial.sh [FOLDER]     FOLDER: q2mm's examples/rh-enamide; without it, that part is left out
. "$(dirname "$0")/common.sh"
rm -rf ./*.xml ./*.frcmod ./*.fld commands quoted
ln -sfn "$Q2HPC_SOURCE/jobs" jobs
mkdir -p bin && printf '#!/bin/sh\nexec "%s" "$@"\n' "$Q2HPC" >bin/q2hpc && chmod +x bin/q2hpc
PATH=$PWD/bin:$PATH
folder=${1:-}

# Blocks of commands become files commands.1, commands.2, ... and what follows them quoted.1, ...; those on rh-enamide stand in
# commands.N.rh-enamide.
awk '/^```sh/ { n++; kind = $2; target = "commands." n (kind ? "." kind : ""); next }
     /^```$/ && target { close(target); target = ""; closed = 1; next }
     /^```$/ && closed { target = "quoted." n; closed = 0; next }
     /^$/ && !target { closed = 0 }
     target { print >target }' "$Q2HPC_SOURCE/docs/tutorial.md"

# Words of a line without numbers that have decimals, since these may differ between machines.
plain() { sed -E 's/-?[0-9]+\.[0-9]+(e[-+][0-9]+)?/#/g; s/[ \t]+/ /g; s/^ //' "$@"; }

run=0
for number in 1 2 3 4 5; do
  script=commands.$number
  [ -f $script.rh-enamide ] && script=$script.rh-enamide
  what="$script of docs/tutorial.md"
  [ -f "$script" ] || failed "is missing"
  case $script in
  *rh-enamide)
    [ -n "$folder" ] || continue
    sed "s|^rh=FOLDER\$|rh=$folder|" $script >with_folder && mv with_folder $script
    ;;
  esac
  timeout 600 sh -eu $script >out 2>err
  status=$?
  ends_with 0
  run=$((run + 1))
  [ -f quoted.$number ] || continue
  plain out >printed
  while IFS= read -r line; do
    [ -z "$line" ] || printf '%s\n' "$line" | plain | { IFS= read -r wanted && grep -qF -e "$wanted" printed; } || failed "does not print \"$line\""
  done <quoted.$number
done
[ $run -ge 4 ] || failed "only $run blocks of commands were run"

# The claim in words: what was exported and imported again is what was fitted.
what="docs/tutorial.md"
rmsd() { sed -nE 's/^RMSD over all vibrations +([0-9.]+) cm-1.*/\1/p' "$1"; }
"$Q2HPC" eval again.h5 >out 2>err
"$Q2HPC" eval alcohols.h5 -parameters alcohols.result.h5 >fitted 2>err
[ -n "$(rmsd out)" ] && [ "$(rmsd out)" = "$(rmsd fitted)" ] || failed "an RMSD of $(rmsd fitted) became $(rmsd out) on the way through fitted.frcmod"
rm -f jobs
exit $((failures > 0))
