# Claims: import makes the same bytes on any number of ranks; several formats of one molecule give the same molecule; what a manifest, names
# and options say stands in the data set; harmless differences between files change nothing; the result can be evaluated and fitted.
#     import.sh WRITE_MOLECULES
. "$(dirname "$0")/common.sh"
write=$1
rm -rf fchk orca xyz xtb some
mkdir fchk orca xyz xtb some
for format in fchk orca xyz xtb; do "$write" organic_dft.h5 $format $format || exit 1; done
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

list="1 2 3 7" few="1 2 3"
if [ -n "${Q2HPC_SANITIZED:-}" ]; then list=2 few="1 2"; fi # MPI itself leaks on more

# --- ranks ---
for ranks in 0 $list; do
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
on 2 import xtb/ethanol xtb/methanol -types "$rules" -force_field field.fld -o xtb.h5
ends_with 0
says out "sources     4 files: 2 turbomole, 2 xyz"
for other in orca xyz xtb; do
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

# --- a new force field: of all types, the same on any number of ranks; starting values; bonds of transition states ---
for ranks in $few; do
  on $ranks import fchk -o new.$ranks.h5
  ends_with 0
  says out "rules: elements and numbers of neighbours"
  says out "force field new, of all types: 274 parameters, 223 of them vary"
  says out "29 with a Hessian: 23 minima, 6 transition states"
  cmp -s new.1.h5 new.$ranks.h5 || failed "other bytes than on one rank"
done
on 2 new.1.h5 -start seminario -start_springs positive -tao_max_it 5
ends_with 0
bonds_of() { h5dump -d /bonds/offset -y -w 0 "$1" | sed -n 's/^ *0, \([0-9]*\)$/\1/p'; }
on 1 import fchk/ts_sn2_fluoride_fluoromethane.fchk -o sn2.h5
ends_with 0
[ "$(bonds_of sn2.h5)" = 5 ] || failed "$(bonds_of sn2.h5) bonds in a transition state with five"
on 1 import fchk/ts_sn2_fluoride_fluoromethane.fchk -bond_stretched 0 -bond_factor 1.15 -o sn2.h5
ends_with 0
[ "$(bonds_of sn2.h5)" = 3 ] || failed "$(bonds_of sn2.h5) bonds without those that form and break"
says_once err "bonds of 1 molecules look doubtful; the first: ts_sn2_fluoride_fluoromethane: atom"
on 1 import fchk/ts_sn2_fluoride_fluoromethane.fchk -bond_stretched 0 -bond_factor 1.15 -bond_partial "ts_*:1-2,ts_*:3-1" -o sn2.h5
ends_with 0
[ "$(bonds_of sn2.h5)" = 5 ] || failed "$(bonds_of sn2.h5) bonds with two that were named"
mkdir -p both
cp fchk/ethanol.fchk both
sed -n '/^ethanol$/,/^@<TRIPOS>MOLECULE/p' structures.mol2 | sed '$d; 1i @<TRIPOS>MOLECULE' >both/ethanol.mol2
on 1 import both -o both.h5
ends_with 0
says out "types       of files: 1 molecules"
on 1 import both -types elements -bonds perceive -o perceived.h5
ends_with 0
says out "bonds       by distance: 1 molecules"
says out "types       by rules: 1 molecules"
on 1 import both fchk/methanol.fchk -o mixed.h5
ends_with 1
says_once err "1 molecules have atom types from their files and 1 have none; -types"
on 1 import fchk/ethane.fchk -stationary no -o stationary.h5
ends_with 0
[ "$(values stationary.h5 /molecules/stationary)" = 0 ] || failed "-stationary no left a stationary molecule"
says err "neither stationary nor have a gradient"

# --- AMBER: of two files the last is what varies, and where numbers stand ---
cat >general.frcmod <<'END'
for tests
BOND
c3-c3  300.9   1.5375
c3-hc  330.6   1.0969
c3-h1  330.6   1.0969
c3-oh  316.7   1.4233

ANGLE
c3-c3-hc   46.34      109.80
hc-c3-hc   39.40      107.58
h1-c3-h1   39.24      108.46
h1-c3-oh   50.90      110.26
c3-oh-ho   47.38      107.26

DIHE
X -c3-c3-X    9    1.400         0.000           3.000
X -c3-oh-X    3    0.500         0.000           3.000

NONBON
  c3          1.9080  0.1094
  hc          1.4870  0.0157
  h1          1.3870  0.0157
  oh          1.7210  0.2104
  ho          0.0000  0.0000

END
printf 'mine\nBOND\noh-ho  380.0   0.9700\nc3-oh  320.0   1.4200\n\n' >mine.frcmod
amber="fchk/ethane.fchk fchk/methanol.fchk -types $Q2HPC_SOURCE/jobs/typing/amber.txt"
on 2 import $amber -force_field general.frcmod,mine.frcmod -o amber.h5
ends_with 0
says out "force field general.frcmod, mine.frcmod: 34 parameters, 4 of them vary"
says out "lennard_jones pairs of 5 types"
h5dump -a /force_field/origin/name amber.h5 | grep -q mine.frcmod || failed "the origin is not the last file"
[ "$(values amber.h5 /force_field/origin/line | sort -n | uniq -c | tr -s ' \n' ' ')" = " 30 0 2 3 2 4 " ] ||
  failed "numbers do not stand in lines 3 and 4 of the last file"
on 2 import $amber -force_field general.frcmod,mine.frcmod -fit bond_k -o kinds.h5
ends_with 0
says out "34 parameters, 5 of them vary"
on 2 import $amber -force_field general.frcmod -o lacks.h5
ends_with 1
says_once err "the bond oh-ho"
on 2 import $amber -force_field general.frcmod -unmatched omit -o omitted.h5
ends_with 0
says out "bond            oh-ho"
on 2 import $amber -force_field general.frcmod -unmatched new -o added.h5
ends_with 0
says out "new row"
exit $((failures > 0))
