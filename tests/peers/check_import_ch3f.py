"""q2hpc import of q2mm's public fluoromethane data: a geometry (xyz) and a Hessian (npy), no force field.

    python3 check_import_ch3f.py Q2HPC FOLDER

FOLDER holds ch3f-optimized.xyz, ch3f-hessian.npy (15 x 15, hartree/bohr^2) and ch3f-frequencies.txt (nine wavenumbers in cm-1, a line each). The two files become one molecule by their names; its bonds and types follow from distances; its nine
QM wavenumbers are those printed, within 1e-10 of themselves (they differ by one common factor, that of another table's constants:
1 - 4.0e-11), and numpy's of the same Hessian.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np

from check_import import UNIT, evaluate, wavenumbers


def main():
    program, folder = sys.argv[1], Path(sys.argv[2])
    xyz, npy, table = (next(folder.rglob(name)) for name in ("ch3f-optimized.xyz", "ch3f-hessian.npy", "ch3f-frequencies.txt"))
    printed = np.sort(np.loadtxt(table))
    failures = 0
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "ch3f.h5"
        subprocess.run([program, "import", xyz, npy, "-o", out], check=True)
        with h5py.File(out) as file:
            names = [name.decode() for name in file["/molecules/name"][()]]
            bonds = sorted(tuple(sorted(pair)) for pair in file["/bonds/atoms"][()].tolist())
            expected = wavenumbers(file["/atoms/position"][()], file["/atoms/mass"][()], np.load(npy), UNIT)
            carbon, = np.flatnonzero(file["/atoms/element"][()] == 6)
        failures += names != ["ch3f"]
        failures += bonds != sorted(tuple(sorted((int(carbon), a))) for a in range(5) if a != carbon)
        _, (found,) = evaluate(program, out, Path(scratch))
        failures += len(found) != 9 or len(printed) != 9
        relative, gap = np.abs(found / printed - 1).max(), np.abs(found - expected).max()
        print(f"nine wavenumbers: at most {relative:.1e} of themselves from those printed, {gap:.1e} cm-1 from numpy's")
        failures += relative > 1e-10 or gap > 1e-8
    print("import of fluoromethane:", "as printed" if not failures else f"{failures} differences")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
