# Claim: configuring refuses what q2hpc cannot work with, and says why. Packages that are wrong in one respect are made up from the real
# ones: their pkg-config files and configuration headers.
#     configure.sh SOURCE
source=$1
failures=0
have() { pkg-config --exists "$1" 2>/dev/null || { echo "skipped: pkg-config finds no $1"; exit 77; }; }
have PETSc
have hdf5-openmpi
unset PETSC_DIR HDF5_ROOT
rm -rf packages
mkdir packages

# package NAME MODULE VERSION HEADER...: a copy of MODULE with another version, in packages/NAME; its HEADERs are copied to be changed.
package() {
  folder=$PWD/packages/$1 module=$2 version=$3
  shift 3
  mkdir -p "$folder"
  for include in $(pkg-config --cflags-only-I "$module" | sed 's/-I//g'); do
    for header; do if [ -f "$include/$header" ]; then cp "$include/$header" "$folder/"; fi; done
  done
  printf 'Name: %s\nDescription: made up\nVersion: %s\nCflags: -I%s %s\nLibs: %s\n' "$module" "$version" "$folder" \
    "$(pkg-config --cflags "$module")" "$(pkg-config --libs "$module")" >"$folder/$module.pc"
}

# refused TEXT ARGUMENTS...: cmake fails, and says TEXT. `folder` holds the wrong package.
refused() {
  text=$1
  shift
  rm -rf build
  if PKG_CONFIG_PATH=$folder cmake -S "$source" -B build -DQ2HPC_TESTS=OFF "$@" >log 2>&1; then
    echo "cmake accepts $folder $*, and should say: $text"
    failures=$((failures + 1))
  elif ! tr -s ' \n' '  ' <log | grep -qF -e "$text"; then
    echo "cmake refuses $folder $*, but does not say: $text"
    tail -n 20 log
    failures=$((failures + 1))
  fi
}

package old PETSc 3.17.4
refused "PETSc 3.17.4 found; q2hpc needs 3.18 or later"
package complex PETSc 3.20.0 petscconf.h
echo '#define PETSC_USE_COMPLEX 1' >>"$folder/petscconf.h"
refused "has complex numbers"
package single PETSc 3.20.0 petscconf.h
sed -i '/PETSC_USE_REAL_DOUBLE/d' "$folder/petscconf.h"
refused "not of double precision"
package hdf5_2 hdf5-openmpi 2.0.0
refused "HDF5 2.0.0 found"
package hdf5_old hdf5-openmpi 1.8.23
refused "HDF5 1.8.23 found"
package serial hdf5-openmpi 1.12.1 H5pubconf.h H5pubconf-64.h
sed -i '/H5_HAVE_PARALLEL/d' "$folder"/H5pubconf*.h
refused "is serial"
folder=
# Without nvcc, wherever it is: a PATH of links to everything else; CMake is told to ignore its folders, too.
mkdir -p nowhere without
hidden=/usr/local/bin
for place in $(echo "$PATH" | tr ':' ' '); do
  [ -e "$place/nvcc" ] && hidden="$hidden;$place"
  for program in "$place"/*; do
    [ "${program##*/}" = nvcc ] || [ -e "without/${program##*/}" ] || ln -s "$program" without/ 2>/dev/null
  done
done
# no_nvcc COMMAND TEXT ARGUMENTS...
no_nvcc() {
  command=$1 text=$2
  shift 2
  path=$PATH
  PATH=$PWD/without
  $command "$text" -DCUDAToolkit_ROOT="$PWD/nowhere" -DCMAKE_IGNORE_PATH="$hidden" "$@"
  PATH=$path
}
no_nvcc refused "no CUDA toolkit" -DQ2HPC_CUDA=ON
refused "it can be AUTO, ON or OFF" -DQ2HPC_CUDA=perhaps

# accepted TEXT ARGUMENTS...: cmake succeeds, and its summary says TEXT of CUDA.
accepted() {
  text=$1
  shift
  rm -rf build
  if ! cmake -S "$source" -B build -DQ2HPC_TESTS=OFF "$@" >log 2>&1 || ! grep -q -e "^--   CUDA .*$text" log; then
    echo "cmake $* fails, or does not say: CUDA $text"
    tail -n 20 log
    failures=$((failures + 1))
  fi
}
module() { cmake --build build --target help | grep q2hpc_cuda >/dev/null; }
accepted "off, as asked" -DQ2HPC_CUDA=OFF
module && { echo "Q2HPC_CUDA=OFF has the target q2hpc_cuda"; failures=$((failures + 1)); }
grep -q CUDAToolkit build/CMakeCache.txt && { echo "Q2HPC_CUDA=OFF looks for CUDA"; failures=$((failures + 1)); }
no_nvcc accepted "none: no CUDA toolkit" -DQ2HPC_CUDA=AUTO
command -v nvcc >/dev/null || [ -x /usr/local/cuda/bin/nvcc ] || [ $failures -gt 0 ] || { echo "skipped: no nvcc"; exit 77; }
accepted "toolkit .*, for 80," -DQ2HPC_CUDA=ON -DQ2HPC_CUDA_ARCHITECTURES=80
module || { echo "Q2HPC_CUDA=ON lacks the target q2hpc_cuda"; failures=$((failures + 1)); }
refused "Q2HPC_CUDA_ARCHITECTURES has 12; nvcc" -DQ2HPC_CUDA=ON -DQ2HPC_CUDA_ARCHITECTURES=12
refused "cannot compile with any host compiler tried" -DQ2HPC_CUDA=ON -DQ2HPC_CUDA_HOST_COMPILER=/bin/false
exit $((failures > 0))
