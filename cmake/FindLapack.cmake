# Finds LAPACKE and CBLAS with their headers: the reference interface that OpenBLAS, MKL and Debian's alternatives offer.
# Defines Lapack::Lapack.
find_path(LAPACKE_INCLUDE lapacke.h PATH_SUFFIXES openblas)
find_path(CBLAS_INCLUDE cblas.h PATH_SUFFIXES openblas x86_64-linux-gnu aarch64-linux-gnu)
find_library(LAPACKE_LIBRARY lapacke)
find_library(BLAS_LIBRARY NAMES openblas blas)
find_library(LAPACK_LIBRARY NAMES openblas lapack)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Lapack REQUIRED_VARS LAPACKE_INCLUDE CBLAS_INCLUDE BLAS_LIBRARY LAPACK_LIBRARY
  REASON_FAILURE_MESSAGE "q2hpc needs BLAS and LAPACK with their C interfaces (Debian: libopenblas-dev liblapacke-dev)")
if(Lapack_FOUND AND NOT TARGET Lapack::Lapack)
  add_library(Lapack::Lapack INTERFACE IMPORTED)
  target_include_directories(Lapack::Lapack INTERFACE ${LAPACKE_INCLUDE} ${CBLAS_INCLUDE})
  target_link_libraries(Lapack::Lapack INTERFACE $<$<BOOL:${LAPACKE_LIBRARY}>:${LAPACKE_LIBRARY}> ${LAPACK_LIBRARY} ${BLAS_LIBRARY})
endif()
