#!/bin/sh
# Makes sure that what q2hpc needs is there:
#     sh jobs/install.sh          to build and run it
#     sh jobs/install.sh tests    to test it, too: valgrind, clang, nvcc, and the Python packages of tests/peers in build/venv
# On Debian and Ubuntu, as root or with a sudo that asks no password, it installs what is missing; otherwise it says what to install.
# Exit status: 0 all there; 1 something needed is missing, and said. What only tests need may be missing: those tests are then skipped,
# except in CI (CI=true without Q2HPC_ALLOW_MISSING=1).
set -u
cd "$(dirname "$0")/.." || exit 1
wanted=${1:-build}
case "$wanted" in build | tests) ;; *) echo "usage: sh jobs/install.sh [build|tests]" >&2; exit 1 ;; esac

# --- what is missing? One line each: what it is, and Debian's packages for it ---

missing=
packages=
lacks() {
  missing="$missing
  $1"
  packages="$packages $2"
}
has() { command -v "$1" >/dev/null 2>&1; }
header() { # header NAME: the C compiler finds NAME, where pkg-config or CMAKE_PREFIX_PATH point
  flags=$(for module in openblas lapacke cblas; do pkg-config --cflags $module 2>/dev/null; done)
  for prefix in $(echo "${CMAKE_PREFIX_PATH:-}" | tr ':;' '  '); do flags="$flags -I$prefix/include -I$prefix/include/openblas"; done
  echo "#include <$1>" | "${CC:-cc}" $flags -E - >/dev/null 2>&1
}
petsc() {
  for folder in ${PETSC_DIR:+"$PETSC_DIR/${PETSC_ARCH:-}/lib/pkgconfig" "$PETSC_DIR/lib/pkgconfig"}; do
    PKG_CONFIG_PATH="$folder:${PKG_CONFIG_PATH:-}"
  done
  export PKG_CONFIG_PATH
  pkg-config --exists 'PETSc >= 3.18' 2>/dev/null || pkg-config --exists 'petsc >= 3.18' 2>/dev/null
}
new_cmake() { # 3.25 or later
  version=$(cmake --version 2>/dev/null | sed -n 's/^cmake version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
  [ -n "$version" ] && [ "${version% *}" -gt 3 -o "${version% *}" -eq 3 -a "${version#* }" -ge 25 ]
}

cuda() { # where CMake looks
  for folder in "${CUDAToolkit_ROOT:-}" "${CUDA_PATH:-}" /usr/local/cuda; do [ -x "$folder/bin/nvcc" ] && return 0; done
  has nvcc
}

look_for_needed() {
  missing= packages=
  has "${CC:-cc}" || lacks "a C compiler (gcc or clang)" "gcc libc6-dev"
  has make || has ninja || lacks "make or ninja" make
  new_cmake || lacks "CMake 3.25 or later" cmake
  has pkg-config || lacks "pkg-config" pkg-config
  { has mpicc && has mpirun; } || lacks "Open MPI 4 or 5 (mpicc, mpirun)" "libopenmpi-dev openmpi-bin"
  petsc || lacks "PETSc 3.18 or later, real numbers, double precision (pkg-config finds no PETSc.pc; PETSC_DIR and PETSC_ARCH may lead there)" \
    libpetsc-real-dev
  { pkg-config --exists hdf5-openmpi 2>/dev/null || has h5pcc || [ -n "${HDF5_ROOT:-}" ]; } ||
    lacks "HDF5 1.10 to 1.14 built for MPI (neither hdf5-openmpi.pc nor h5pcc; HDF5_ROOT may lead there)" libhdf5-openmpi-dev
  pkg-config --exists 'jansson >= 2.11' 2>/dev/null || lacks "jansson 2.11 or later (JSON; pkg-config finds no jansson.pc)" libjansson-dev
  pkg-config --exists 'libxml-2.0 >= 2.9' 2>/dev/null || lacks "libxml2 2.9 or later (XML; pkg-config finds no libxml-2.0.pc)" libxml2-dev
  { header lapacke.h && header cblas.h; } || lacks "BLAS and LAPACK with C interfaces (cblas.h, lapacke.h)" "libopenblas-dev liblapacke-dev"
}
look_for_test_tools() {
  missing= packages=
  has h5dump || lacks "h5dump" hdf5-tools
  has valgrind || lacks "valgrind" valgrind
  has "${CXX:-c++}" || lacks "a C++ compiler, for a test that counts operations" g++
  { clang_works && has llvm-symbolizer; } || lacks "clang with OpenMP, sanitizers, libFuzzer and llvm-symbolizer" "clang llvm libomp-dev libclang-rt-dev"
  has clang-format-14 || has clang-format || lacks "clang-format" clang-format-14
  cuda || lacks "CUDA toolkit (nvcc): 12.6 update 2 or later, from NVIDIA; Debian's is older" ""
  { has python3 && python3 -c 'import venv, ensurepip' 2>/dev/null; } || lacks "Python 3 with venv" "python3 python3-venv"
}
clang_works() {
  has clang && echo 'int main(void) { return 0; }' | clang -fopenmp -fsanitize=address,undefined -x c - -o /dev/null 2>/dev/null &&
    echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' | clang -fsanitize=fuzzer -x c - -o /dev/null 2>/dev/null
}

# --- install it, where that is possible ---

has_installer() { # sets `root`: what to put before a command that needs to be root
  root=
  has apt-get || return 1
  [ "$(id -u)" -eq 0 ] && return 0
  root="sudo -n"
  has sudo && sudo -n true 2>/dev/null
}
updated=0
install() {
  [ -n "$(echo $packages)" ] && has_installer || return 1
  echo "Installing:$packages"
  if [ $updated -eq 0 ]; then
    $root apt-get update -q || return 1
    updated=1
  fi
  $root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages
}
debian() {
  [ -z "$(echo $packages)" ] || echo "On Debian 12 or Ubuntu 24.04:
  sudo apt-get install --no-install-recommends$packages"
}

look_for_needed
if [ -n "$missing" ]; then
  install >&2 || true
  look_for_needed
fi
if [ -n "$missing" ]; then
  { echo "q2hpc needs, and does not find:$missing"; debian; } >&2
  exit 1
fi
[ "$wanted" = tests ] || exit 0

look_for_test_tools
if [ -n "$missing" ]; then
  install >&2 || true
  look_for_test_tools
fi
incomplete=0
if [ -n "$missing" ]; then
  { echo "The tests do not find, and will be fewer without:$missing"; debian; } >&2
  incomplete=1
fi

# The Python packages that some tests compare with.
requirements=tests/peers/requirements.txt
if ! cmp -s $requirements build/venv/installed.txt; then
  mkdir -p build
  if python3 -m venv --clear build/venv && build/venv/bin/pip install --quiet --disable-pip-version-check -r $requirements; then
    cp $requirements build/venv/installed.txt
  else
    echo "The Python packages of $requirements could not be installed: the peer tests will be skipped." >&2
    incomplete=1
  fi
fi
if [ $incomplete -eq 1 ] && [ "${CI:-}" = true ] && [ "${Q2HPC_ALLOW_MISSING:-0}" != 1 ]; then
  echo "In CI nothing may be missing (Q2HPC_ALLOW_MISSING=1 allows it)." >&2
  exit 1
fi
exit 0
