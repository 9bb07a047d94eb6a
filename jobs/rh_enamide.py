"""Turns a user's copy of q2mm's public examples/rh-enamide into input.h5, in the benchmark model.

    python3 rh_enamide.py FOLDER input.h5 [--as-q2mm]

FOLDER is q2mm's examples/rh-enamide itself, or any folder that holds, at any depth, the nine Jaguar inputs *.in (geometry in
angstrom, Hessian in hartree/bohr^2) and rh_enamide_training_set.mol2 (the bonds, in the same order of molecules and atoms).

The model: harmonic bonds typed by element pair, harmonic angles typed by element triple: 10 + 25 types, 70 parameters. k
starts at 300 kcal/mol/angstrom^2 and 60 kcal/mol/rad^2, equilibrium values at their means over the QM geometries. Every
vibration is an observable of weight 0.001. Run it with `-match q2mm`: 1,213 pairs, and a starting loss of
    251.8899  as written by default: Jaguar's own geometry (1e-10 angstrom), CODATA 2018 throughout;
    251.8897  with --as-q2mm: the geometry as q2mm reads it (rounded to 1e-4 angstrom) and q2mm's 627.51 kcal/mol a hartree.
"""

import argparse
import itertools
import re
import sys
from pathlib import Path

import numpy as np

from q2hpc_dataset import DataSet
from q2hpc_topology import SYMBOLS, angles_of, angle_values, bond_values

START_BOND_K, START_ANGLE_K = 300.0, 60.0  # kcal/mol/angstrom^2, kcal/mol/rad^2
WEIGHT = 0.001
BOHR = 0.529177210903    # angstrom, CODATA 2018; q2mm's too
Q2MM_HARTREE = 627.51    # kcal/mol; CODATA 2018 has 627.50947
# Most abundant isotopes (AME2020), amu: what Jaguar and q2mm use.
MASS = {"H": 1.00782503190, "C": 12.0, "N": 14.00307400425, "O": 15.99491461926, "P": 30.97376199768, "Rh": 102.905494081}


def main():
    arguments = parse_arguments()
    folder = Path(arguments.folder)
    inputs = sorted(folder.rglob("*.in"), key=natural_order)
    mol2 = list(folder.rglob("rh_enamide_training_set.mol2"))
    if len(inputs) != 9 or not mol2:
        sys.exit(f"{folder}: expected nine Jaguar inputs *.in and rh_enamide_training_set.mol2, "
                 f"found {len(inputs)} and {len(mol2)}")
    structures = read_mol2(mol2[0])
    data = DataSet(title="rh-enamide, bonds and angles by element", hessian_unit="kcal/mol/angstrom^2" if arguments.as_q2mm
                   else "hartree/bohr^2")
    for path, (coarse_positions, bonds) in zip(inputs, structures, strict=True):
        symbols, positions, hessian = read_jaguar(path)
        if len(symbols) != len(coarse_positions) or np.abs(positions - coarse_positions).max() > 1e-3:
            sys.exit(f"{path}: its geometry is not the one in {mol2[0]} at the same place")
        if arguments.as_q2mm:
            positions, hessian = coarse_positions, hessian * Q2MM_HARTREE / BOHR**2
        molecule = data.molecule(path.stem, [SYMBOLS.index(s) for s in symbols], positions, hessian=hessian, bonds=bonds,
                                 masses=np.array([MASS[s] for s in symbols]), charge=1, method="B3LYP/LACVP**, Jaguar",
                                 group=-1)
        data.observable(molecule, "frequency", -1, WEIGHT)
    add_force_field(data)
    data.write(arguments.output)
    print(f"{arguments.output}: {len(data.molecules)} molecules, {len(data.parameters)} parameters")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("output")
    parser.add_argument("--as-q2mm", action="store_true", help="q2mm's coarse geometry and its hartree")
    return parser.parse_args()


def natural_order(path):
    """Sorts isomer2 before isomer10: the order of the .mol2 and .mmo files."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.name)]


def read_jaguar(path):
    """Symbols, positions (angstrom) and Hessian (hartree/bohr^2) from the &zmat and &hess sections of a Jaguar input."""
    lines = path.read_text().splitlines()
    symbols, positions = [], []
    for line in section(lines, "&zmat", path):
        name, *xyz = line.split()
        symbols.append(re.match("[A-Za-z]+", name)[0])
        positions.append([float(v) for v in xyz[:3]])
    n = 3 * len(symbols)
    hessian = np.full((n, n), np.nan)
    first_column = 0
    for line in section(lines, "&hess", path):
        words = line.split()
        if len(words) == 1:  # a block of five columns begins: its first column
            first_column = int(words[0]) - 1
            continue
        row = int(words[0]) - 1
        for column, value in enumerate(words[1:], first_column):
            hessian[row, column] = hessian[column, row] = float(value)
    if np.isnan(hessian).any():
        sys.exit(f"{path}: &hess does not hold the lower triangle of a {n} x {n} Hessian")
    return symbols, np.array(positions), hessian


def section(lines, name, path):
    """The lines between `name` and the next &."""
    if name not in lines:
        sys.exit(f"{path}: no section {name}")
    return itertools.takewhile(lambda line: not line.startswith("&"), lines[lines.index(name) + 1:])


def read_mol2(path):
    """[(positions (angstrom, four decimals), bonds)] of a Tripos MOL2 file. Bonds of order `nc` (to Rh, to the migrating H)
    count."""
    structures, kind = [], None
    for line in path.read_text().splitlines():
        if line.startswith("@<TRIPOS>"):
            kind = line[9:].strip()
            if kind == "MOLECULE":
                structures.append(([], []))
        elif line.strip() and kind == "ATOM":
            structures[-1][0].append([float(v) for v in line.split()[2:5]])
        elif line.strip() and kind == "BOND":
            structures[-1][1].append([int(v) - 1 for v in line.split()[1:3]])
    return [(np.array(positions), np.array(bonds)) for positions, bonds in structures]


def add_force_field(data):
    """Parameters by element pair and triple in alphabetical order, means over all molecules, then the terms."""
    bonds, angles = {}, {}  # type: [(molecule, atoms, value)]
    for molecule in data.molecules:
        symbols = [SYMBOLS[e] for e in molecule.elements]
        for atoms, r in zip(molecule.bonds, bond_values(molecule.positions, molecule.bonds)):
            bonds.setdefault("-".join(sorted(symbols[a] for a in atoms)), []).append((molecule, atoms, r))
        triples = angles_of(len(symbols), molecule.bonds)
        for (i, j, k), theta in zip(triples, angle_values(molecule.positions, triples)):
            ends = sorted((symbols[i], symbols[k]))
            angles.setdefault("-".join((ends[0], symbols[j], ends[1])), []).append((molecule, (i, j, k), theta))
    for label, found in sorted(bonds.items()):
        mean = np.mean([r for _, _, r in found])
        add_terms(data, "bond_harmonic", found,
                  data.parameter("bond_k", label, START_BOND_K), data.parameter("bond_eq", label, mean))
    for label, found in sorted(angles.items()):
        mean = np.mean([theta for _, _, theta in found])
        add_terms(data, "angle_harmonic", found, data.parameter("angle_k", label, START_ANGLE_K),
                  data.parameter("angle_eq", label, mean, unit="radian"))


def add_terms(data, form, found, k, equilibrium):
    for molecule, atoms, _ in found:
        data.term(molecule, form, atoms, (k, equilibrium))


if __name__ == "__main__":
    main()
