"""q2hpc import of rh-enamide's raw files (Jaguar inputs, MacroModel's listing, mm3.fld) beside the data set that
jobs/rh_enamide_mm3.py makes of the same files.

    python3 check_import.py Q2HPC FOLDER

FOLDER: as for jobs/rh_enamide_mm3.py. Both data sets have the same terms with the same parameters, term by term, types, special
pairs, charges, sites and increments; the same geometries, bonds and Hessians. Masses are those of two tables of isotopes (the
script's of 2020, q2hpc's of 2012), which differ in the eighth digit for rhodium: QM wavenumbers differ by what
numpy finds between the two tables, for one geometry and Hessian, and by nothing else but rounding: eigenvalues of a matrix of order
n are exact to n eps of the largest one.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "jobs"))
import check_mm3star_rows  # noqa: E402
import rh_enamide_mm3  # noqa: E402
from q2hpc_dataset import write_tables  # noqa: E402

UNIT = np.sqrt(4.3597447222071e-18 / 5.29177210903e-11 ** 2 / 1.66053906660e-27) / (2 * np.pi * 299792458 * 100)  # CODATA 2018


def main():
    program, folder = sys.argv[1], Path(sys.argv[2])
    field, listing = next(folder.rglob("mm3.fld")), next(folder.rglob("rh_enamide_training_set.mmo"))
    inputs = next(folder.rglob("*.in")).parent
    with tempfile.TemporaryDirectory() as scratch:
        imported, scripted = Path(scratch) / "imported.h5", Path(scratch) / "scripted.h5"
        run = subprocess.run([program, "import", inputs, "-topology", listing, "-force_field", field, "-o", imported], check=True,
                             capture_output=True, text=True)
        model = rh_enamide_mm3.Model(folder)
        tables, attributes = model.tables()
        rh_enamide_mm3.add_observables(model, tables, attributes, "frequencies", None)
        write_tables(str(scripted), tables, attributes)
        failures = check_report(run.stdout)
        failures += check_mm3star_rows.compare(imported, scripted)
        failures += check_molecules(imported, scripted)
        failures += check_frequencies(program, imported, scripted, Path(scratch))
    print("import:", "the same data set" if not failures else f"{failures} differences")
    return int(failures > 0)


def check_report(text):
    expected = ("9 jaguar", "0 minima, 9 transition states", "332 parameters, 96 of them vary", "1811 torsion_mm3")
    missing = [words for words in expected if words not in text]
    for words in missing:
        print(f'"{words}" is not in the report')
    return len(missing)


def check_molecules(imported, scripted):
    failures = 0
    with h5py.File(imported) as a, h5py.File(scripted) as b:
        for name in ("/atoms/element", "/atoms/position", "/bonds/offset", "/molecules/atom_offset", "/molecules/charge",
                     "/molecules/multiplicity", "/molecules/imaginary_modes", "/molecules/stationary"):
            if not np.array_equal(a[name][()], b[name][()]):
                print(f"{name} differs by {np.abs(a[name][()] - b[name][()]).max()}")
                failures += 1
        pairs = [sorted(tuple(sorted(pair)) for pair in file["/bonds/atoms"][()].tolist()) for file in (a, b)]
        failures += pairs[0] != pairs[1]
        gap = max(np.abs(x - y).max() for x, y in zip(hessians(a), hessians(b), strict=True))
        print(f"Hessians differ by at most {gap:.1e} hartree/bohr^2")
        failures += gap > 0
        mass = a["/atoms/mass"][()] / b["/atoms/mass"][()] - 1
        print(f"masses differ by at most {np.abs(mass).max():.1e} of themselves")
        failures += not 0 < np.abs(mass).max() < 5e-8
    return failures


def hessians(file):
    """One full matrix a molecule, hartree/bohr^2."""
    atoms = np.diff(file["/molecules/atom_offset"][()])
    if "hessian_full" in file:
        flat, start = file["/hessian_full"][()], 0
        for n in 3 * atoms:
            yield flat[start:start + n * n].reshape(n, n)
            start += n * n
        return
    flat, offset = file["/hessian"][()], file["/molecules/hessian_offset"][()]
    for n, begin in zip(3 * atoms, offset):
        square = np.zeros((n, n))
        square[np.tril_indices(n)] = flat[begin:begin + n * (n + 1) // 2]
        yield square + np.tril(square, -1).T


def evaluate(program, path, scratch):
    """RMSD over all vibrations, and the QM wavenumbers by molecule."""
    out = scratch / "eval.h5"
    text = subprocess.run([program, "eval", path, "-hessians", out, "-quiet"], check=True, capture_output=True, text=True).stdout
    rmsd = float(re.search(r"RMSD over all vibrations +([0-9.]+)", text).group(1))
    with h5py.File(out) as file:
        offset, values = file["/frequencies/offset"][()], file["/frequencies/reference"][()]
    return rmsd, np.split(values, offset[1:-1])


def wavenumbers(positions, masses, hessian, unit):
    """Of the vibrations, ascending, imaginary ones negative; unit: of the square root of hartree/bohr^2/amu."""
    x = positions - masses @ positions / masses.sum()
    rigid = [np.tile(e, (len(x), 1)) for e in np.eye(3)] + [np.cross(e, x) for e in np.eye(3)]
    rigid = np.array([(r * np.sqrt(masses)[:, None]).ravel() for r in rigid])
    basis = np.linalg.svd(rigid)[2][6:]
    w = np.repeat(masses, 3) ** -0.5
    eigenvalues = np.linalg.eigvalsh(basis @ (hessian * np.outer(w, w)) @ basis.T)
    return np.sign(eigenvalues) * np.sqrt(np.abs(eigenvalues)) * unit


def check_frequencies(program, imported, scripted, scratch):
    failures = 0
    (mine, reference), (theirs, other) = (evaluate(program, path, scratch) for path in (imported, scripted))
    print(f"RMSD of mm3.fld's values: {mine:.4f} and {theirs:.4f} cm-1")
    failures += f"{mine:.4f}" != "144.4000" or abs(mine - theirs) > 1e-4
    largest = share = own = 0.0
    with h5py.File(imported) as a, h5py.File(scripted) as b:
        atoms = a["/molecules/atom_offset"][()]
        for m, hessian in enumerate(hessians(a)):
            here = slice(atoms[m], atoms[m + 1])
            positions = a["/atoms/position"][here]
            expected = [wavenumbers(positions, file["/atoms/mass"][here], hessian, UNIT) for file in (a, b)]
            left = np.abs(reference[m] - other[m] - (expected[0] - expected[1]))
            rounding = len(hessian) * np.finfo(float).eps * np.abs(other[m]).max() ** 2 / (2 * np.abs(other[m]))
            largest, share = max(largest, np.abs(reference[m] - other[m]).max()), max(share, (left / rounding).max())
            own = max(own, np.abs(reference[m] - expected[0]).max())
    print(f"QM wavenumbers differ by at most {largest:.1e} cm-1: the masses, but for {share:.2f} of what rounding may be; "
          f"numpy's differ by {own:.1e} cm-1")
    return failures + (share > 1) + (own > 1e-6)


if __name__ == "__main__":
    sys.exit(main())
