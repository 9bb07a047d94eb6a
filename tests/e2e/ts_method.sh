# Claims: methods C, D, E and E2 fit the transition states of a data set; E and E2 lock the force constants that they find at zero or
# below, and say so; the rounds are the same bits on any number of ranks; a set without transition states is refused.
#     ts_method.sh ORGANIC.h5
. "$(dirname "$0")/common.sh"
organic=$1
[ -f "$organic" ] || { echo "skipped: there is no $organic"; exit 77; }

# values FILE DATASET: its numbers, one a line. text FILE DATASET: its strings, likewise.
values() { h5dump -m '%.17g' -y -w 1 -d "$2" "$1" | sed -n '/DATA {/,/}/p' | tr -d ' ,' | grep -E '^[-+0-9]'; }
text() { h5dump -y -w 1 -d "$2" "$1" | sed -n '/DATA {/,/}/s/^ *"\([^"\\]*\).*/\1/p'; }

# is WHAT FOUND EXPECTED
is() { [ "$2" = "$3" ] || failed "$1: $2, expected $3"; }

content="/parameters/start /parameters/final /iterations/parameters /iterations/loss /iterations/gradient /iterations/round
  /rounds/loss_before /rounds/loss_after /rounds/rmsd_all_after /rounds/variables /rounds/locks/row /rounds/locks/value /frequencies/before"
for method in E E2; do
  on 0 "$organic" -o $method.h5 -threads 1 -identify off -ts_method $method
  ends_with 0
  on 2 "$organic" -o other.h5 -threads 1 -wave 2 -identify off -ts_method $method
  ends_with 0
  same_bits $method.h5 other.h5 $content
  # Whatever is locked ends where it was locked; all rounds and the whole agree.
  values $method.h5 /parameters/final >final
  values $method.h5 /rounds/locks/row >row
  values $method.h5 /rounds/locks/value >value
  paste row value | awk 'NR == FNR { at[NR] = $1; locked[NR] = $2; n = NR; next } { final[FNR - 1] = $1 }
    END { if (n == 0) exit 1; for (k = 1; k <= n; k++) if (final[at[k]] != locked[k]) exit 2 }' - final ||
    failed "a locked row has moved, or there is none ($?)"
  is "iterations of all rounds" "$(values $method.h5 /rounds/iterations | awk '{ sum += $1 } END { print sum }')" \
    "$(h5dump -a /summary/iterations $method.h5 | awk '/\(0\)/ { print $2 }')"
  is "loss after the last round" "$(values $method.h5 /rounds/loss_after | tail -n 1)" "$(values $method.h5 /iterations/loss | tail -n 1)"
  if values $method.h5 /rounds/converged | grep -qv '^1$'; then failed "a round has not converged"; fi
done

# E: D, C, and C again with D's values for what C has spoilt.
is "rounds of E" "$(text E.h5 /rounds/method | tr -d '\n')" DCC
on 0 "$organic" -o D.h5 -threads 1 -identify off -ts_method D
ends_with 0
is "round 1 and method D" "$(values E.h5 /rounds/loss_after | head -n 1)" "$(values D.h5 /iterations/loss | tail -n 1)"
values D.h5 /parameters/final >final
values E.h5 /rounds/locks/row >row
values E.h5 /rounds/locks/value >value
paste row value | awk 'NR == FNR { at[NR] = $1; locked[NR] = $2; n = NR; next } { final[FNR - 1] = $1 }
  END { for (k = 1; k <= n; k++) if (final[at[k]] != locked[k]) exit 1 }' - final || failed "not D's values are locked"
if values E.h5 /rounds/locks/found | awk '$1 >= 1e-3 { exit 1 }'; then :; else failed "a positive constant is locked"; fi

# The references of later rounds are C's: at the start for the summary, and where round 1 ended.
attribute() { h5dump -m '%.10g' -a "$2" "$1" | awk '/\(0\)/ { print $2 }'; }
on 0 "$organic" -o C.h5 -threads 1 -identify off -ts_method C -tao_max_it 1
ends_with 0
is "loss before, by C" "$(attribute E.h5 /summary/loss_before)" "$(attribute C.h5 /summary/loss_before)"
on 0 "$organic" -o C.h5 -threads 1 -identify off -ts_method C -tao_max_it 1 -parameters D.h5
ends_with 0
is "loss before round 2" "$(values E.h5 /rounds/loss_before | awk 'NR == 2 { printf "%.10g\n", $1 }')" "$(attribute C.h5 /summary/loss_before)"

# E2: no force constant ends below zero, and the lock is at q2mm's standard with the equilibrium value.
is "rounds of E2" "$(text E2.h5 /rounds/method | tr -d '\n')" DC
is "why" "$(text E2.h5 /rounds/locks/reason | sort -u | tr -d '\n')" equilibriumzero
values E2.h5 /rounds/locks/value | awk '$1 - 35.98315 < 1e-4 && 35.98315 - $1 < 1e-4 { found = 1 } END { exit !found }' ||
  failed "no angle is locked at 0.5 mdyn angstrom/rad^2"
text E2.h5 /parameters/kind >kind
values E2.h5 /parameters/final >final
paste kind final | awk '$1 ~ /^(bond|angle|urey_bradley)_k$/ && $2 < 0 { exit 1 }' || failed "a force constant is negative"
on 0 "$organic" -o other.h5 -threads 1 -identify off -ts_method E2 -tao_max_it 20
ends_with 0
says out "negative force constants start at 0, the bound that method E2 sets"
says out "no force constant has come to zero: that was all"
is "rounds" "$(text other.h5 /rounds/method | tr -d '\n')" D

# The other path, and the other rule for pairs.
on 2 "$organic" -o other.h5 -threads 1 -ts_method E2 -tao_type bntr -tao_max_it 15
ends_with 0
says out "round 2 of method E2"
on 2 "$organic" -o other.h5 -threads 1 -identify off -ts_method E -match q2mm -tao_max_it 40
ends_with 0
says out "RMSD of the pairs fitted"

# C against D at the start, and what is refused.
on 0 eval "$organic" -threads 1 -ts_method C
ends_with 0
on 0 eval "$organic" -threads 1 -ts_method E
ends_with 1
says_once err "option -ts_method: E is a way to fit"
on 0 "$organic" -o bad.h5 -ts_method F
ends_with 1
says_once err "none of file, C, D, E, E2"
"$Q2HPC_WRITE_DATASET" made.h5 7 || exit 1
for method in C E E2; do
  on 2 made.h5 -o bad.h5 -ts_method $method
  ends_with 1
  says_once err "option -ts_method: $method is for transition states, and made.h5 has none"
done
no_file bad.h5
on 0 made.h5 -o other.h5 -ts_method D
ends_with 0
exit $((failures > 0))
