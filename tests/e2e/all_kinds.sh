# Claims: a fit to every kind of observable reports and stores each kind's residuals, whose squares add up to the loss; molecules that
# cannot be relaxed are set aside, named and counted; bits do not depend on ranks; all precisions take all kinds; pairs may be found by
# overlap, once or anew.
. "$(dirname "$0")/common.sh"
"$Q2HPC_WRITE_DATASET" made.h5 16 observed || exit 1
kinds="frequency eigenmatrix_diagonal eigenmatrix_off_diagonal hessian energy gradient bond angle torsion relaxed_frequency relaxed_energy"

# near A B: the same but for rounding.
near() { awk -v a="$1" -v b="$2" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(d <= 1e-10 * (a < 0 ? -a : a)) }'; }

# loss_of FILE COLUMN: the squares of all weighted residuals.
loss_of() {
  for kind in $kinds; do
    values "$1" "/residuals/$kind/reference" >reference
    values "$1" "/residuals/$kind/$2" >calculated
    values "$1" "/residuals/$kind/weight" >weight
    paste reference calculated weight
  done | awk '$2 != "nan" { d = $3 * ($1 - $2); sum += d * d } END { printf "%.17g\n", sum }'
}

on 0 info made.h5
ends_with 0
for kind in $kinds; do says out "$kind "; done
says out "all elements i > j, basis vibrations"
says out "all vibrations above 50 cm-1"
says out "weights of the set q2mm"
says out "11 molecules are relaxed"

for ranks in 0 2; do
  on $ranks eval made.h5
  ends_with 0
  says_once out "11 molecules are relaxed, 1 of them set aside, whose relaxed observables do not count: HF 2 (another basin)"
  awk '/^loss/ { loss = $2 } /unit of RMSD/ { table = 1; next } table && NF == 0 { exit } table { sum += $3; kinds++ }
    END { d = loss - sum; if (d < 0) d = -d; exit !(kinds == 11 && d < 1e-6 * loss) }' out || failed "losses by kind do not add up to the loss"
  on $ranks bench made.h5 -repeat 2
  ends_with 0
  says out "relax "
  on $ranks precision made.h5 -repeat 1 -o trace.h5
  ends_with 0
  says out "trace: trace.h5"
done

on 0 made.h5 -o reference.h5 -threads 1
ends_with 0
says out "1 of 11 relaxed molecules set aside"
says out "R2 before"
content="/parameters/final /iterations/loss /iterations/gradient /relaxation/set_aside"
for kind in $kinds; do
  content="$content /residuals/$kind/offset /residuals/$kind/index /residuals/$kind/reference /residuals/$kind/before /residuals/$kind/after
    /residuals/$kind/weight"
done
for ranks in 1 2; do
  on $ranks made.h5 -o other.h5 -threads 2
  ends_with 0
  same_bits reference.h5 other.h5 $content
done

# What the result says is true of what it holds.
for when in before after; do
  sum=0
  for kind in $kinds; do sum=$(attribute reference.h5 "/summary/$kind/loss_$when" | awk -v s="$sum" '{ printf "%.17g", s + $1 }'); done
  near "$(attribute reference.h5 "/summary/loss_$when")" "$sum" || failed "loss_$when is not the sum of its kinds"
  near "$sum" "$(loss_of reference.h5 $when)" || failed "loss_$when is not that of the residuals"
done
near "$(attribute reference.h5 /summary/loss_before)" "$(attribute reference.h5 /summary/loss_after)" && failed "the fit found nothing better"
[ "$(attribute reference.h5 /summary/relaxed) $(attribute reference.h5 /summary/set_aside)" = "11 1" ] || failed "set_aside is miscounted"
[ "$(values reference.h5 /relaxation/set_aside | grep -n 1)" = "12:1" ] || failed "another molecule is set aside"
h5dump -d /relaxation/after reference.h5 | grep -q '(11): "another basin' || failed "/relaxation/after does not say why"
values reference.h5 /residuals/angle/reference >reference
values reference.h5 /residuals/angle/after >after
paste reference after | awk '{ r[NR] = $1; mean += $1; d = $1 - $2; rest += d * d } END { mean /= NR
  for (i = 1; i <= NR; i++) spread += (r[i] - mean) ^ 2
  printf "%.17g %.17g\n", 1 - rest / spread, sqrt(rest / NR) }' >found
near "$(cut -d' ' -f1 found)" "$(attribute reference.h5 /summary/angle/r2_after)" || failed "R2 of the angles is wrong"
near "$(cut -d' ' -f2 found)" "$(attribute reference.h5 /summary/angle/rmsd_after)" || failed "the RMSD of the angles is wrong"
[ "$(attribute reference.h5 /summary/torsion/r2_after)" = nan ] || failed "R2 where all references are equal"
[ "$(values reference.h5 /residuals/relaxed_energy/index | tr '\n' ' ')" = "2 6 10 11 " ] || failed "energies name other molecules"

# Molecules for validation are in no kind's loss.
"$Q2HPC_WRITE_DATASET" guided.h5 16 guided observed || exit 1
on 2 guided.h5 -o guided.result.h5 -prior all=0 -tao_max_it 10
ends_with 0
sum=0
for kind in $kinds; do sum=$(attribute guided.result.h5 "/summary/$kind/loss_after" | awk -v s="$sum" '{ printf "%.17g", s + $1 }'); done
near "$(attribute guided.result.h5 /summary/loss_after)" "$sum" || failed "losses by kind and validation"
near "$(loss_of guided.result.h5 after)" "$sum" && failed "residuals for validation are missing"

# Pairs by overlap.
for assign in start iteration; do
  for type in bqnls bntr; do
    on 0 made.h5 -o overlap.h5 -threads 1 -match overlap -assign $assign -tao_type $type
    ends_with 0
    near "$(attribute overlap.h5 /summary/loss_after)" "$(loss_of overlap.h5 after)" || failed "the loss is not that of the pairs in the result"
    on 2 made.h5 -o other.h5 -match overlap -assign $assign -tao_type $type
    ends_with 0
    same_bits overlap.h5 other.h5 $content
  done
done
says out "RMSD of the pairs fitted"

for bad in "made.h5 -assign iteration" "made.h5 -match q2mm -assign start" "made.h5 -match overlap -assign never" "eval made.h5 -match overlap -assign start"; do
  on 0 $bad
  ends_with 1
  says_once err "-assign"
  no_file made.result.h5
done
on 0 eval made.h5 -match overlap
ends_with 0
exit $((failures > 0))
