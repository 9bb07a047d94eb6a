# Claim: the same as that of allocation.sh, of the other commands, of starting values and of exports.
#     command_allocation.sh PROGRAM SAMPLES      as in failing_allocations.sh
. "$(dirname "$0")/common.sh"
program=$1 samples=$2
. "$(dirname "$0")/failing_allocations.sh"
"$Q2HPC_WRITE_DATASET" input.h5 6 observed && "$Q2HPC_WRITE_TYPED" typed.h5 0 typed.prm >/dev/null 2>&1 || exit 1

output=other.xml
each_place 2 export typed.h5 -to openmm -o other.xml
output=other.prm
each_place 2 typed.h5 -threads 1 -o other.h5 -checkpoint off -tao_max_it 1 -export other.prm

output=other.h5
complete() { same_bits reference "$output" /parameters/final /iterations/loss /frequencies/before; }
for start in seminario linear; do
  each_place 2 typed.h5 -threads 1 -o other.h5 -checkpoint off -start $start -tao_max_it 1
done
each_place 2 input.h5 -threads 1 -o other.h5 -checkpoint off -prior bond_k=0.1 -match q2mm -tao_max_it 1

output=other.precision.h5
complete() { same_bits reference "$output" /modes/fp32/shift /modes/fp32/gradient_relative; }
each_place 1 precision input.h5 -repeat 1 -o other.precision.h5
output=none
each_place 2 identify input.h5
each_place 1 bench input.h5 -repeat 1
sum_up
