# Claims: q2hpc precision says on both bundled sets that float32, with the terms in float64, keeps every real mode within 0.1 cm-1 and
# within its bound, that the refined eigen-solver is as good as float64, and that float32 throughout is not enough at straight
# angles; its trace does not depend on the number of ranks; -precision takes the modes that are there, and no others.
# Arguments: the two sets.
. "$(dirname "$0")/common.sh"

# column MODE N: of the mode's row in the last output; N as the head counts, from |shift|.
column() { awk -v mode="$1" -v n="$2" '$1 == mode { print $(n + 1) }' out; }
# within MODE N LIMIT, beyond MODE N LIMIT
within() { awk -v x="$(column "$1" "$2")" -v limit="$3" 'BEGIN { exit !(x != "" && x + 0 <= limit + 0) }' || failed "$1: column $2 is $(column "$1" "$2"), not within $3"; }
beyond() { awk -v x="$(column "$1" "$2")" -v limit="$3" 'BEGIN { exit !(x + 0 > limit + 0) }' || failed "$1: column $2 is $(column "$1" "$2"), not beyond $3"; }

for set in "$1" "$2"; do
  on 1 precision "$set" -o one.h5 -threads 1 -repeat 1
  ends_with 0
  for mode in fp32 hessian32 eigen32 fp32_quotients quotients; do
    within $mode 1 0.1
    beyond $mode 1 1e-8
    within $mode 4 1
    within $mode 6 1e-3
  done
  for mode in fp32_quotients hessian32; do within $mode 6 1e-4; done
  within refined 1 1e-8
  within refined 6 1e-10
  beyond pure32 1 0.1
  beyond pure32 4 1
  for mode in only_cotangent only_parameters only_reduction; do within $mode 1 0; beyond $mode 6 1e-10; done
  says out "pure32"
  cp out one.txt
  on 2 precision "$set" -o two.h5 -threads 1 -repeat 2
  ends_with 0
  for mode in fp32 pure32 refined; do
    same_bits one.h5 two.h5 /modes/$mode/shift /modes/$mode/gradient_relative /modes/$mode/hessian_largest /modes/$mode/loss_relative
  done
  same_bits one.h5 two.h5 /vibrations/wavenumber /summary/largest_shift /summary/passes
done

# A fit in float32 ends where the one in float64 does, and a checkpoint of one is not the other's.
on 0 "$1" -o full.h5 -threads 1 -identify off -fit_stall_tolerance 0 -tao_max_it 40 -tao_type bntr -checkpoint_interval 1
ends_with 0
full=$(awk '$1 == "loss" && NF == 3 { print $3 }' out)
on 0 "$1" -o single.h5 -threads 1 -identify off -fit_stall_tolerance 0 -tao_max_it 40 -tao_type bntr -precision fp32
ends_with 0
single=$(awk '$1 == "loss" && NF == 3 { print $3 }' out)
awk -v a="$full" -v b="$single" 'BEGIN { d = b / a - 1; exit !(d < 2e-2 && d > -2e-2) }' || failed "loss $single in float32, $full in float64"
[ "$full" != "$single" ] || failed "both losses are $full: is it float32?"
on 0 "$1" -o again.h5 -threads 1 -identify off -fit_stall_tolerance 0 -tao_max_it 40 -tao_type bntr -precision fp32 -restart full.ckpt.h5
ends_with 1

# An adaptive fit begins in float32 and ends in float64, as low as a fit in float64, by the same test; so it does on two ranks, and
# after a restart from its whole log.
on 0 "$1" -o full.h5 -threads 1 -identify off -checkpoint off
ends_with 0
full=$(awk '$1 == "loss" && NF == 3 { print $3 }' out)
on 1 "$1" -o adaptive.h5 -threads 1 -identify off -precision adaptive -checkpoint_interval 1
ends_with 0
says_once out "  float64 from here: "
says out "converged: the loss fell by less than 0.0001 of itself in 20 iterations"
adaptive=$(awk '$1 == "loss" && NF == 3 { print $3 }' out)
awk -v a="$full" -v b="$adaptive" 'BEGIN { d = b / a - 1; exit !(d < 2e-2 && d > -2e-2) }' || failed "loss $adaptive adaptively, $full in float64"
values adaptive.h5 /iterations/precision | tr -d '\n' | grep -Eqx '(32){20,}(64){20,}' || failed "precisions: $(values adaptive.h5 /iterations/precision | uniq -c)"
on 0 eval "$1" -parameters adaptive.h5 -threads 1
in_full=$(awk '$1 == "loss" { printf "%.8e", $2 }' out)
[ "$in_full" = "$(awk -v x="$adaptive" 'BEGIN { printf "%.8e", x }')" ] || failed "the end has a loss of $in_full in float64, it says $adaptive"
on 2 "$1" -o two.h5 -threads 1 -identify off -precision adaptive
ends_with 0
same_bits adaptive.h5 two.h5 /parameters/final /iterations/loss /iterations/precision
on 0 "$1" -o again.h5 -threads 1 -identify off -precision adaptive -restart adaptive.ckpt.h5
ends_with 0
same_bits adaptive.h5 again.h5 /parameters/final /iterations/loss /iterations/precision

on 0 eval "$1" -precision float
ends_with 1
says err 'option -precision: "float" is none of fp64, fp32'
on 0 info "$1" -precision fp32
ends_with 1
on 0 eval "$1" -precision adaptive
ends_with 1
exit $((failures > 0))
