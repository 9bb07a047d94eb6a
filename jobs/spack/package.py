# Spack recipe of q2hpc: copy to a repository's packages/q2hpc/package.py, or `spack repo add` a folder that holds it.
from spack.package import *


class Q2hpc(CMakePackage):
    """Fits molecular-mechanics force fields to quantum-mechanical Hessians, on many nodes."""

    license("MIT")

    version("main", branch="main")

    variant("native", default=False, description="Compile for the instruction set of the building machine")
    variant("tests", default=False, description="Build the tests")

    depends_on("c", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("openmpi@4:5")
    depends_on("petsc@3.18: +mpi~complex+double")
    depends_on("hdf5@1.10:1.14 +mpi")
    depends_on("openblas")
    depends_on("jansson@2.11:")
    depends_on("libxml2@2.9:")

    def cmake_args(self):
        return [
            self.define_from_variant("Q2HPC_NATIVE", "native"),
            self.define_from_variant("Q2HPC_TESTS", "tests"),
        ]
