# Claims: q2hpc export writes the same bytes on any number of ranks; the force field's own file comes back byte for byte, and after a fit
# differs in the fitted numbers alone, which are the result's; a fit's -export writes what q2hpc export makes of its result; what a
# format cannot express, or a place that cannot be written, is refused before the fit, with nothing written and nothing replaced.
. "$(dirname "$0")/common.sh"
rm -f ./*.prm ./*.csv ./*.xml ./*.frcmod
make() { "$Q2HPC_WRITE_TYPED" "$@" >/dev/null 2>&1 || failed "write_typed $*"; }
make made.h5 0 made.prm

# The same bytes, whatever the number of ranks.
for format in origin csv tinker amber openmm openmm_atoms; do
  for ranks in 0 2; do
    on $ranks export made.h5 -to $format -o "$format.$ranks"
    ends_with 0
    says out "parameters as"
  done
  cmp -s "$format.0" "$format.2" || failed "$format differs between one rank and two"
  [ -s "$format.0" ] || failed "$format is empty"
  rm -f "$format.2"
done
cmp -s origin.0 made.prm || failed "the origin does not come back byte for byte"
says out "38 parameters as openmm_atoms"

# By the ending: .prm is the origin here, whose bytes a new file would not have.
on 0 export made.h5 -o by_ending.prm
ends_with 0
cmp -s by_ending.prm made.prm || failed "the ending .prm is not the origin"
on 0 export made.h5 -o by_ending.xml
ends_with 0
cmp -s by_ending.xml openmm.0 || failed "the ending .xml is not openmm"

# A fit that writes its force field.
on 2 made.h5 -o fitted.h5 -export fitted.prm -tao_max_it 8
ends_with 0
says out "force field: fitted.prm"
on 0 export made.h5 -parameters fitted.h5 -o again.prm
ends_with 0
cmp -s fitted.prm again.prm || failed "-export and q2hpc export -parameters differ"
cmp -s fitted.prm made.prm && failed "the fit changed nothing"
# Outside the fields of numbers that were fitted nothing has changed: bonds, angles, torsion amplitudes and van der Waals radii.
blank() { sed -E '/^(bond|angle|torsion|vdw )/s/ +-?[0-9]+\.[0-9]+/ #/g' "$1"; }
blank made.prm >before
blank fitted.prm >after
cmp -s before after || failed "fitted.prm differs from made.prm outside the fitted numbers"
[ "$(wc -c <made.prm)" -eq "$(wc -c <fitted.prm)" ] || failed "fitted.prm is longer or shorter than made.prm"
grep imptors made.prm >before
grep imptors fitted.prm >after
cmp -s before after || failed "an improper, which is frozen, has changed"
# Its numbers are the result's: the C-O bond, line for line.
on 0 export made.h5 -parameters fitted.h5 -o fitted.csv
ends_with 0
k=$(awk -F, '$2 == "bond_k" && $3 == "C O" { print $5 }' fitted.csv)
awk -v k="$k" '$1 == "bond" && $2 == 2 && $3 == 3 { d = $4 - k; found = d * d < 1e-8 } END { exit !found }' fitted.prm ||
  failed "the C-O bond of fitted.prm is not the result's, $k"
awk -F, '$2 == "bond_k" && $3 == "C O" { exit !($6 == 570 && $5 != 570) }' fitted.csv || failed "start and value of the table"

# Refused before anything is read or fitted, and nothing is written.
refused() { # TEXT: the last run's message
  ends_with 1
  says err "$1"
  no_file result.h5 none ./*.partial ./*.probe*
}
on 0 export made.h5 -to nonsense -o none
refused "is none of origin, csv, tinker, amber, openmm, openmm_atoms"
on 0 export made.h5 -to csv
refused "-o FILE"
on 0 export made.h5 -to csv -o made.h5
refused "is the input file"
on 0 export made.h5 -o none
ends_with 0 # an unknown ending is the origin's
cmp -s none made.prm || failed "without a known ending it is not the origin"
rm -f none
on 0 export made.h5 -to csv -o nowhere/none
refused "nowhere/none cannot be written"
on 0 export made.h5 -to amber -o none -threads 2
refused "-threads"
on 0 export made.h5 -to csv -o none -molecule "formaldehyde 1"
refused "has the whole force field"
on 2 export made.h5 -to openmm -o none -molecule "formaldehyde 2"
refused "has no molecule formaldehyde 2"
on 0 made.h5 -o result.h5 -export made.h5
refused "is the input file"
on 0 made.h5 -o result.h5 -export result.h5
refused "is the input file or the result"
on 0 made.h5 -o result.h5 -export nowhere/fitted.prm
refused "nowhere/fitted.prm cannot be written"
on 0 eval made.h5 -export none
refused "-export"
on 2 export made.h5 -parameters made.h5 -o none
refused "neither a result nor a checkpoint"

# Types that do not say enough: refused by export where values differ, by a fit where they may come to differ.
make two.h5 1
make equal.h5 2
echo old >two.frcmod
on 2 export two.h5 -o two.frcmod
refused "one row for all atoms of the types C-O, but the bond of acetaldehyde 0 (atoms 2 3) has"
[ "$(cat two.frcmod)" = old ] || failed "a refused export replaced a file"
on 0 export equal.h5 -o equal.frcmod
ends_with 0
for ranks in 0 2; do
  on $ranks equal.h5 -o result.h5 -export fitted.frcmod
  refused "one row for all atoms of the types C-O"
  no_file fitted.frcmod
done
on 0 two.h5 -o two.result.h5 -export two.xml -tao_max_it 2
refused "one row for all atoms of the types C-O"
on 0 export two.h5 -to openmm_atoms -o two.xml
ends_with 0
on 0 export two.h5 -o one.frcmod -molecule "formaldehyde 3"
ends_with 0

# A number that has no place in the origin is refused where it has changed, and not before.
make outside.h5 16384
on 0 outside.h5 -o outside.result.h5 -export outside.prm -tao_max_it 3
ends_with 1
says err "has changed, but has no place in the file"
says out "result: outside.result.h5"
no_file outside.prm
on 0 export outside.h5 -o outside.prm
ends_with 0

# No origin and no ending.
"$Q2HPC_WRITE_DATASET" plain.h5 4 || exit 1
on 0 plain.h5 -o result.h5 -export plain
refused "which format?"
on 0 export plain.h5 -to origin -o none
refused "no file to put values back into"
on 0 export plain.h5 -to tinker -o none
refused "has no /atoms/type_name"

exit $((failures > 0))
