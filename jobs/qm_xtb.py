#!/usr/bin/env python3
"""Make data set (b): organic molecules and metal complexes at GFN2-xTB.

How to rerun
    python3 -m venv venv
    venv/bin/pip install tblite==0.8.0 geometric==1.1.1 rdkit numpy
    OMP_NUM_THREADS=1 venv/bin/python jobs/qm_xtb.py OUTPUT_FOLDER
Arguments, resuming and file format are those of qm_dft.py, from which this
script takes the helpers shared by both data sets.

How long it took
    3 to 50 seconds for 20 to 39 atoms, half a minute to four minutes for 40
    to 63, on one thread of a busy machine; 22 minutes for all but
    testosterone_enanthate (69 atoms), which has not been run yet.

What is computed
    GFN2-xTB with tblite, closed shell, gas phase, accuracy 0.0001 (SCF
    convergence; the default is 1), electronic temperature 300 K.
    1. start: RDKit ETKDG + MMFF94 conformer of lowest energy; metal complexes
       are assembled here from ligands around the metal;
    2. geomeTRIC optimisation;
    3. Newton steps with the numerical Hessian until max |gradient| <= 2e-6
       hartree/bohr;
    4. the Hessian at exactly that geometry by central differences of analytic
       gradients, step 0.002 bohr, symmetrised (asymmetry is printed; it shows
       the noise of the differences).
    An imaginary mode is followed downhill and the steps are repeated.
"""
import sys
from collections import namedtuple

import numpy as np

from qm_dft import (BOHR, SYMBOLS, atoms_of, bonds_by_distance, downhill,
                    embed, frequencies, imaginary_modes, masses_of,
                    newton_step, run_jobs, sorted_bonds, updated)

ACCURACY = 1e-4
STEP = 0.002  # bohr; truncation ~1e-6, noise ~1e-7 hartree/bohr^2

# --- the molecules --------------------------------------------------------

ORGANICS = {
    "cyclohexane": "C1CCCCC1", "paracetamol": "CC(=O)Nc1ccc(O)cc1",
    "aspirin": "CC(=O)Oc1ccccc1C(=O)O",
    "ace_ala_nme": "CC(=O)N[C@@H](C)C(=O)NC",
    "caffeine": "CN1C=NC2=C1C(=O)N(C)C(=O)N2C",
    "glucose": "OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O",
    "nicotine": "CN1CCC[C@H]1c1cccnc1",
    "sulfamethoxazole": "Cc1cc(NS(=O)(=O)c2ccc(N)cc2)no1",
    "diclofenac": "OC(=O)Cc1ccccc1Nc1c(Cl)cccc1Cl",
    "ibuprofen": "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
    "testosterone": "C[C@]12CC[C@H]3[C@@H](CCC4=CC(=O)CC[C@]34C)[C@@H]1CC"
                    "[C@@H]2O",
    "fluoxetine": "CNCCC(c1ccccc1)Oc1ccc(cc1)C(F)(F)F",
    "ace_ala_phe_nme": "CC(=O)N[C@@H](C)C(=O)N[C@@H](Cc1ccccc1)C(=O)NC",
    "eicosane": "C" * 20,
    "diazepam": "CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc21",
    "adenosine": "Nc1ncnc2c1ncn2[C@@H]1O[C@H](CO)[C@@H](O)[C@H]1O",
    "penicillin_g": "CC1(C)S[C@@H]2[C@H](NC(=O)Cc3ccccc3)C(=O)N2[C@H]1C(=O)O",
    "decane": "C" * 10,
    "amantadine": "NC12CC3CC(CC(C3)C1)C2",
    "lidocaine": "CCN(CC)CC(=O)Nc1c(C)cccc1C",
    "dexamethasone": "C[C@@H]1C[C@H]2[C@@H]3CCC4=CC(=O)C=C[C@]4(C)[C@@]3(F)"
                     "[C@@H](O)C[C@]2(C)[C@@]1(O)C(=O)CO",
    "bromhexine": "CN(Cc1cc(Br)cc(Br)c1N)C1CCCCC1",
    "sildenafil": "CCCc1nn(C)c2c1nc([nH]c2=O)-c1cc(ccc1OCC)S(=O)(=O)"
                  "N1CCN(C)CC1",
    "testosterone_enanthate": "CCCCCCC(=O)O[C@H]1CC[C@@H]2[C@@]1(CC[C@H]3"
                              "[C@H]2CCC4=CC(=O)CC[C@]34C)C",
}

# A ligand: SMILES, SMARTS of the atoms that bind the metal, their distance to
# it in angstrom (of their centroid if there are several: an eta ligand) and
# the direction in which it sits.
Ligand = namedtuple("Ligand", "smiles donors distance direction")

TETRAHEDRON = [(1, 1, 1), (-1, -1, 1), (1, -1, -1), (-1, 1, -1)]
SQUARE = [(1, 0, 0), (0, 1, 0), (-1, 0, 0), (0, -1, 0)]
# Three legs of a piano stool below the metal, the arene above it.
STOOL = [(np.cos(a), np.sin(a), -0.7) for a in np.radians([0, 120, 240])]
# MMFF setup rewrites aromaticity flags, so rings are matched by element.
RING5 = "[#6]1~[#6]~[#6]~[#6]~[#6]~1"
RING6 = "[#6]1~[#6]~[#6]~[#6]~[#6]~[#6]~1"
CARBONYL = ("[C-]#[O+]", "[C-]")
TRIMETHYLPHOSPHINE = ("CP(C)C", "P")

# name: (atomic number of the metal, total charge, ligands)
COMPLEXES = {
    "ferrocene": (26, 0, [
        Ligand("c1ccc[cH-]1", RING5, 1.65, (0, 0, 1)),
        Ligand("c1ccc[cH-]1", RING5, 1.65, (0, 0, -1))]),
    "toluene_chromium_tricarbonyl": (24, 0, [
        Ligand("Cc1ccccc1", RING6, 1.72, (0, 0, 1)),
        *[Ligand(*CARBONYL, 1.85, d) for d in STOOL]]),
    "cis_platinum_dichloride_pme3": (78, 0, [
        *[Ligand("[Cl-]", "Cl", 2.36, d) for d in SQUARE[:2]],
        *[Ligand(*TRIMETHYLPHOSPHINE, 2.28, d) for d in SQUARE[2:]]]),
    "nickel_dicarbonyl_pme3": (28, 0, [
        *[Ligand(*CARBONYL, 1.78, d) for d in TETRAHEDRON[:2]],
        *[Ligand(*TRIMETHYLPHOSPHINE, 2.22, d) for d in TETRAHEDRON[2:]]]),
    "zinc_dichloride_pyridine": (30, 0, [
        *[Ligand("[Cl-]", "Cl", 2.22, d) for d in TETRAHEDRON[:2]],
        *[Ligand("c1ccncc1", "[#7]", 2.06, d) for d in TETRAHEDRON[2:]]]),
    "trans_palladium_dichloride_pme2ph": (46, 0, [
        *[Ligand("[Cl-]", "Cl", 2.33, d) for d in SQUARE[::2]],
        *[Ligand("CP(C)c1ccccc1", "P", 2.33, d) for d in SQUARE[1::2]]]),
}


def job_names():
    """Metal complexes and organics in turn, the most valuable ones first."""
    names, metals = [], list(COMPLEXES)
    for i, name in enumerate(ORGANICS):
        if i % 3 == 0 and metals:
            names.append(metals.pop(0))
        names.append(name)
    return names + metals


# --- assembling metal complexes -------------------------------------------

def unit(vector):
    return np.asarray(vector, float) / np.linalg.norm(vector)


def rotation_onto(start, end):
    """Rotation matrix that turns direction start into direction end."""
    start, end = unit(start), unit(end)
    axis, cosine = np.cross(start, end), start @ end
    if cosine < -1.0 + 1e-9:  # opposite: half a turn about any normal
        normal = unit(np.cross(start, np.eye(3)[np.argmin(np.abs(start))]))
        return 2.0 * np.outer(normal, normal) - np.eye(3)
    cross = np.cross(np.eye(3), axis)
    return np.eye(3) + cross + cross @ cross / (1.0 + cosine)


def spin(axis, angle):
    """Rotation matrix about an axis."""
    x, y, z = unit(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return (np.eye(3) + np.sin(angle) * cross
            + (1.0 - np.cos(angle)) * cross @ cross)


def binding_axis(molecule, positions, donors):
    """Direction from the donor atoms to the metal, in the ligand's frame."""
    if len(donors) > 1:  # eta ligand: the normal of the ring
        return np.linalg.svd(positions[donors]
                             - positions[donors].mean(axis=0))[2][2]
    atom = molecule.GetAtomWithIdx(donors[0])
    away = [unit(positions[donors[0]] - positions[n.GetIdx()])
            for n in atom.GetNeighbors()]
    return unit(np.sum(away, axis=0)) if away else np.array([0.0, 0.0, 1.0])


def placed_ligand(ligand, others):
    """Elements, positions, bonds and donors of a ligand turned to its place.

    The turn about the metal-ligand axis is the one of 36 that keeps the
    ligand farthest from what is already there.
    """
    from rdkit import Chem
    molecule, conformer = embed(ligand.smiles)
    elements, positions = atoms_of(molecule, conformer)
    donors = list(molecule.GetSubstructMatch(
        Chem.MolFromSmarts(ligand.donors)))
    axis = binding_axis(molecule, positions, donors)
    direction = unit(ligand.direction)
    positions = positions - positions[donors].mean(axis=0)
    positions = positions @ rotation_onto(axis, -direction).T
    choices = [positions @ spin(direction, a).T + ligand.distance * direction
               for a in np.radians(np.arange(0, 360, 10))]
    best = max(choices, key=lambda c: closest(c, others))
    bonds = [(b.GetBeginAtomIdx(), b.GetEndAtomIdx())
             for b in molecule.GetBonds()]
    return elements, best, bonds, donors


def closest(some, others):
    """Smallest distance between two groups of atoms, rounded so that equal
    choices stay equal (max() then takes the first)."""
    return np.linalg.norm(some[:, None] - others[None], axis=2).min().round(6)


def assembled(name):
    """Elements, positions in angstrom, charge and bonds of a complex."""
    metal, charge, ligands = COMPLEXES[name]
    elements, positions, bonds = np.array([metal]), np.zeros((1, 3)), []
    for ligand in ligands:
        first = len(elements)
        more, where, inner, donors = placed_ligand(ligand, positions)
        elements = np.concatenate([elements, more])
        positions = np.concatenate([positions, where])
        bonds += [(first + i, first + j) for i, j in inner]
        bonds += [(0, first + d) for d in donors]
    return elements, positions, charge, bonds


def start_of(name):
    """Elements, positions in angstrom, charge and bonds."""
    if name in COMPLEXES:
        return assembled(name)
    molecule, conformer = embed(ORGANICS[name])
    bonds = [(b.GetBeginAtomIdx(), b.GetEndAtomIdx())
             for b in molecule.GetBonds()]
    return (*atoms_of(molecule, conformer), 0, bonds)


# --- GFN2-xTB with tblite -------------------------------------------------

class Surface:
    """Energies and gradients; each calculation starts from the last one."""

    def __init__(self, elements, positions, charge):
        from tblite.interface import Calculator
        self.calculator = Calculator("GFN2-xTB", elements, positions,
                                     charge=float(charge))
        self.calculator.set("accuracy", ACCURACY)
        self.calculator.set("max-iter", 500)
        self.calculator.set("verbosity", 0)
        self.last = None

    def __call__(self, positions):
        """(hartree, hartree/bohr) at positions in bohr."""
        self.calculator.update(np.ascontiguousarray(positions))
        self.last = self.calculator.singlepoint(self.last)
        return self.last["energy"], np.array(self.last["gradient"])


def hessian_at(surface, positions):
    """Central differences of gradients; not symmetrised."""
    flat = positions.ravel()
    rows = []
    for i in range(flat.size):
        shift = np.zeros(flat.size)
        shift[i] = STEP
        plus = surface((flat + shift).reshape(-1, 3))[1]
        minus = surface((flat - shift).reshape(-1, 3))[1]
        rows.append((plus - minus).ravel() / (2.0 * STEP))
    return np.array(rows)


def optimised(surface, elements, positions):
    """geomeTRIC in its internal coordinates; returns positions in bohr."""
    import os
    import tempfile
    import geometric.engine
    import geometric.errors
    import geometric.molecule
    import geometric.optimize

    class Engine(geometric.engine.Engine):
        def calc_new(self, coords, dirname):
            energy, gradient = surface(coords.reshape(-1, 3))
            return {"energy": energy, "gradient": gradient.ravel()}

    molecule = geometric.molecule.Molecule()
    molecule.elem = [SYMBOLS[int(z)] for z in elements]
    molecule.xyzs = [positions * BOHR]
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = geometric.optimize.run_optimizer(
                customengine=Engine(molecule), input=os.path.join(folder, "x"),
                maxiter=400, convergence_energy=1e-7, convergence_grms=3e-5,
                convergence_gmax=8e-5, convergence_drms=1e-3,
                convergence_dmax=2e-3)
        except geometric.errors.GeomOptNotConvergedError:
            print("  geomeTRIC stopped early; going on", flush=True)
            return positions
    return done.xyzs[-1] / BOHR


def refine(surface, positions, target=2e-6, limit=60):
    """Newton steps with one numerical Hessian, updated on the way."""
    raw = hessian_at(surface, positions)
    hessian = 0.5 * (raw + raw.T)
    _, gradient = surface(positions)
    for _ in range(limit):
        if np.abs(gradient).max() <= target:
            break
        step = newton_step(hessian, gradient, positions, saddle=False,
                           floor=1e-5)
        positions = positions + step
        previous, gradient = gradient, surface(positions)[1]
        hessian = updated(hessian, step, gradient - previous)
    return positions


def warn_of_changed_bonds(name, elements, positions, bonds):
    """Say so when the optimisation made or broke a bond."""
    near = {tuple(b) for b in bonds_by_distance(elements, positions * BOHR)}
    listed = {tuple(sorted(b)) for b in bonds}
    for pair in sorted(near ^ listed):
        kind = "close but not bonded" if pair in near else "bonded but far"
        print("  %s: atoms %d %d %s" % (name, *pair, kind), flush=True)


def compute(name):
    """Everything stored about one molecule, and the Hessian's asymmetry."""
    import tblite.library
    elements, angstrom, charge, bonds = start_of(name)
    masses = masses_of(elements)
    positions = angstrom / BOHR
    surface = Surface(elements, positions, charge)
    positions = optimised(surface, elements, positions)
    for _ in range(5):
        positions = refine(surface, positions)
        raw = hessian_at(surface, positions)
        hessian = 0.5 * (raw + raw.T)
        found = imaginary_modes(hessian, positions, masses)
        if found == 0:
            break
        print("  %s: %d imaginary, going downhill" % (name, found), flush=True)
        positions = optimised(surface, elements,
                              downhill(hessian, positions, 0.5))
    energy, gradient = surface(positions)
    warn_of_changed_bonds(name, elements, positions, bonds)
    method = ("GFN2-xTB, tblite %d.%d.%d, accuracy %g, Hessian by central "
              "differences of gradients, step %g bohr"
              % (*tblite.library.get_version(), ACCURACY, STEP))
    result = dict(
        elements=elements, positions=positions * BOHR, masses=masses,
        charge=charge, multiplicity=1, energy=float(energy),
        gradient=gradient, hessian=hessian, method=method,
        imaginary=np.array([0, found]), bonds=sorted_bonds(bonds),
        program_frequencies=frequencies(hessian, positions, masses))
    return result, np.abs(raw - raw.T).max()


if __name__ == "__main__":
    sys.exit(run_jobs(job_names(), compute, __doc__.splitlines()[0]))
