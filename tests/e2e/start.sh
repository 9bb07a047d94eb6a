# Claims: starting values from QM Hessians are the same on any number of ranks; least squares lower the loss; a fit goes on from them;
# what contradicts them is refused.
#     start.sh ORGANIC.h5
. "$(dirname "$0")/common.sh"
organic=$1
[ -f "$organic" ] || { echo "skipped: there is no $organic"; exit 77; }

loss_of() { sed -n 's/^loss  *\([0-9.e+-]*\) over.*/\1/p' "$1"; }

on 1 eval "$organic"
ends_with 0
loss_of out >file.loss
for method in seminario modified qfuerza linear; do
  for ranks in 1 2 3; do
    on $ranks eval "$organic" -start $method -start_springs positive -verbose
    ends_with 0
    says out "starting values by -start $method:"
    sed -n '/^starting values/,/checksum/{/checksum/!p}' out >$method.$ranks
    sed -n '/^loss/p' out | head -n 1 >>$method.$ranks
    cmp -s $method.1 $method.$ranks || failed "other starting values than on one rank"
    [ "$(grep -c ' -> ' $method.$ranks)" -gt 50 ] || failed "hardly a value changed"
  done
done
awk -v before="$(cat file.loss)" -v after="$(loss_of linear.1)" 'BEGIN { exit !(after < 0.7 * before) }' ||
  failed "least squares start at $(loss_of linear.1), the file's values at $(cat file.loss)"

on 2 "$organic" -start linear -tao_max_it 5 -o fitted.h5
ends_with 0
on 1 eval "$organic" -start nothing
ends_with 1
says_once err "none of file, seminario, modified, qfuerza, linear"
on 1 eval "$organic" -start linear -parameters fitted.h5
ends_with 1
says_once err "exclude each other"
on 1 eval "$organic" -start_scale 0.9 # of nothing
ends_with 1
says_once err "option -start_scale has no meaning"
on 1 eval "$organic" -start linear -bounds q2mm -start_springs maybe
ends_with 1
says_once err "none of any, positive"
exit $((failures > 0))
