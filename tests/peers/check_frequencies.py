"""Checks that q2hpc, from the stored QM Hessian, finds the wavenumbers that the QM program itself gave.

    python3 check_frequencies.py Q2HPC input.h5 [more.h5 ...]     sets with /program_frequencies (jobs/make_bundled.py)
    python3 check_frequencies.py Q2HPC --folder FOLDER            FOLDER: *-optimized.xyz, *-hessian.npy (3N x 3N, hartree/bohr^2),
                                                                  *-frequencies.txt (cm-1)

Claim: every vibration within 0.01 cm-1. Exit status: 0 within, 1 not, 77 numpy or h5py is missing (CTest: skipped), 2 the program failed.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import h5py
    import numpy as np
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "jobs"))
from q2hpc_dataset import DataSet  # noqa: E402
from q2hpc_topology import SYMBOLS  # noqa: E402

TOLERANCE = 0.01  # cm-1


def main():
    program, *arguments = sys.argv[1:]
    with tempfile.TemporaryDirectory() as scratch:
        if arguments[0] == "--folder":
            arguments = [data_set_of(Path(arguments[1]), Path(scratch) / "folder.h5")]
        sys.exit(max([check(program, path, Path(scratch)) for path in arguments]))


def data_set_of(folder, path):
    """A data set with one molecule, no force field terms to speak of, and the wavenumbers of the text file."""
    (xyz,), (hessian,), (frequencies,) = (list(folder.glob(p)) for p in ("*-optimized.xyz", "*-hessian.npy", "*-frequencies.txt"))
    lines = [line.split() for line in xyz.read_text().splitlines()[2:] if line.strip()]
    data = DataSet(title=xyz.stem)
    molecule = data.molecule(xyz.stem, [SYMBOLS.index(line[0]) for line in lines], [[float(v) for v in line[1:4]] for line in lines],
                             hessian=np.load(hessian), method=xyz.stem)
    data.observable(molecule, "frequency", -1, 1.0)
    rows = [data.parameter("bond_k", "unused", 300.0), data.parameter("bond_eq", "unused", 1.0)]
    data.term(molecule, "bond_harmonic", (0, 1), rows)
    data.extra["program_frequencies"] = ("cm-1", [np.loadtxt(frequencies)])
    data.write(path)
    return path


def check(program, path, scratch):
    output = scratch / "hessians.h5"
    run = subprocess.run([program, "eval", str(path), "-hessians", str(output), "-quiet"], capture_output=True, text=True)
    if run.returncode != 0:
        print(run.stdout, run.stderr)
        return 2
    with h5py.File(path) as given, h5py.File(output) as found:
        offset, ours = found["frequencies/offset"][:], found["frequencies/reference"][:]
        theirs = given["program_frequencies/value"][:]
        names = [name.decode() for name in given["molecules/name"][:]]
        if not np.array_equal(offset, given["program_frequencies/offset"][:]):
            print(f"{path}: other numbers of vibrations than the QM program's")
            return 1
    shift = np.abs(ours - theirs)
    worst = int(np.argmax(shift))
    molecule = names[int(np.searchsorted(offset, worst, side="right")) - 1]
    print(f"{path}: {len(names)} molecules, {len(ours)} vibrations, largest difference {shift[worst]:.5f} cm-1 ({molecule}, {theirs[worst]:.1f} cm-1)")
    return int(shift[worst] > TOLERANCE)


if __name__ == "__main__":
    main()
