# Claims: q2hpc precision says of every mode on devices what it says on the CPU, on one rank and on two; an adaptive fit on a device
# begins in float32 and ends in float64, where its loss is what the CPU finds in float64.
#     precision.sh INPUT.h5
. "$(dirname "$0")/../e2e/common.sh"
limit=600
input=$1
command -v h5dump >/dev/null || { echo "skipped: no h5dump (Debian: hdf5-tools)"; exit 77; }

# The rows of the table without their seconds.
rows() { awk '/^[a-z_0-9]+ +[0-9.e+-]+ / && /0.1:/ { $9 = ""; print }' out; }

on 0 precision "$input" -o cpu.h5 -backend cpu -threads 1 -repeat 1 -quiet
ends_with 0
rows >cpu.txt
[ "$(wc -l <cpu.txt)" -eq 17 ] || failed "$(wc -l <cpu.txt) modes on the CPU"
for ranks in 1 2; do
  on $ranks precision "$input" -o cuda$ranks.h5 -backend cuda -repeat 1 -quiet
  ends_with 0
  rows >cuda.txt
  # within a tenth, where there is anything but rounding of float64
  paste cpu.txt cuda.txt | awk '
    { half = NF / 2; if ($1 != $(half + 1)) exit 1
      for (k = 2; k <= 8; k++) { a = $k; b = $(half + k); d = a - b; if (d < 0) d = -d; if (d > 1e-8 + 0.1 * a) { print $1, "column", k ":", a, "and", b; bad = 1 } } }
    END { exit bad || NR != 17 }' >differences || failed "other errors than on the CPU: $(cat differences)"
done
for mode in fp32 pure32 fp32_quotients refined; do
  same_bits cuda1.h5 cuda2.h5 /modes/$mode/shift /modes/$mode/gradient_relative /modes/$mode/hessian_largest
done

on 0 "$input" -o adaptive.h5 -backend cuda -precision adaptive -identify off -checkpoint off
ends_with 0
says_once out "  float64 from here: "
loss=$(awk '$1 == "loss" && NF == 3 { print $3 }' out)
values adaptive.h5 /iterations/precision | tr -d '\n' | grep -Eqx '(32){5,}(64){5,}' || failed "precisions: $(values adaptive.h5 /iterations/precision | uniq -c)"
on 0 eval "$input" -parameters adaptive.h5 -backend cpu -threads 1
awk -v told="$loss" '$1 == "loss" { d = $2 / told - 1; if (d < 0) d = -d; found = d < 1e-7 } END { exit !found }' out || failed "the fit says $loss"
exit $((failures > 0))
