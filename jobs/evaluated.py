"""What scripts that evaluate an exported force field in another program share: molecules of a data set, q2hpc's energies and gradients, the command line.

Energies in kcal/mol, gradients in kcal/mol/angstrom. Needs numpy, h5py.
"""

import argparse
import itertools

import h5py
import numpy as np

BOHR = 0.529177210903  # angstrom, CODATA 2018


class Molecule:
    """What a program needs to know of a molecule: names of atoms are its element and number."""

    def __init__(self, name, elements, positions, bonds, types, charges):
        self.name, self.elements, self.positions, self.bonds = name, elements, positions, bonds
        self.types, self.charges = types, charges
        self.neighbours = [[] for _ in elements]
        for i, j in bonds:
            self.neighbours[i].append(j)
            self.neighbours[j].append(i)

    def angles(self):
        return [(i, j, k) for j, near in enumerate(self.neighbours) for i, k in itertools.combinations(sorted(near), 2)]

    def torsions(self):
        return [(i, j, k, l) for j, k in self.bonds for i in self.neighbours[j] for l in self.neighbours[k] if len({i, j, k, l}) == 4]

    def smallest_cross_product(self):
        x = self.positions
        return min((np.linalg.norm(np.cross(x[i] - x[j], x[k] - x[j])) for i, j, k in self.angles()), default=np.inf)

    def centres(self):
        return [(j, near) for j, all_near in enumerate(self.neighbours) for near in itertools.combinations(sorted(all_near), 3)]


def read_molecules(path):
    with h5py.File(path, "r") as file:
        names = [name.decode() for name in file["molecules/name"][()]]
        start, bond_start = file["molecules/atom_offset"][()], file["bonds/offset"][()]
        positions = file["atoms/position"][()]
        in_bohr = file["atoms/position"].attrs["unit"] in (b"bohr", "bohr")
        elements, bonds = file["atoms/element"][()], file["bonds/atoms"][()]
        types = file["atoms/type_name"].asstr()[()] if "type_name" in file["atoms"] else None
        charges = file["atoms/charge"][()] if "charge" in file["atoms"] else np.zeros(len(elements))
    molecules = []
    for m, name in enumerate(names):
        own = slice(start[m], start[m + 1])
        molecules.append(Molecule(name, elements[own], positions[own] * (BOHR if in_bohr else 1.0),
                                  bonds[bond_start[m]:bond_start[m + 1]].tolist(), None if types is None else list(types[own]), charges[own]))
    return molecules


def read_evaluated(path):
    """Names, energies and gradients of `q2hpc eval -hessians`."""
    with h5py.File(path, "r") as file:
        names = [name.decode() for name in file["molecules/name"][()]]
        gradients = np.split(file["atoms/gradient"][()], np.cumsum(file["molecules/atoms"][()])[:-1])
        return {name: (energy, gradient) for name, energy, gradient in zip(names, file["energies/total"][()], gradients)}


def write(path, names, energies, gradients):
    with h5py.File(path, "w") as file:
        file["molecules/name"] = np.array([name.encode() for name in names])
        file["molecules/atoms"] = np.array([len(gradient) for gradient in gradients])
        file["energies/total"], file["atoms/gradient"] = np.array(energies), np.concatenate(gradients)
        file["energies/total"].attrs["unit"], file["atoms/gradient"].attrs["unit"] = "kcal/mol", "kcal/mol/angstrom"


def command_line(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("field")
    parser.add_argument("input")
    parser.add_argument("-o", "--output", help="write energies and gradients (HDF5)")
    parser.add_argument("--compare", help="what q2hpc eval -hessians wrote")
    parser.add_argument("--molecule", help="only this one")
    return parser


def evaluate_all(arguments, evaluate):
    """Prints energies and gradients of all molecules, and how far they are off; evaluate(molecule) returns both."""
    molecules = [m for m in read_molecules(arguments.input) if arguments.molecule in (None, m.name)]
    expected = read_evaluated(arguments.compare) if arguments.compare else {}
    energies, gradients, worst = [], [], np.zeros(2)
    for molecule in molecules:
        energy, gradient = evaluate(molecule)
        energies.append(energy)
        gradients.append(gradient)
        line = f"{molecule.name:30} {energy:18.10f} kcal/mol, largest gradient {np.abs(gradient).max():.6e} kcal/mol/angstrom"
        if expected:
            off = np.array([abs(energy - expected[molecule.name][0]), np.abs(gradient - expected[molecule.name][1]).max()])
            worst = np.maximum(worst, off)
            line += f"; off by {off[0]:.1e}, {off[1]:.1e}"
        print(line)
    if expected:
        print(f"largest differences: {worst[0]:.2e} kcal/mol, {worst[1]:.2e} kcal/mol/angstrom")
    if arguments.output:
        write(arguments.output, [m.name for m in molecules], energies, gradients)
