"""Makes the files of jobs/examples that stand for a QM program's, out of the data sets that come with q2hpc.

    python3 make_examples.py [FOLDER]     FOLDER: where to (default: beside this script)

gaussian/NAME.fchk has the layout of Gaussian's formatted checkpoint (Gaussian's documentation, "Formatted checkpoint file"), with
B3LYP/6-31G* Hessians of PySCF; xtb/NAME/coord and hessian have that of `xtb coord --hess`, with GFN2-xTB Hessians of tblite. None of it
was written by Gaussian or xtb. jobs/make_bundled.py says how the Hessians were computed. Needs numpy and h5py.
"""

import sys
from pathlib import Path

import h5py
import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from q2hpc_topology import SYMBOLS  # noqa: E402

BOHR = 0.529177210903  # angstrom, CODATA 2018
GAUSSIAN = "methanol", "ethanol", "dimethyl_ether", "ts_methanol_rotation"
XTB = "cyclohexane", "paracetamol"


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    for name, molecule in read(HERE.parent / "data/organic_dft.h5", GAUSSIAN):
        write(folder / f"gaussian/{name}.fchk", checkpoint(name, molecule))
    for name, molecule in read(HERE.parent / "data/mixed_xtb.h5", XTB):
        write(folder / f"xtb/{name}/coord", coordinates(molecule))
        write(folder / f"xtb/{name}/hessian", hessian(molecule))


def read(path, names):
    with h5py.File(path) as file:
        every = [name.decode() for name in file["molecules/name"]]
        for name in names:
            m = every.index(name)
            rows = lambda offset: slice(*file[f"molecules/{offset}_offset"][m: m + 2])
            molecule = {key: file[f"atoms/{key}"][rows("atom")] for key in ("element", "mass", "position", "gradient")}
            yield name, molecule | {"hessian": file["hessian"][rows("hessian")]} | {
                key: file[f"molecules/{key}"][m] for key in ("energy", "charge", "multiplicity")}


def write(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def checkpoint(name, m):
    single = lambda label, kind, value: f"{label:<40}   {kind}     {value}"
    lines = [name, f"{'Freq':<10}{'RB3LYP':<30}{'6-31G(d)':<30}".rstrip(),
             single("Number of atoms", "I", f"{len(m['element']):12d}"), single("Charge", "I", f"{m['charge']:12d}"),
             single("Multiplicity", "I", f"{m['multiplicity']:12d}"), single("Total Energy", "R", f"{m['energy']:22.15E}")]
    for label, kind, values in (("Atomic numbers", "I", m["element"]), ("Current cartesian coordinates", "R", m["position"] / BOHR),
                                ("Real atomic weights", "R", m["mass"]), ("Cartesian Gradient", "R", m["gradient"]),
                                ("Cartesian Force Constants", "R", m["hessian"])):
        lines.append(f"{label:<40}   {kind}   N={np.size(values):12d}")
        lines += rows(np.ravel(values), *((6, "{:12d}") if kind == "I" else (5, "{:16.8E}")))
    return lines


def rows(values, width, layout):
    return ["".join(layout.format(value) for value in values[k: k + width]) for k in range(0, len(values), width)]


def coordinates(m):
    line = lambda z, x: "".join(f"{value:20.14f}" for value in x / BOHR) + f"      {SYMBOLS[z].lower()}"
    return ["$coord"] + [line(z, x) for z, x in zip(m["element"], m["position"])] + ["$end"]


def hessian(m):
    n = 3 * len(m["element"])
    square = np.zeros((n, n))
    square[np.tril_indices(n)] = m["hessian"]
    square += np.tril(square, -1).T
    return [" $hessian"] + [line for row in square for line in rows(row, 5, "{:15.10f}")] + [" $end"]


if __name__ == "__main__":
    main()
