# Claims, on a copy of q2mm's public examples/rh-enamide: from raw files to a fitted mm3.fld in two commands; the new file differs from the old
# one in the fields of the rows marked OPT alone, and importing it again gives the fit's parameters and its RMSD.
#     export_rh_enamide.sh FOLDER
. "$(dirname "$0")/common.sh"
rm -f ./*.fld ./*.csv
folder=$1
field=$folder/ff/mm3.fld
bring() {
  on 2 import "$folder/hessians" -topology "$folder/rh_enamide_training_set.mmo" -force_field "$1" -o "$2" -quiet
  ends_with 0
}

bring "$field" rh.h5
on 2 rh.h5 -export fitted.fld -tao_max_it 15
ends_with 0
says out "force field: fitted.fld"

on 0 export rh.h5 -o same.fld
ends_with 0
cmp -s same.fld "$field" || failed "an export without a fit has changed the file"
[ "$(wc -c <fitted.fld)" -eq "$(wc -c <"$field")" ] || failed "fitted.fld is longer or shorter"
diff "$field" fitted.fld | sed -n 's/^< //p' >old
diff "$field" fitted.fld | sed -n 's/^> //p' >new
[ "$(wc -l <old)" -ge 30 ] || failed "just $(wc -l <old) lines have changed"
# Columns 24 to 55 are the three numbers of a row (docs/mm3star.md); all else is as it was. The rows are those of the substructure OPT.
cut -c1-23,56- old >old.rest
cut -c1-23,56- new >new.rest
cmp -s old.rest new.rest || failed "lines have changed outside their numbers"
awk -v changed="$(diff "$field" fitted.fld | grep -c '^[0-9]')" '/OPT/ { at = NR } END { exit !(at > 0 && changed > 0) }' "$field" ||
  failed "there is no row marked OPT"
first=$(cmp "$field" fitted.fld | sed 's/.*line //')
opt=$(grep -n OPT "$field" | head -1 | cut -d: -f1)
[ "$first" -gt "$opt" ] || failed "line $first has changed, before the substructure OPT in line $opt"

bring fitted.fld again.h5
on 0 export rh.h5 -parameters rh.result.h5 -to csv -o result.csv
on 0 export again.h5 -to csv -o again.csv
ends_with 0
paste -d, result.csv again.csv | awk -F, '
  function size(x) { return x < 0 ? -x : x }
  NR > 1 { if ($2 != $13 || $3 != $14 || size($5 - $16) > 1e-5 * (size($5) > 0.01 ? size($5) : 0.01)) { print; bad = 1 } }
  END { exit bad || NR < 300 }' >differences || failed "parameters differ: $(head -3 differences)"
rmsd() { sed -n 's/^RMSD over all vibrations  *\([0-9.]*\) cm-1.*/\1/p' out; }
on 0 eval rh.h5 -parameters rh.result.h5
of_result=$(rmsd)
on 0 eval again.h5
of_file=$(rmsd)
echo "RMSD of the result $of_result cm-1, of the file imported again $of_file cm-1"
awk -v a="$of_result" -v b="$of_file" 'BEGIN { d = a - b; exit !(a > 10 && d * d < 1) }' || failed "RMSD $of_result and $of_file"
exit $((failures > 0))
