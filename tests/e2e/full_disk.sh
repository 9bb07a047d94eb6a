# Claim: where the disk fills up while a fit runs, it says so once and goes on, or ends, as -checkpoint_failure has it; the last complete
# checkpoint stays, and -restart goes on from it to the same bits. A checkpoint that is removed under the fit is written again.
#     full_disk.sh ORGANIC.h5
. "$(dirname "$0")/common.sh"
organic=$1
[ -f "$organic" ] || { echo "skipped: there is no $organic"; exit 77; }
fit="-threads 1 -identify off -tao_max_it 150"
on 0 "$organic" -o reference.h5 $fit -checkpoint off
ends_with 0

rm -rf removed && mkdir removed
timeout "$limit" "$Q2HPC" "$organic" -o other.h5 $fit -checkpoint removed/run.ckpt.h5 -checkpoint_interval 1 >out 2>err &
pid=$! what="a fit whose checkpoint is removed"
until [ -f removed/run.ckpt.h5.previous ] || ! kill -0 $pid 2>/dev/null; do sleep 0.01; done
rm -f removed/run.ckpt.h5*
wait $pid
status=$?
ends_with 0
[ -f removed/run.ckpt.h5 ] || failed "it was not written again"
same_bits reference.h5 other.h5 /parameters/final

mkdir -p full
# A folder that is read-only from the start.
if mount -t tmpfs -o size=400k,ro q2hpc full 2>/dev/null; then
  on 2 "$organic" -o other.h5 $fit -checkpoint full/run.ckpt.h5 -checkpoint_interval 1
  umount full
  ends_with 0
  says_once err "no checkpoint: full/run.ckpt.h5: cannot be written: Read-only file system; the fit goes on"
  same_bits reference.h5 other.h5 /parameters/final /iterations/parameters
fi
mount -t tmpfs -o size=400k q2hpc full 2>/dev/null || { echo "skipped: mounting a small tmpfs is not permitted"; [ $failures -eq 0 ] && exit 77; exit 1; }
trap 'umount full' EXIT
on 2 "$organic" -o other.h5 $fit -checkpoint full/run.ckpt.h5 -checkpoint_interval 1
ends_with 0
says_once err "full/run.ckpt.h5: cannot be written: No space left on device; the fit goes on"
same_bits reference.h5 other.h5 /parameters/final /iterations/parameters
on 3 "$organic" -o other.h5 $fit -restart full/run.ckpt.h5 -checkpoint off
ends_with 0
says_once out "restart from full/run.ckpt.h5"
same_bits reference.h5 other.h5 /parameters/final /iterations/parameters
rm -f full/* other.h5
on 2 "$organic" -o other.h5 $fit -checkpoint full/run.ckpt.h5 -checkpoint_interval 1 -checkpoint_failure stop
ends_with 1
says_once err "No space left on device; the fit ends"
no_file other.h5 full/*.partial
on 0 "$organic" -o other.h5 $fit -restart full/run.ckpt.h5 -checkpoint off
ends_with 0
same_bits reference.h5 other.h5 /parameters/final /iterations/parameters
exit $((failures > 0))
