# The environment that q2hpc's scripts and tests run programs in; to be sourced (. jobs/environment.sh), in any shell. What is set
# already stays.

# Open MPI 4 and 5: root may run it (containers), more ranks than cores are allowed and then give way to one another, and ranks are not
# tied to cores, which would put jobs that run side by side all on the first ones.
: "${OMPI_ALLOW_RUN_AS_ROOT:=1}" "${OMPI_ALLOW_RUN_AS_ROOT_CONFIRM:=1}"
: "${OMPI_MCA_rmaps_base_oversubscribe:=1}" "${PRTE_MCA_rmaps_default_mapping_policy:=:oversubscribe}"
: "${OMPI_MCA_hwloc_base_binding_policy:=none}" "${PRTE_MCA_hwloc_default_binding_policy:=none}"
: "${OMPI_MCA_mpi_yield_when_idle:=1}"
# Containers forbid one process to read another's memory.
: "${OMPI_MCA_btl_vader_single_copy_mechanism:=none}"
export OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM OMPI_MCA_rmaps_base_oversubscribe PRTE_MCA_rmaps_default_mapping_policy \
  OMPI_MCA_hwloc_base_binding_policy PRTE_MCA_hwloc_default_binding_policy OMPI_MCA_mpi_yield_when_idle OMPI_MCA_btl_vader_single_copy_mechanism

# A matrix is one thread's: threads inside BLAS would only compete with ours, and idle ones spin.
: "${OPENBLAS_NUM_THREADS:=1}" "${MKL_NUM_THREADS:=1}" "${BLIS_NUM_THREADS:=1}"
export OPENBLAS_NUM_THREADS MKL_NUM_THREADS BLIS_NUM_THREADS

# OpenBLAS up to 0.3.21 (Debian 12) takes Intel CPUs that came after it for a Pentium 4 ("Prescott") and is then several times slower.
# The CPU's flags tell which kernels it can run. OpenBLAS reads the variable when it is loaded: the program cannot set it itself.
if [ -z "${OPENBLAS_CORETYPE:-}" ] && grep -q GenuineIntel /proc/cpuinfo 2>/dev/null; then
  q2hpc_openblas=$(readlink -f "$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null | sed -n 's/.*libopenblas\.so\.0 .*=> //p' | head -n 1)")
  case "$q2hpc_openblas" in
  *-r0.[0-2].* | *-r0.3.[0-9].so | *-r0.3.1[0-9].so | *-r0.3.2[01].so)
    q2hpc_flags=" $(sed -n 's/^flags[^:]*: //p' /proc/cpuinfo | head -n 1) "
    case "$q2hpc_flags" in
    *" avx512f "*)
      case "$q2hpc_flags" in *" avx512dq "*) case "$q2hpc_flags" in *" avx512vl "*) export OPENBLAS_CORETYPE=SkylakeX ;; esac ;; esac ;;
    *" avx2 "*) case "$q2hpc_flags" in *" fma "*) export OPENBLAS_CORETYPE=Haswell ;; esac ;;
    esac
    unset q2hpc_flags
    ;;
  esac
  unset q2hpc_openblas
fi
