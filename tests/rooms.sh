# Claim: dependencies between the rooms point one way (docs/developer.md). Looks at every #include.
#     rooms.sh FOLDER    the source tree
rooms() {
  found=0
  # forbidden ROOM PATTERN WHY
  forbidden() {
    if grep -rnE --include='*.[ch]' --include='*.cu' "^[[:space:]]*#[[:space:]]*include[[:space:]]*$2" "$1"; then
      echo "  $3"
      found=1
    fi
  }
  forbidden kernels '["<]([^">]*/)?(src|io|perfmodels|tests)/' "kernels/ includes nothing of another room"
  forbidden kernels '["<](mpi|hdf5|H5[A-Za-z]*|petsc[a-z]*)\.h' "kernels/ knows neither MPI nor HDF5 nor PETSc"
  forbidden io '["<]([^">]*/)?(src|kernels|perfmodels|tests)/' "io/ includes nothing of another room"
  forbidden io '["<]petsc[a-z]*\.h' "io/ does not know PETSc"
  forbidden perfmodels '["<]([^">]*/)?(src|io|kernels|tests)/' "perfmodels/ includes nothing of another room"
  forbidden perfmodels '["<](mpi|hdf5|H5[A-Za-z]*|petsc[a-z]*)\.h' "perfmodels/ knows neither MPI nor HDF5 nor PETSc"
  forbidden src '["<]([^">]*/)?tests/' "src/ includes nothing of tests/"
  return $found
}

cd "$1" && [ -d kernels ] && [ -d io ] && [ -d perfmodels ] && [ -d src ] || exit 1
rooms || exit 1

# Would it notice? Each of these lines is put into a copy of the room's place.
scratch=$(mktemp -d) && trap 'rm -rf "$scratch"' EXIT
try() {
  mkdir -p "$scratch/kernels" "$scratch/io" "$scratch/perfmodels" "$scratch/src"
  printf '%s\n' "$2" >"$scratch/$1/x.c"
  if (cd "$scratch" && rooms >/dev/null); then
    echo "this line in $1/ was not noticed: $2"
    exit 1
  fi
  rm -r "${scratch:?}/$1"
}
try kernels '#include "../src/objective.h"'
try kernels '#include <mpi.h>'
try kernels '  # include <hdf5.h>'
try kernels '#include "../io/dataset.h"'
try io '#include "../kernels/forms.h"'
try io '#include "../src/options.h"'
try perfmodels '#include "../src/plan.h"'
