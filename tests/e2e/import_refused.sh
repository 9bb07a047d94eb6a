# Claims: an import that cannot be right is refused, once, with the file (and the line, where one is to blame) and what was expected, on any
# number of ranks; nothing is written, and an output that was there before stays as it was.
#     import_refused.sh WRITE_MOLECULES
. "$(dirname "$0")/common.sh"
write=$1
rm -rf fchk xyz bad
mkdir fchk xyz bad
"$write" organic_dft.h5 fchk fchk && "$write" organic_dft.h5 xyz xyz && "$write" organic_dft.h5 mol2 . && "$write" field field.fld || exit 1
rules=$Q2HPC_SOURCE/jobs/typing/mm3star.txt
list="0 3"
if [ -n "${Q2HPC_SANITIZED:-}" ]; then list=0; fi # they are slow; the test import has two ranks
cases=0

# refused ARGUMENTS... -- TEXT...: the one message has every TEXT. Cases take turns: without mpirun, on three ranks.
refused() {
  count=0
  for word; do
    [ "$word" != -- ] || break
    count=$((count + 1))
  done
  cases=$((cases + 1))
  ranks=$(printf '%s\n' $list $list | sed -n "$((cases % 2 + 1))p")
  output=old.h5
  [ $((cases % 4)) -lt 2 ] || output=new.h5
  printf 'as it was' >old.h5
  refuse_one "$count" "$@"
  no_file new.h5 ./*.partial ./new.h5.* ./old.h5.*
  [ "$(cat old.h5)" = "as it was" ] || failed "an old output has changed"
  rm -f new.h5
}

refuse_one() {
  total=$1
  shift
  set -- "$@" import -o "$output" # the arguments come last now; take the first ones to the end
  k=0
  texts=$(($# - 3 - total - 1))
  while [ $k -lt "$total" ]; do
    set -- "$@" "$1"
    shift
    k=$((k + 1))
  done
  shift # --
  : >texts.txt
  while [ $texts -gt 0 ]; do
    printf '%s\n' "$1" >>texts.txt
    shift
    texts=$((texts - 1))
  done
  on $ranks "$@"
  ends_with 1
  [ "$(grep -c '^q2hpc: ' err)" -eq 1 ] || failed "not one message"
  while read -r text; do says err "$text"; done <texts.txt
}

with="-types $rules -force_field field.fld"
# damage NAME SED-SCRIPT: bad/ethanol.fchk is ethanol's, changed.
damage() { sed "$1" fchk/ethanol.fchk >bad/ethanol.fchk; }
line_of() { grep -n "$1" "$2" | head -n 1 | cut -d: -f1; }
ethanol=bad/ethanol.fchk
first=$(($(line_of "Force Constants" fchk/ethanol.fchk) + 1)) # of the Hessian

# --- files ---
refused fchk/no_such.fchk $with -- "fchk/no_such.fchk: No such file"
refused "fchk/*.nothing" $with -- "fchk/*.nothing: expected files, found none"
refused bad $with -- "bad: expected files of molecules in this folder, found none" ".fchk"
refused fchk/ethanol.fchk fchk/ethanol.fchk $with -- "fchk/ethanol.fchk: named twice"
printf 'nothing known\n' >bad/text.xyz
refused bad/text.xyz $with -- "bad/text.xyz" "expected a format out of fchk"
rm bad/text.xyz
head -n $((first + 9)) fchk/ethanol.fchk >$ethanol
refused $ethanol $with -- "$ethanol:$((first + 9)): the file ends after" "Cartesian Force Constants"
head -c 4000 fchk/ethanol.fchk >$ethanol # within a number
refused $ethanol $with -- "$ethanol:"
damage "${first}s/^.\{16\}/ ***************/"
refused $ethanol $with -- "$ethanol:$first:" "***************"
damage "${first}s/E/x/"
refused $ethanol $with -- "$ethanol:$first:" "Cartesian Force Constants"
damage "$((first + 3))d"
refused $ethanol $with -- "$ethanol:" "Cartesian Force Constants"
damage 's/\(Number of atoms .*\)9$/\18/'
refused $ethanol $with -- "$ethanol:" "expected 8 values of \"Atomic numbers\", found N= 9"
damage 's/^\(Current cartesian coordinates.*\)27$/\124/'
refused $ethanol $with -- "$ethanol:" "Current cartesian coordinates"

# --- what cannot be true ---
awk -v from="$first" 'NR >= from && /^ / && !done { for (i = 1; i <= NF; i++) printf "%16.8E", $i * factor; print ""; next }
  NR > from && !/^ / { done = 1 } { print }' factor=9376 fchk/ethanol.fchk >bad/unit.fchk
refused bad/unit.fchk $with -- "bad/unit.fchk: molecule 'unit': the Hessian's highest vibration is at" "not in hartree/bohr^2" "kJ/mol"
rm bad/unit.fchk
awk 'NR > 2 { t = $2; $2 = $3; $3 = -t } { print }' xyz/ethanol.xyz >bad/ethanol.xyz # turned by a quarter
cp xyz/ethanol.hessian bad
refused bad/ethanol.xyz bad/ethanol.hessian $with -- "bad/ethanol.xyz" "Hessian and geometry are in different frames" "turning the molecule about"
awk 'NR == 3 { $2 += 0.3 } { print }' xyz/ethanol.xyz >bad/ethanol.xyz # another geometry than the Hessian's
refused bad/ethanol.xyz bad/ethanol.hessian $with -- "bad/ethanol.xyz"
cp xyz/ethane.hessian bad/ethanol.hessian
refused xyz/ethanol.xyz bad/ethanol.hessian $with -- "ethanol"
rm bad/ethanol.xyz bad/ethanol.hessian
modes=$(($(line_of Vib-E2 fchk/ethanol.fchk) + 1))
damage "${modes}s/^ *[0-9.]*E+02/  2.80000000E+02/" # the lowest one
refused $ethanol $with -- "$ethanol: molecule 'ethanol': vibration 1 is printed as 280.00 cm-1" "-frequency_tolerance"
on 1 import $ethanol $with -frequency_tolerance 20 -o allowed.h5 # which the option allows
ends_with 0
says_once err "printed wavenumbers of 1 molecules are more than 20 cm-1 off; the worst: ethanol, vibration 1: printed 280.00"
awk 'NR == 3 { $2 = $3 = $4 = "0.00" } NR == 4 { $2 = "0.01"; $3 = $4 = "0.00" } { print }' xyz/ethanol.xyz >bad/close.xyz
refused bad/close.xyz $with -- "bad/close.xyz: molecule 'close': atoms 1 and 2 are 0.01 angstrom apart"
rm -f bad/*

# --- files that belong together but contradict each other ---
awk 'NR == 3 { $1 = "N" } { print }' xyz/ethanol.xyz >bad/ethanol.xyz
cp fchk/ethanol.fchk bad
refused bad $with -- "atom 1 is"
cp xyz/ethane.xyz bad/ethanol.xyz
refused bad $with -- "has 8 atoms, but" "has 9"
awk 'NR == 5 { $3 += 0.01 } { print }' xyz/ethanol.xyz >bad/ethanol.xyz
refused bad $with -- "atom 3 is" "however the molecule is turned"
rm -f bad/*
refused fchk/ethanol.fchk fchk/methanol.fchk -name same $with -- "two molecules are called \"same\"" "fchk/ethanol.fchk" "fchk/methanol.fchk"
refused fchk/ethanol.fchk -name '{nothing}' $with -- "option -name" "{nothing}"
refused fchk/acetic_acid.fchk -topology structures.mol2 -force_field field.fld -- "acetic_acid (atoms" "no row of field.fld fits the bond"
sed 's/ethanol/another/' structures.mol2 >bad/structures.mol2
refused fchk/ethanol.fchk -topology bad/structures.mol2 -force_field field.fld -- "bad/structures.mol2: has" "structures, expected 1"
rm bad/structures.mol2

# --- manifests ---
manifest() {
  printf '%s\n' '# a manifest' "$1" >bad/set.manifest
}
manifest 'ethanol ../fchk/no_such.fchk'
refused bad/set.manifest $with -- "bad/set.manifest:2:" "no_such.fchk"
manifest 'ethanol'
refused bad/set.manifest $with -- "bad/set.manifest:2: expected a name and files"
manifest 'ethanol ../fchk/ethanol.fchk charges=1'
refused bad/set.manifest $with -- "bad/set.manifest:2: expected charge, multiplicity, group" "charges=1"
manifest 'ethanol ../fchk/ethanol.fchk record=2'
refused bad/set.manifest $with -- "bad/set.manifest:2: record=2"
manifest '"ethanol ../fchk/ethanol.fchk'
refused bad/set.manifest $with -- "bad/set.manifest:2: a quotation mark"

# --- force fields, types, observables ---
refused fchk/ethanol.fchk -types "$rules" -force_field no_such.fld -- "no_such.fld"
refused fchk/ethanol.fchk -types "$rules" -force_field xyz/ethanol.xyz -- "xyz/ethanol.xyz: expected a force field in a format out of mm3star"
refused fchk/ethanol.fchk -types "$rules" -force_field field.fld -force_field_format charmm -- "-force_field_format" "charmm" "mm3star"
refused fchk/ethanol.fchk -types "$rules" -force_field field.fld,field.fld -- "MM3* is one file"
head -n 25 field.fld >bad/cut.fld
refused fchk/ethanol.fchk -types "$rules" -force_field bad/cut.fld -- "bad/cut.fld"
sed 's/^ 2  C3 - C3 - O3 *110.0000/ 2  C3 - C3 - O3            110.0x00/' field.fld >bad/word.fld
refused fchk/ethanol.fchk -types "$rules" -force_field bad/word.fld -- "bad/word.fld:$(line_of '110.0x00' bad/word.fld):"
sed '/C3 - O3 - H2/d' field.fld >bad/less.fld
refused fchk/ethanol.fchk -types "$rules" -force_field bad/less.fld -- "ethanol (atoms" "no row of bad/less.fld fits the angle C3-O3-H2"
on 2 import fchk/ethanol.fchk -types "$rules" -force_field bad/less.fld -unmatched omit -o omitted.h5 # as it says
ends_with 0
says out "no row"
refused fchk/ethanol.fchk -force_field field.fld -- "fchk/ethanol.fchk: molecule 'ethanol' has no atom types, which field.fld needs"
printf 'C3 C nonmetals=4\nH1 H neighbors=1\n' >bad/rules.txt
refused fchk/ethanol.fchk -types bad/rules.txt -force_field field.fld -- "bad/rules.txt:2:" "neighbors"
printf 'C3 C\nH1 H\n' >bad/rules.txt
refused fchk/ethanol.fchk -types bad/rules.txt -force_field field.fld -- "ethanol, atom 3 (O, bonded to" "no rule of bad/rules.txt"
refused fchk/ethanol.fchk $with -observables frequencies+nothing -- "-observables" "nothing" "frequencies, eigenmatrix"
printf 'frequency ethan* all\nbond ethanol 0 99\n' >bad/observables.txt
refused fchk/ethanol.fchk $with -observables bad/observables.txt -- "bad/observables.txt:2:" "expected indices from 0 to 8, found 99"
printf 'frequency methan* all\n' >bad/observables.txt
refused fchk/ethanol.fchk $with -observables bad/observables.txt -- "bad/observables.txt:1:" "methan*" "found none"
refused xyz/ethanol.xyz $with -- "frequency of molecule 'ethanol': its files have no Hessian"
refused fchk/ethanol.fchk $with -weights bond=1 -- "-weights: no bond is among the observables"
refused fchk/ethanol.fchk $with -fit nothing_k -- "-fit" "nothing_k"

# --- options and outputs ---
refused fchk/ethanol.fchk $with -format pdb -- "-format" "pdb" "fchk"
refused fchk/ethanol.fchk $with -stationary perhaps -- "-stationary" "perhaps"
refused fchk/ethanol.fchk $with -bond_factor 9 -- "-bond_factor" "9"
refused fchk/ethanol.fchk $with -charge 0.5 -- "-charge" "0.5"
refused fchk/ethanol.fchk $with -bond_partial ethanol:1-1 -- "-bond_partial" "ethanol:1-1"
refused fchk/ethanol.fchk $with -bond_partial methanol:1-2 -- "-bond_partial: no molecule is called \"methanol\""
refused fchk/ethanol.fchk $with -bond_partial ethanol:1-99 -- "atoms 1 and 99"
refused fchk/ethanol.fchk $with -match overlap -- "option -match has no meaning for \"q2hpc import\""
refused fchk/ethanol.fchk $with -no_such_option 3 -- "-no_such_option"
on 1 import fchk/ethanol.fchk $with
ends_with 1
says_once err "option -o is missing"
on 0 import
ends_with 2
says err "no input file"
for ranks in $list; do
  on $ranks import fchk/ethanol.fchk $with -o no_such_folder/x.h5
  ends_with 1
  says_once err "no_such_folder/x.h5 cannot be written"
  cp fchk/ethanol.fchk kept.fchk
  on $ranks import kept.fchk $with -o ./kept.fchk
  ends_with 1
  says_once err "-o: ./kept.fchk is one of the sources"
  cmp -s kept.fchk fchk/ethanol.fchk || failed "a source was replaced"
  mkdir -p folder.h5
  on $ranks import fchk/ethanol.fchk $with -o folder.h5
  ends_with 1
  says_once err "folder.h5"
done
rmdir folder.h5

# --- a full disk (where a small one may be mounted) ---
mkdir -p full
if mount -t tmpfs -o size=64k q2hpc full 2>/dev/null; then
  trap 'umount full' EXIT
  printf 'as it was' >full/old.h5
  for ranks in $list; do
    on $ranks import fchk -o full/old.h5
    ends_with 1
    says_once err "full/old.h5"
    says_once err "No space left on device"
    [ "$(ls -A full)" = old.h5 ] || failed "something else than the old file is on the disk: $(ls -A full)"
    [ "$(cat full/old.h5)" = "as it was" ] || failed "the old file has changed"
  done
fi
exit $((failures > 0))
