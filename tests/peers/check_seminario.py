"""Compares the force constants that `-start seminario` and `-start qfuerza` project out of QM Hessians with Seminario's formula
in numpy, and with q2mm's own functions.

    python3 check_seminario.py Q2HPC DATASET [DATASET...] [--q2mm CHECKOUT] [--rh-enamide FOLDER]

Each bond and each angle of the sets' molecules gets a parameter of its own, so that a starting value is the projection of one
term. --q2mm (a checkout of ericchansen/q2mm at 0c79572) compares q2mm's seminario_bond_fc and seminario_angle_fc, too, on the
same molecules and on the fluoromethane of its examples; --rh-enamide (a copy of q2mm's examples/rh-enamide) its estimate_force_constants
on that model: means over terms, by rows of the force field, and equilibrium values.

q2mm's values are taken before its conversion to kcal/mol, whose factors are its own, and q2hpc's are taken back by CODATA 2018.

Claims, hartree/bohr^2 and hartree/rad^2, per term (rh-enamide: per parameter):
    constants          within 1e-6 of themselves, or of 1e-3 where they are smaller
    equilibrium values within 1e-9 angstrom and 1e-6 degree. On rh-enamide q2mm averages what a .mmo prints: half the last digit,
                       but for three rows of angles at the hydride, which MM3* measures at hydrogen sites (docs/mm3star.md)
Terms that the method itself does not determine are left out, counted, and at most one in ten: straight angles, where q2mm takes
one plane and q2hpc the mean of two, and projections on degenerate eigenvectors, which are whatever basis LAPACK finds.
Exit status: 0 all within, 1 a claim failed, 2 the program failed, 77 something is missing (CTest: skipped).
"""

import argparse
import itertools
import logging
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

JOBS = Path(__file__).resolve().parents[2] / "jobs"
sys.path.insert(0, str(JOBS))
try:
    import h5py
    import numpy as np
    from q2hpc_dataset import DataSet
    from q2hpc_topology import SYMBOLS, find_bonds
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

CONSTANT_TOLERANCE, SMALL = 1e-6, 1e-3
LENGTH_TOLERANCE, ANGLE_TOLERANCE = 1e-9, 1e-6  # angstrom, degree
LEFT_OUT = 0.1                                  # of the terms, at most
NOISE = 1e-12                                   # hartree/bohr^2; moves the basis of eigenvectors that are degenerate
STRAIGHT = 1e-3                                 # sine of an angle that q2hpc takes as straight
AT_SITES = 3                                    # rows of rh-enamide whose angles MM3* measures at hydrogen sites
SCALE = 0.963
PRINTED = {"bond": 5e-5, "angle": 5e-4}         # half the last digit of a .mmo, which is what q2mm averages on rh-enamide
BOHR, HARTREE = 0.529177210903, 4.3597447222071e-18 * 6.02214076e23 / 4184.0  # angstrom, kcal/mol: CODATA 2018


@dataclass
class System:
    name: str
    elements: np.ndarray   # [N]
    positions: np.ndarray  # [N, 3] angstrom
    hessian: np.ndarray    # [3N, 3N] hartree/bohr^2
    bonds: list            # [(i, j)]
    angles: list           # [(i, j, k)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--q2mm")
    parser.add_argument("--rh-enamide")
    arguments = parser.parse_args()
    systems = {path: read(path) for path in arguments.sets}
    peers = {"formula": (formula_bond, formula_angle)}
    if arguments.q2mm:
        logging.disable(logging.WARNING)
        sys.path.insert(0, arguments.q2mm)
        try:
            peers["q2mm"] = q2mm_functions()
        except ImportError as missing:
            print(f"skipped: {missing}")
            sys.exit(77)
        systems["fluoromethane"] = [fluoromethane(Path(arguments.q2mm))]
    failed = sum(compare_terms(arguments.program, title, molecules, peers) for title, molecules in systems.items())
    if arguments.q2mm and arguments.rh_enamide:
        failed += compare_means(arguments.program, Path(arguments.rh_enamide))
    print(f"{failed} failures")
    sys.exit(1 if failed else 0)


# --- molecules ---------------------------------------------------------------------------------------------------------------

def angles_of(bonds, atoms):
    """[(i, j, k)], i < k, of all pairs of bonds at j."""
    neighbours = [[] for _ in range(atoms)]
    for i, j in bonds:
        neighbours[i].append(j)
        neighbours[j].append(i)
    return [(i, j, k) for j in range(atoms) for i, k in itertools.combinations(sorted(neighbours[j]), 2)]


def pairs(bonds):
    return [(int(i), int(j)) for i, j in bonds]


def read(path):
    """The molecules with Hessians of a data set in angstrom and hartree/bohr^2, as jobs/make_bundled.py writes it."""
    systems = []
    with h5py.File(path) as file:
        column = lambda name: file[name][()]
        if file["hessian"].attrs["unit"] not in ("hartree/bohr^2", b"hartree/bohr^2"):
            sys.exit(f"{path}: /hessian is in another unit than hartree/bohr^2")
        for m, name in enumerate(column("molecules/name")):
            rows = lambda offset: slice(*column(offset)[m: m + 2])
            atoms, bonds = rows("molecules/atom_offset"), pairs(column("bonds/atoms")[rows("bonds/offset")])
            n = atoms.stop - atoms.start
            hessian = np.zeros((3 * n, 3 * n))
            hessian[np.tril_indices(3 * n)] = column("hessian")[rows("molecules/hessian_offset")]
            hessian += np.tril(hessian, -1).T
            systems.append(System(name.decode(), column("atoms/element")[atoms], column("atoms/position")[atoms], hessian, bonds,
                                  angles_of(bonds, n)))
    return systems


def fluoromethane(checkout):
    (xyz,), (hessian,) = (list((checkout / "examples").rglob(name)) for name in ("ch3f-optimized.xyz", "ch3f-hessian.npy"))
    rows = [line.split() for line in xyz.read_text().splitlines()[2:] if line.strip()]
    elements = np.array([list(SYMBOLS).index(row[0]) for row in rows])
    positions = np.array([[float(x) for x in row[1:4]] for row in rows])
    hessian = np.load(hessian)
    bonds = pairs(find_bonds(elements, positions))
    return System("ch3f", elements, positions, 0.5 * (hessian + hessian.T), bonds, angles_of(bonds, len(elements)))


# --- one term after another --------------------------------------------------------------------------------------------------

def compare_terms(program, title, systems, peers):
    """A parameter for each term; q2hpc's two methods against each peer's functions."""
    with tempfile.TemporaryDirectory() as scratch:
        path = f"{scratch}/input.h5"
        write_terms(path, systems)
        ours = {method: starting_values(program, path, method, scratch) for method in ("seminario", "qfuerza")}
    terms = [(s, atoms) for s in systems for atoms in s.bonds + s.angles]
    failed = 0
    for peer, (bond, angle) in peers.items():
        theirs = np.array([(bond if len(atoms) == 2 else angle)(s, *atoms) for s, atoms in terms])
        vague = np.array([undetermined(s, atoms) for s, atoms in terms])
        for method, scale in (("seminario", 1.0), ("qfuerza", SCALE)):
            k = np.array([value / constant_unit(atoms) for value, (_, atoms) in zip(ours[method][0::2], terms)])
            measured = [measure(s, atoms) for s, atoms in terms]
            error = not_finite_is_large(np.abs(k - scale * theirs) / np.maximum(np.abs(theirs), SMALL))
            length, bend = largest_differences(ours[method][1::2], measured, terms)
            worst = int(np.argmax(np.where(vague, -1.0, error)))
            wrong = not (error[worst] <= CONSTANT_TOLERANCE and length <= LENGTH_TOLERANCE and bend <= ANGLE_TOLERANCE
                         and vague.sum() <= LEFT_OUT * len(terms) and len(terms) > 0)
            failed += wrong
            s, atoms = terms[worst]
            print(f"{'FAILED ' if wrong else ''}{title}, {method}, {peer}: {len(terms)} terms, {vague.sum()} left out, largest "
                  f"difference {error[worst]:.1e} of itself ({s.name}, atoms {atoms}: {k[worst]:.8g}, "
                  f"{scale * theirs[worst]:.8g}), {length:.1e} angstrom, {bend:.1e} degree")
    return failed


def write_terms(path, systems):
    data = DataSet(title="a parameter for each term")
    for number, s in enumerate(systems):
        molecule = data.molecule(s.name, s.elements, s.positions, hessian=s.hessian, bonds=s.bonds)
        for atoms in s.bonds + s.angles:
            kind = "bond" if len(atoms) == 2 else "angle"
            label = f"{number} {'-'.join(str(a) for a in atoms)}"
            rows = data.parameter(f"{kind}_k", label, 1.0), data.parameter(f"{kind}_eq", label, 1.0)
            data.term(molecule, f"{kind}_harmonic", atoms, rows)
        data.observable(molecule, "frequency", -1, 0.01)
    data.write(path)


def starting_values(program, path, method, scratch, *options):
    """/parameters/start of a fit that takes no step."""
    result = f"{scratch}/{method}.result.h5"
    arguments = [program, path, "-start", method, "-tao_max_it", "0", "-quiet", "-o", result, *options]
    outcome = subprocess.run(arguments, capture_output=True, text=True)
    if outcome.returncode != 0:
        print(f"{' '.join(arguments)} ended with status {outcome.returncode}:\n{outcome.stdout}{outcome.stderr}")
        sys.exit(2)
    with h5py.File(result) as file:
        return file["parameters/start"][()]


def constant_unit(atoms):
    """kcal/mol/angstrom^2 or kcal/mol/rad^2 of the k in E = k d^2 that is one hartree/bohr^2 or hartree/rad^2 in E = 1/2 k d^2."""
    return 0.5 * HARTREE / (BOHR**2 if len(atoms) == 2 else 1.0)


def unit_vector(vector):
    return vector / np.linalg.norm(vector)


def measure(s, atoms):
    """A bond in angstrom or an angle in degree."""
    u, v = s.positions[atoms[0]] - s.positions[atoms[1]], s.positions[atoms[-1]] - s.positions[atoms[1]]
    if len(atoms) == 2:
        return np.linalg.norm(u)
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(u, v)), u @ v))


def largest_differences(found, expected, terms):
    difference = not_finite_is_large(np.abs(np.asarray(found) - expected))
    bond = np.array([len(atoms) == 2 for _, atoms in terms])
    return difference[bond].max(initial=0.0), difference[~bond].max(initial=0.0)


def not_finite_is_large(values):
    return np.where(np.isfinite(values), values, np.inf)


# --- Seminario's formula: Int. J. Quantum Chem. 1996, 60, 1271, equations 11 to 14 -------------------------------------------

def straight(s, atoms):
    return np.sin(np.radians(measure(s, atoms))) < STRAIGHT


def block(s, i, j):
    return -s.hessian[3 * i: 3 * i + 3, 3 * j: 3 * j + 3]


def stiffness(matrix, u):
    values, vectors = np.linalg.eig(matrix)
    return (values @ np.abs(u @ vectors)).real


def formula_bond(s, i, j):
    u = unit_vector(s.positions[j] - s.positions[i])
    return 0.5 * (stiffness(block(s, i, j), u) + stiffness(block(s, j, i), u))


def arms(s, i, j, k):
    """(block, unit vector in the plane and perpendicular to the bond, length in bohr) of each arm."""
    ij, kj = s.positions[i] - s.positions[j], s.positions[k] - s.positions[j]
    normal = unit_vector(np.cross(ij, kj))
    return [(block(s, end, j), unit_vector(np.cross(normal, arm)), np.linalg.norm(arm) / BOHR) for end, arm in ((i, ij), (k, kj))]


def formula_angle(s, i, j, k):
    if straight(s, (i, j, k)):
        return np.nan
    return 1.0 / sum(1.0 / (stiffness(matrix, u) * length**2) for matrix, u, length in arms(s, i, j, k))


def undetermined(s, atoms):
    """Whether the term is straight, or noise of 1e-12 in its blocks moves its constant by more than a tenth of what is asked."""
    if len(atoms) == 2:
        u = unit_vector(s.positions[atoms[1]] - s.positions[atoms[0]])
        directions = block(s, *atoms), block(s, *atoms[::-1])
        constant = lambda noise: 0.5 * sum(stiffness(matrix + n, u) for matrix, n in zip(directions, noise))
    elif straight(s, atoms):
        return True
    else:
        constant = lambda noise: 1.0 / sum(1.0 / (stiffness(matrix + n, u) * length**2)
                                           for (matrix, u, length), n in zip(arms(s, *atoms), noise))
    at_rest, random = constant(np.zeros((2, 3, 3))), np.random.default_rng(7)
    shift = max(abs(constant(NOISE * random.standard_normal((2, 3, 3))) - at_rest) for _ in range(4))
    return shift > 0.1 * CONSTANT_TOLERANCE * max(abs(at_rest), SMALL)


# --- q2mm's own --------------------------------------------------------------------------------------------------------------

def q2mm_functions():
    from q2mm.models.seminario import (HARTREE_BOHR2_TO_KCALMOLA2, HARTREE_RAD2_TO_KCALMOLRAD2, seminario_angle_fc,
                                       seminario_bond_fc)
    return (lambda s, *atoms: seminario_bond_fc(*atoms, s.positions, s.hessian, dft_scaling=1.0) / HARTREE_BOHR2_TO_KCALMOLA2,
            lambda s, *atoms: seminario_angle_fc(*atoms, s.positions, s.hessian, dft_scaling=1.0) / HARTREE_RAD2_TO_KCALMOLRAD2)


def compare_means(program, folder):
    """q2mm's model of rh-enamide: what its estimate_force_constants makes of each row, against q2hpc's means over the terms that
    q2mm takes for that row (those of its number; the model's other terms are matched by elements and have no part)."""
    import q2mm_to_q2hpc as bridge
    from q2mm.models.seminario import HARTREE_BOHR2_TO_KCALMOLA2, HARTREE_RAD2_TO_KCALMOLRAD2, _collect_matching
    forcefield, molecules = bridge.rh_enamide(folder)
    data = DataSet(title="rh-enamide, the terms that q2mm averages")
    for molecule in molecules:
        bridge.add_molecule(data, molecule.name, molecule, 1.0)
        data.observable(data.molecules[-1], "frequency", -1, 0.001)
    home = {id(molecule): ours for molecule, ours in zip(molecules, data.molecules)}
    expected, terms = [], 0
    for kind, parameters, key, unit, theirs in (
            ("bond", forcefield.bonds, "element_pair", 0.5 * HARTREE / BOHR**2, HARTREE_BOHR2_TO_KCALMOLA2),
            ("angle", forcefield.angles, "element_triple", 0.5 * HARTREE, HARTREE_RAD2_TO_KCALMOLRAD2)):
        for parameter in parameters:
            matching = _collect_matching(molecules, parameter, kind + "s", key)
            rows = data.parameter(kind + "_k", str(parameter.ff_row), 1.0), data.parameter(kind + "_eq", str(parameter.ff_row), 1.0)
            for molecule, item in matching:
                atoms = [getattr(item, f"atom_{a}") for a in "ijk"[: 2 if kind == "bond" else 3]]
                data.term(home[id(molecule)], f"{kind}_harmonic", atoms, rows)
            printed = np.mean([item.length if kind == "bond" else item.value for _, item in matching]) if matching else np.nan
            if matching:
                expected.append((kind, rows, unit, parameter.force_constant / theirs, printed))
            terms += len(matching)
    with tempfile.TemporaryDirectory() as scratch:
        data.write(f"{scratch}/input.h5")
        found = starting_values(program, f"{scratch}/input.h5", "qfuerza", scratch)
    error = [abs(found[rows[0]] / unit - k) / max(abs(k), SMALL) for _, rows, unit, k, _ in expected]
    far = [(kind, abs(found[rows[1]] - printed) / PRINTED[kind]) for kind, rows, _, _, printed in expected]
    at_sites = [kind for kind, distance in far if not distance <= 1.0]
    wrong = not (not_finite_is_large(np.array(error)).max() <= CONSTANT_TOLERANCE and at_sites == ["angle"] * AT_SITES)
    print(f"{'FAILED ' if wrong else ''}rh-enamide, qfuerza, q2mm: {len(expected)} constants from {terms} terms, largest difference "
          f"{max(error):.1e} of itself; equilibrium values as printed but for {len(at_sites)} of {len(expected)}")
    return int(wrong)


if __name__ == "__main__":
    main()
