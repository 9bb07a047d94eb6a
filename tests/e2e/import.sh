# Claims: import makes the same bytes on any number of ranks; several formats of one molecule give the same molecule; what a manifest, names
# and options say stands in the data set; harmless differences between files change nothing; the result can be evaluated and fitted.
#     import.sh WRITE_MOLECULES
. "$(dirname "$0")/common.sh"
write=$1
rm -rf fchk orca xyz some
mkdir fchk orca xyz some
for format in fchk orca xyz; do "$write" organic_dft.h5 $format $format || exit 1; done
"$write" organic_dft.h5 mol2 . && "$write" field field.fld && "$write" marked marked.fld || exit 1
for name in dimethyl_ether ethane ethanol methane methanol ts_ethane_rotation; do cp fchk/$name.fchk some; done
rules=$Q2HPC_SOURCE/jobs/typing/mm3star.txt

# close A B DATASET TOLERANCE: its numbers differ by no more.
close() {
  values "$1" "$3" >first.txt
  values "$2" "$3" >second.txt
  [ -s first.txt ] || failed "$1 has no $3"
  paste first.txt second.txt | awk -v most="$4" 'NF != 2 || ($1 - $2) ^ 2 > most ^ 2 { bad = 1 } END { exit bad }' ||
    failed "$1 and $2 differ in $3 by more than $4"
}

# same_texts A B DATASET: the same strings.
same_texts() {
  h5dump -d "$3" "$1" | sed 1d >first.txt
  h5dump -d "$3" "$2" | sed 1d >second.txt
  grep -q '"' first.txt || failed "$1 has no $3"
  cmp -s first.txt second.txt || failed "$1 and $2 differ in $3"
}

# --- ranks ---
for ranks in 0 1 2 3 7; do
  on $ranks import some -topology structures.mol2 -force_field field.fld -o $ranks.h5
  ends_with 0
  says out "molecules   6, 45 atoms; 6 with a Hessian: 5 minima, 1 transition states, 0 of higher order"
  says out "99 printed wavenumbers, at most 0.00 cm-1 off"
  says out "bonds       of files: 6 molecules"
  says out "types       of files: 6 molecules"
  says out "force field field.fld: 41 parameters, 39 of them vary"
  says out "63 angle_mm3, 39 bond_mm3, 59 stretch_bend, 39 torsion_mm3, exp6_mm3 pairs of 4 types"
  says_once out "$ranks.h5: 6 molecules, 45 atoms, checksum"
  cmp -s 0.h5 $ranks.h5 || failed "other bytes than without mpirun"
  sed "s/^$ranks.h5.*//" out >report.$ranks
  cmp -s report.0 report.$ranks || failed "another report than without mpirun"
done
on 2 import some -topology structures.mol2 -force_field marked.fld -o marked.h5
ends_with 0
says out "force field marked.fld: 40 parameters, 4 of them vary" # length and angle of the O-H of two alcohols, with their constants
on 2 eval 0.h5
ends_with 0
says out "over 99 vibrations"
on 2 marked.h5 -tao_max_it 3
ends_with 0
says out "marked.result.h5"

# --- one molecule in several formats ---
on 2 import fchk/ethanol.fchk fchk/methanol.fchk -types "$rules" -force_field field.fld -o fchk.h5
ends_with 0
says out "bonds       by distance: 2 molecules"
says out "types       by rules: 2 molecules"
on 2 import orca/ethanol.hess orca/methanol.hess -types "$rules" -force_field field.fld -o orca.h5
ends_with 0
on 2 import xyz/ethanol.xyz xyz/ethanol.hessian xyz/methanol.hessian xyz/methanol.xyz -types "$rules" -force_field field.fld -o xyz.h5
ends_with 0
says out "sources     4 files: 2 xyz, 2 hessian"
says out "2 without masses: those of the most abundant isotopes"
for other in orca xyz; do
  same_bits fchk.h5 $other.h5 /atoms/element /bonds/atoms /observables/frequency/index /force_field/terms/torsion_mm3/parameters
  for dataset in /molecules/name /atoms/type_name /force_field/parameters/label; do same_texts fchk.h5 $other.h5 $dataset; done
  close fchk.h5 $other.h5 /atoms/position 2e-8 # the ninth digit of bohr
  close fchk.h5 $other.h5 /hessian 1e-8        # the ninth digit
  close fchk.h5 $other.h5 /atoms/mass 1e-5     # five decimals in ORCA's file
done
if values fchk.h5 /hessian | cmp -s - first.txt; then failed "the comparison compares nothing"; fi

# --- what does not matter: line ends, exponents, order ---
mkdir -p windows
for name in ethanol methanol; do sed 's/$/\r/; /^ /s/E\([-+]\)/D\1/g' fchk/$name.fchk >windows/$name.fchk; done
grep -q 'D[-+]' windows/ethanol.fchk || failed "no D exponents were made"
on 1 import windows -types "$rules" -force_field field.fld -o windows.h5
ends_with 0
cmp -s fchk.h5 windows.h5 || failed "line ends or exponents matter"
on 1 import "fchk/*ethanol.fchk" -types "$rules" -force_field field.fld -o pattern.h5
ends_with 0
cmp -s fchk.h5 pattern.h5 || failed "a pattern gives other molecules than names"

# --- names, a manifest ---
on 2 import fchk/ethanol.fchk orca/ethanol.hess -name '{folder}-{stem}' -types "$rules" -force_field field.fld -o names.h5
ends_with 0
h5dump -d /molecules/name names.h5 >names.txt
grep -q '"fchk-ethanol' names.txt && grep -q '"orca-ethanol' names.txt || failed "names are not by the pattern"
cat >set.manifest <<'END'
# three conformers would be a group
"one ethanol"  fchk/ethanol.fchk   group=4 energy=-155.25
other          orca/ethanol.hess  group=4 energy=-155.5 charge=1 multiplicity=2 validation=1
END
on 2 import set.manifest -types "$rules" -force_field field.fld -observables frequencies+energies -weights energy=2,frequency=0.5 -title "a title" -o manifest.h5
ends_with 0
says out "1 for validation, out of the fit"
says out "observables energy (1 rows), frequency (2 rows)"
[ "$(values manifest.h5 /molecules/energy | tr '\n' ' ')" = "-155.25 -155.5 " ] || failed "energies are not the manifest's"
[ "$(values manifest.h5 /molecules/group | tr '\n' ' ')" = "4 4 " ] || failed "groups are not the manifest's"
[ "$(values manifest.h5 /molecules/charge | tr '\n' ' ')" = "0 1 " ] || failed "charges are not the manifest's"
[ "$(values manifest.h5 /molecules/validation | tr '\n' ' ')" = "0 1 " ] || failed "validation is not the manifest's"
[ "$(values manifest.h5 /observables/energy/weight)" = 2 ] || failed "the weight of energies is not the option's"
on 1 info manifest.h5
ends_with 0
says out "a title"
on 1 import orca/ethanol.hess -charge -1 -types "$rules" -force_field field.fld -o charge.h5
ends_with 0
[ "$(values charge.h5 /molecules/charge)" = -1 ] || failed "the charge is not the option's"

# --- a file that is there is replaced ---
printf 'something else' >replaced.h5
on 1 import fchk/ethanol.fchk fchk/methanol.fchk -types "$rules" -force_field field.fld -o replaced.h5
ends_with 0
cmp -s fchk.h5 replaced.h5 || failed "what was there before was not replaced"

# --- transition states: bonds that break are partial ---
on 1 import fchk/ts_sn2_fluoride_fluoromethane.fchk -types "$rules" -force_field field.fld -o sn2.h5
ends_with 1
says_once err "ts_sn2_fluoride_fluoromethane, atom 1 (C, bonded to F F H H H)"
exit $((failures > 0))
