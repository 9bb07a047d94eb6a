"""Builds the bundled data sets out of the QM results of qm_dft.py and qm_xtb.py.

    python3 make_bundled.py DFT_FOLDER organic_dft.h5
    python3 make_bundled.py XTB_FOLDER mixed_xtb.h5

Every *.npz of the folder becomes a molecule; q2hpc_topology.build_force_field gives types, terms, starting values and bounds.
All vibrations are observables of one weight, the imaginary mode of a transition state included (a negative wavenumber): modes
below 50 cm-1 that nothing holds end as imaginary ones of 400 cm-1. The wavenumbers that the QM program itself gave go into /program_frequencies, which q2hpc does not read (a test does). Prints what it took, what it left out, and the size of the
file.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from q2hpc_dataset import DataSet
from q2hpc_topology import build_force_field

WEIGHT = 0.01           # a deviation of 100 cm-1 adds 1 to the loss
LARGEST_GRADIENT = 1e-5  # hartree/bohr: what still counts as a stationary point


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("output")
    parser.add_argument("--title", default="", help="a line of text for the file")
    parser.add_argument("--minimum", type=float, default=0.0, help="real modes above this count, cm-1")
    parser.add_argument("--no-lennard-jones", action="store_true")
    parser.add_argument("--freeze-equilibrium", action="store_true",
                        help="bond_eq, angle_eq, ... stay at their means: frequencies at fixed geometries tell little of them")
    arguments = parser.parse_args()
    paths = sorted(Path(arguments.folder).glob("*.npz"))
    if not paths:
        sys.exit(f"{arguments.folder}: no *.npz in it")

    data = DataSet(title=arguments.title or title_of(paths))
    data.observable_attributes["frequency"]["minimum"] = arguments.minimum
    for path in paths:
        add_molecule(data, path)
    left_out = build_force_field(data, lennard_jones=not arguments.no_lennard_jones,
                                 fit_equilibrium=not arguments.freeze_equilibrium)
    for molecule in data.molecules:
        data.observable(molecule, "frequency", -1, WEIGHT)
        if molecule.imaginary_modes == 1:
            data.observable(molecule, "frequency", 0, WEIGHT)
    data.extra["program_frequencies"] = ("cm-1", [np.load(path)["program_frequencies"] for path in paths])
    data.write(arguments.output, compress=True)
    report(data, left_out, arguments.output)


def title_of(paths):
    return f"{len(paths)} molecules, {np.load(paths[0])['method']}"[:200]


def add_molecule(data, path):
    """One QM result; a result that is not what its name promises (gradient, imaginary modes) stops the script."""
    result = np.load(path)
    name, gradient = str(result["name"]), result["gradient"].reshape(-1, 3)
    expected, found = (int(v) for v in np.broadcast_to(result["imaginary"], 2))
    if np.abs(gradient).max() > LARGEST_GRADIENT or expected != found:
        sys.exit(f"{path}: max |gradient| {np.abs(gradient).max():.1e} hartree/bohr (at most {LARGEST_GRADIENT:.0e} expected), "
                 f"{found} imaginary modes ({expected} expected)")
    n = gradient.size
    data.molecule(name, result["elements"], result["positions"].reshape(-1, 3), hessian=result["hessian"].reshape(n, n),
                  masses=result["masses"], gradient=gradient, bonds=result["bonds"], energy=float(result["energy"]),
                  charge=int(result["charge"]), multiplicity=int(result["multiplicity"]), method=str(result["method"]),
                  imaginary_modes=found)


def report(data, left_out, path):
    sizes = [len(m.elements) for m in data.molecules]
    megabytes = Path(path).stat().st_size / 1e6
    print(f"{path}: {len(data.molecules)} molecules of {min(sizes)} to {max(sizes)} atoms, {megabytes:.2f} MB")
    print(f"  transition states: {', '.join(m.name for m in data.molecules if m.imaginary_modes == 1) or 'none'}")
    kinds = Counter(p["kind"] for p in data.parameters)
    active = Counter(p["kind"] for p in data.parameters if p["active"])
    print("  parameters (active of all): " + ", ".join(f"{kind} {active[kind]}/{count}" for kind, count in kinds.items())
          + f"; together {sum(active.values())}/{len(data.parameters)}")
    forms = Counter()
    for molecule in data.molecules:
        forms.update({form: len(rows) for form, rows in molecule.terms.items()})
    print("  terms: " + ", ".join(f"{form} {count}" for form, count in forms.items()))
    for reason, count in left_out.items():
        print(f"  left out: {count} {reason}")


if __name__ == "__main__":
    main()
