"""Evaluates an exported force field in OpenMM at the geometries of a data set: energies (kcal/mol) and gradients (kcal/mol/angstrom).

    python3 evaluate_in_openmm.py FORCE_FIELD INPUT.h5 [-o OUT.h5] [--compare HESSIANS.h5] [--molecule NAME]

FORCE_FIELD is what `q2hpc export` wrote: OpenMM's XML, or AMBER's frcmod (read by ParmEd; types and charges are then INPUT's /atoms/type_name and
/atoms/charge). --compare takes what `q2hpc eval INPUT.h5 -hessians HESSIANS.h5` wrote and prints the largest differences. Needs openmm, numpy, h5py;
parmed for frcmod.
"""

import argparse
import itertools
import sys
from pathlib import Path

import h5py
import numpy as np
import openmm
from openmm import app, unit

KILOCALORIE, ANGSTROM = 4.184, 0.1  # kJ, nm
BOHR = 0.529177210903  # angstrom, CODATA 2018
# nm^2. Where the cross product of an angle's two sides is smaller, so that the angle is straight to 0.005 degrees, OpenMM 8 divides by this instead:
# the energy is right, the force too small. There the gradient is taken from the energies.
CUT = 1.0e-6


class Molecule:
    """What a program needs to know of a molecule: names of atoms are its element and number."""

    def __init__(self, name, elements, positions, bonds, types, charges):
        self.name, self.elements, self.positions, self.bonds = name, elements, positions, bonds
        self.types, self.charges = types, charges
        self.neighbours = [[] for _ in elements]
        for i, j in bonds:
            self.neighbours[i].append(j)
            self.neighbours[j].append(i)

    def topology(self):
        topology = app.Topology()
        residue = topology.addResidue(self.name, topology.addChain())
        atoms = []
        for k, number in enumerate(self.elements):
            element = app.Element.getByAtomicNumber(int(number))
            atoms.append(topology.addAtom(f"{element.symbol}{k + 1}", element, residue))
        for i, j in self.bonds:
            topology.addBond(atoms[i], atoms[j])
        return topology, residue

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


# --- OpenMM's XML ------------------------------------------------------------------------------------------------------------

class OpenMMField:
    """Residue templates are called by their molecules' names."""

    def __init__(self, path):
        self.field = app.ForceField(str(path))

    def system(self, molecule):
        topology, residue = molecule.topology()
        return self.field.createSystem(topology, nonbondedMethod=app.NoCutoff, constraints=None, rigidWater=False, removeCMMotion=False,
                                       residueTemplates={residue: molecule.name})


# --- AMBER's frcmod ----------------------------------------------------------------------------------------------------------

class AmberField:
    """Rows of a frcmod, as ParmEd reads them, for the bonds, angles, torsions, centres and pairs of a molecule. ParmEd keeps a molecule's energy as
    AMBER has it: E = k (x - x0)^2, pairs by the arithmetic mean of radii, 1-4 pairs divided by SCNB and SCEE."""

    def __init__(self, path):
        import parmed
        self.rows = parmed.amber.AmberParameterSet(str(path))

    def system(self, molecule):
        system = openmm.System()
        for _ in molecule.elements:
            system.addParticle(1.0)
        for force in (self.bonds(molecule), self.angles(molecule), self.torsions(molecule), self.pairs(molecule)):
            system.addForce(force)
        return system

    def bonds(self, molecule):
        force = openmm.HarmonicBondForce()
        for i, j in molecule.bonds:
            row = self.rows.bond_types.get((molecule.types[i], molecule.types[j]))
            if row:
                force.addBond(i, j, row.req * ANGSTROM, 2 * row.k * KILOCALORIE / ANGSTROM**2)
        return force

    def angles(self, molecule):
        force = openmm.HarmonicAngleForce()
        for atoms in molecule.angles():
            row = self.rows.angle_types.get(tuple(molecule.types[a] for a in atoms))
            if row:
                force.addAngle(*atoms, np.radians(row.theteq), 2 * row.k * KILOCALORIE)
        return force

    def torsions(self, molecule):
        force = openmm.PeriodicTorsionForce()
        for atoms in molecule.torsions():
            for row in self.rows.dihedral_types.get(tuple(molecule.types[a] for a in atoms), ()):
                force.addTorsion(*atoms, int(row.per), np.radians(row.phase), row.phi_k * KILOCALORIE)
        for centre, ligands in molecule.centres():
            i, j, l = sorted(ligands, key=lambda a: (molecule.types[a], a))  # AMBER's order: by type, then by number
            row = self.rows.improper_periodic_types.get(tuple(molecule.types[a] for a in (i, j, centre, l)))
            if row:
                force.addTorsion(i, j, centre, l, int(row.per), np.radians(row.phase), row.phi_k * KILOCALORIE)
        return force

    def pairs(self, molecule):
        force = openmm.NonbondedForce()
        for name, charge in zip(molecule.types, molecule.charges):
            kind = self.rows.atom_types.get(name)
            pair = (kind.rmin, kind.epsilon) if kind and kind.rmin is not None else (0.5, 0.0)
            force.addParticle(charge, 2 * pair[0] * 2**(-1 / 6) * ANGSTROM, pair[1] * KILOCALORIE)
        scale = self.scale_14()
        force.createExceptionsFromBonds(molecule.bonds, 1 / scale[0], 1 / scale[1])
        return force

    def scale_14(self):
        """SCEE and SCNB: those of the torsions, of which there is one pair here; AMBER's own where no torsion says."""
        found = {(row.scee, row.scnb) for rows in self.rows.dihedral_types.values() for row in rows}
        if len(found) > 1:
            sys.exit(f"several pairs of SCEE and SCNB, {found}: this script takes one")
        return found.pop() if found else (1.2, 2.0)


# --- energies and gradients --------------------------------------------------------------------------------------------------

def read_field(path):
    return AmberField(path) if Path(path).suffix in (".frcmod", ".dat") else OpenMMField(path)


def evaluate(field, molecule):
    """kcal/mol, kcal/mol/angstrom; in double precision."""
    platform = openmm.Platform.getPlatformByName("Reference")
    context = openmm.Context(field.system(molecule), openmm.VerletIntegrator(0.001), platform)
    energy = energy_at(context, molecule.positions)
    if molecule.smallest_cross_product() * ANGSTROM**2 < CUT:
        return energy, differences(context, molecule.positions)
    forces = context.getState(getForces=True).getForces(asNumpy=True).value_in_unit(unit.kilojoule_per_mole / unit.nanometer)
    return energy, -forces / KILOCALORIE * ANGSTROM


def energy_at(context, positions):
    context.setPositions(positions * ANGSTROM)
    return context.getState(getEnergy=True).getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole) / KILOCALORIE


def differences(context, positions, step=2e-4):
    """The gradient by central differences of energies with steps h and h/2, extrapolated."""
    gradient = np.zeros(positions.size)
    for k in range(positions.size):
        shift = np.zeros(positions.size)
        slopes = []
        for h in (step, step / 2):
            shift[k] = h
            move = shift.reshape(positions.shape)
            slopes.append((energy_at(context, positions + move) - energy_at(context, positions - move)) / (2 * h))
        gradient[k] = (4 * slopes[1] - slopes[0]) / 3
    return gradient.reshape(positions.shape)


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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("field")
    parser.add_argument("input")
    parser.add_argument("-o", "--output", help="write energies and gradients (HDF5)")
    parser.add_argument("--compare", help="what q2hpc eval -hessians wrote")
    parser.add_argument("--molecule", help="only this one")
    arguments = parser.parse_args()
    field = read_field(arguments.field)
    molecules = [m for m in read_molecules(arguments.input) if arguments.molecule in (None, m.name)]
    expected = read_evaluated(arguments.compare) if arguments.compare else {}
    energies, gradients, worst = [], [], np.zeros(2)
    for molecule in molecules:
        energy, gradient = evaluate(field, molecule)
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


if __name__ == "__main__":
    main()
