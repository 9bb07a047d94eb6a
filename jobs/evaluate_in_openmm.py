"""Evaluates an exported force field in OpenMM at the geometries of a data set: energies (kcal/mol) and gradients (kcal/mol/angstrom).

    python3 evaluate_in_openmm.py FORCE_FIELD INPUT.h5 [-o OUT.h5] [--compare HESSIANS.h5] [--molecule NAME]

FORCE_FIELD is what `q2hpc export` wrote: OpenMM's XML, or AMBER's frcmod (read by ParmEd; types and charges are then INPUT's /atoms/type_name and
/atoms/charge). --compare takes what `q2hpc eval INPUT.h5 -hessians HESSIANS.h5` wrote and prints the largest differences. Needs openmm, numpy, h5py;
parmed for frcmod.
"""

import sys
from pathlib import Path

import numpy as np
import openmm
from openmm import app, unit

from evaluated import command_line, evaluate_all

KILOCALORIE, ANGSTROM = 4.184, 0.1  # kJ, nm
# nm^2. Where the cross product of an angle's two sides is smaller, so that the angle is straight to 0.005 degrees, OpenMM 8 divides by this instead:
# the energy is right, the force too small. There the gradient is taken from the energies.
CUT = 1.0e-6


def topology_of(molecule):
    topology = app.Topology()
    residue = topology.addResidue(molecule.name, topology.addChain())
    atoms = []
    for k, number in enumerate(molecule.elements):
        element = app.Element.getByAtomicNumber(int(number))
        atoms.append(topology.addAtom(f"{element.symbol}{k + 1}", element, residue))
    for i, j in molecule.bonds:
        topology.addBond(atoms[i], atoms[j])
    return topology, residue


# --- OpenMM's XML ------------------------------------------------------------------------------------------------------------

class OpenMMField:
    """Residue templates are called by their molecules' names."""

    def __init__(self, path):
        self.field = app.ForceField(str(path))

    def system(self, molecule):
        topology, residue = topology_of(molecule)
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


def main():
    arguments = command_line(__doc__).parse_args()
    field = read_field(arguments.field)
    evaluate_all(arguments, lambda molecule: evaluate(field, molecule))


if __name__ == "__main__":
    main()
