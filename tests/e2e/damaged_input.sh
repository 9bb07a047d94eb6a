# Claims: a damaged input, result or checkpoint is refused by the program once, with the file's and an object's name, on any number of ranks, and
# nothing is written; what the file's trial does not survive does not reach the ranks.
. "$(dirname "$0")/common.sh"
"$Q2HPC_WRITE_DATASET" made.h5 3 || exit 1
"$Q2HPC" made.h5 -tao_max_it 4 -checkpoint run.ckpt.h5 -checkpoint_interval 1 -o run.result.h5 >out 2>&1 || { cat out; exit 1; }

# overwrite FILE TEXT COUNT: zeros over the bytes that begin where TEXT is for the first time, as it is in the list of a group's members.
overwrite() {
  at=$(grep -obUa -e "$2" "$1" | head -n 1 | cut -d: -f1)
  dd if=/dev/zero of="$1" bs=1 seek="$at" count="$3" conv=notrunc 2>/dev/null
}
size=$(wc -c <made.h5)
cp made.h5 cut.h5 && truncate -s $((size / 2)) cut.h5
cp made.h5 tree.h5 && overwrite tree.h5 TREE 512
cp made.h5 heap.h5 && overwrite heap.h5 HEAP 24
cp run.result.h5 result.h5 && overwrite result.h5 TREE 512
cp run.ckpt.h5 structure.h5 && dd if=/dev/zero of=structure.h5 bs=1 seek=5000 count=64 conv=notrunc 2>/dev/null
# One bit of a checkpoint's final parameters, which only its seal knows of.
cp run.ckpt.h5 bit.h5
place=$(head -c 65536 bit.h5 | sed -n 's/^header \([0-9]*\),.*/\1/p; s,^\([0-9]*\) .* /parameters/final$,\1,p' | tr '\n' ' ')
set -- $place
printf '\125' | dd of=bit.h5 bs=1 seek=$(($1 + $2 + 3)) conv=notrunc 2>/dev/null
cmp -s bit.h5 run.ckpt.h5 && { echo "nothing was changed"; exit 1; }

for ranks in 0 2; do
  # refused CULPRIT ARGUMENTS...
  refused() {
    culprit=$1
    shift
    on $ranks "$@"
    ends_with 1
    says_once err "$culprit: "
    [ "$(grep -c . err)" -eq 1 ] || [ $ranks -ne 0 ] || failed "more than one line"
    no_file new.result.h5 new.ckpt.h5 ./*.partial core*
  }
  for input in cut.h5 tree.h5 heap.h5; do
    refused "$input: /" $input -o new.result.h5
    refused "$input: /" info $input
    says err "damaged"
  done
  refused "result.h5: /" made.h5 -parameters result.h5 -o new.result.h5
  refused "structure.h5: /" made.h5 -parameters structure.h5 -o new.result.h5
  refused "structure.h5: the HDF5 structure" made.h5 -restart structure.h5 -o new.result.h5
  refused "bit.h5: /parameters/final" made.h5 -parameters bit.h5 -o new.result.h5
  refused "bit.h5: /parameters/final" made.h5 -restart bit.h5 -o new.result.h5
  on $ranks info made.h5
  ends_with 0
done
on 0 info made.h5 -input_trial off
ends_with 0
on 0 info made.h5 -input_trial perhaps
ends_with 1
says_once err "-input_trial"
on 0 info tree.h5 -input_trial off # whether HDF5 survives it or not, the trial has not been
[ "$status" -ne 0 ] || failed "accepted"
if grep -q "asks for too much memory" err; then failed "tried all the same"; fi

[ $failures -eq 0 ] && echo "damaged files are refused once, by name"
exit $failures
