# Claim: whichever of an import's allocations fails, on whichever rank, it ends within seconds on all ranks, with one message that says so
# and names the rank, with status 1 and nothing written; or it goes on to the same bytes.
#     import_allocation.sh PROGRAM SAMPLES WRITE_MOLECULES     as in failing_allocations.sh
. "$(dirname "$0")/common.sh"
program=$1 samples=$2 write=$3
. "$(dirname "$0")/failing_allocations.sh"
rm -rf some
mkdir some fchk 2>/dev/null
"$write" organic_dft.h5 fchk fchk && "$write" organic_dft.h5 mol2 . && "$write" field field.fld || exit 1
for name in ethane methanol dimethyl_ether; do cp fchk/$name.fchk some; done

each_place 2 import some -topology structures.mol2 -force_field field.fld -observables frequencies+geometry -o other.h5
each_place 2 import some -o other.h5
sum_up
