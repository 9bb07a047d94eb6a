# A Spack recipe for q2hpc. Use it from a repository of your own:
#     spack repo create my_repo && mkdir -p my_repo/packages/q2hpc && cp jobs/spack/package.py my_repo/packages/q2hpc/
#     spack repo add my_repo && spack dev-build q2hpc@main        (in a checkout of q2hpc)

from spack.package import *


class Q2hpc(CMakePackage):
    """Fits molecular-mechanics force fields to quantum-mechanical Hessians, transition states included, with exact gradients
    on any number of MPI ranks."""

    license("MIT")

    version("main", branch="main")
    version("0.1.0")

    variant("native", default=False, description="Compile for the instruction set of the building machine (Spack's target does so, too)")
    variant("tests", default=False, description="Build the tests")

    depends_on("c", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("openmpi@4:5")
    depends_on("petsc@3.18:+mpi+double~complex~int64")
    depends_on("hdf5@1.10:1.14+mpi")
    depends_on("blas")
    depends_on("lapack")
    # OpenBLAS brings the C interfaces that q2hpc calls; one thread a matrix is q2hpc's own choice at run time.
    depends_on("openblas@0.3.21: threads=pthreads", when="^[virtuals=lapack] openblas")
    depends_on("python@3.11:", type="run")
    depends_on("py-numpy", type="run")
    depends_on("py-h5py", type="run")

    def cmake_args(self):
        return [
            self.define_from_variant("Q2HPC_NATIVE", "native"),
            self.define_from_variant("Q2HPC_TESTS", "tests"),
            self.define("Q2HPC_CUDA", "OFF"),
            self.define("HDF5_ROOT", self.spec["hdf5"].prefix),
            self.define("BLA_VENDOR", "OpenBLAS" if self.spec.satisfies("^[virtuals=lapack] openblas") else "All"),
        ]

    def setup_build_environment(self, env):
        env.set("PETSC_DIR", self.spec["petsc"].prefix)

    @run_after("install")
    @on_package_attributes(run_tests=True)
    def version_is_told(self):
        Executable(self.prefix.bin.q2hpc)("--version")
