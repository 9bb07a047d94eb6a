"""Topology and starting values for q2hpc data sets: bonds, types, terms, and force constants out of a QM Hessian.

Lengths in angstrom, angles in radian, energies in kcal/mol, E = k (x - x0)^2 (docs/forces.md). Needs numpy only.
build_force_field() at the end is the whole recipe; the functions before it are of use on their own.
"""

import itertools
from collections import defaultdict

import numpy as np

SYMBOLS = ("X H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr "
           "Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir "
           "Pt Au Hg Tl Pb Bi").split()

# Single-bond covalent radii, angstrom: B. Cordero et al., Dalton Trans. 2008, 2832 (C sp3; Mn, Fe, Co low spin).
COVALENT_RADIUS = {
    "H": 0.31, "Li": 1.28, "B": 0.84, "C": 0.76, "N": 0.71, "O": 0.66, "F": 0.57, "Na": 1.66, "Mg": 1.41, "Al": 1.21,
    "Si": 1.11, "P": 1.07, "S": 1.05, "Cl": 1.02, "K": 2.03, "Ti": 1.60, "V": 1.53, "Cr": 1.39, "Mn": 1.39, "Fe": 1.32,
    "Co": 1.26, "Ni": 1.24, "Cu": 1.32, "Zn": 1.22, "Se": 1.20, "Br": 1.20, "Zr": 1.75, "Mo": 1.54, "Ru": 1.46, "Rh": 1.42,
    "Pd": 1.39, "Ag": 1.45, "I": 1.39, "W": 1.62, "Ir": 1.41, "Pt": 1.36, "Au": 1.36}

# Distance of the minimum (angstrom) and its depth (kcal/mol): A. K. Rappe et al. (UFF), J. Am. Chem. Soc. 1992, 114, 10024,
# table 1.
UFF = {
    "H": (2.886, 0.044), "B": (4.083, 0.180), "C": (3.851, 0.105), "N": (3.660, 0.069), "O": (3.500, 0.060),
    "F": (3.364, 0.050), "Na": (2.983, 0.030), "Mg": (3.021, 0.111), "Al": (4.499, 0.505), "Si": (4.295, 0.402),
    "P": (4.147, 0.305), "S": (4.035, 0.274), "Cl": (3.947, 0.227), "Ti": (3.175, 0.017), "Cr": (3.023, 0.015),
    "Mn": (2.961, 0.013), "Fe": (2.912, 0.013), "Co": (2.872, 0.014), "Ni": (2.834, 0.015), "Cu": (3.495, 0.005),
    "Zn": (2.763, 0.124), "Br": (4.189, 0.251), "Mo": (3.052, 0.056), "Ru": (2.963, 0.056), "Rh": (2.929, 0.053),
    "Pd": (2.899, 0.048), "Ag": (3.148, 0.036), "I": (4.500, 0.339), "W": (3.069, 0.067), "Ir": (2.840, 0.073),
    "Pt": (2.754, 0.080), "Au": (3.293, 0.039)}

# Hydrogen on N or O: W. D. Cornell et al. (AMBER), J. Am. Chem. Soc. 1995, 117, 5179, type H (R* = 0.6 angstrom).
POLAR_HYDROGEN = (1.2, 0.0157)

NONMETALS = {"H", "B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Se", "Br", "I"}

NEAR_LINEAR = np.radians(175.0)   # no torsion passes through a wider angle; a wider angle bends about 180 degrees
PLANAR = np.radians(355.0)        # sum of the three angles at a planar centre, at least
STRETCHED = 1.12                  # a bond longer than this times the radii's sum may be a partial bond of a transition state
# How far equilibrium values may go. At fixed geometries f' is a knob of the Hessian like any other: with 0.5 angstrom of room a
# C-C bond ended at 1.04.
BOND_ROOM, ANGLE_ROOM = 0.2, 20.0  # angstrom, degrees
METAL_ANGLE_BIN = 30.0            # degrees; cis and trans angles at a metal are different types

HARTREE_PER_BOHR2 = 627.5094740630558 / 0.529177210903**2  # kcal/mol/angstrom^2; CODATA 2018


# --- geometry ----------------------------------------------------------------------------------------------------------------

def bond_values(positions, pairs):
    """Distances, angstrom."""
    pairs = np.asarray(pairs, dtype=int).reshape(-1, 2)
    return np.linalg.norm(positions[pairs[:, 0]] - positions[pairs[:, 1]], axis=1)


def angle_values(positions, triples):
    """Angles at the middle atoms, radian, by atan2: exact also near 0 and 180 degrees."""
    triples = np.asarray(triples, dtype=int).reshape(-1, 3)
    u = positions[triples[:, 0]] - positions[triples[:, 1]]
    v = positions[triples[:, 2]] - positions[triples[:, 1]]
    return np.arctan2(np.linalg.norm(np.cross(u, v), axis=1), np.sum(u * v, axis=1))


# --- topology ----------------------------------------------------------------------------------------------------------------

def find_bonds(elements, positions, factor=1.3):
    """Pairs closer than `factor` times the sum of their covalent radii, [B, 2], i < j."""
    radius = np.array([COVALENT_RADIUS[SYMBOLS[e]] for e in elements])
    i, j = np.triu_indices(len(elements), 1)
    near = np.linalg.norm(positions[i] - positions[j], axis=1) < factor * (radius[i] + radius[j])
    return np.stack([i[near], j[near]], axis=1)


def neighbours_of(atom_count, bonds):
    """[N] sorted lists of bonded atoms."""
    neighbours = [[] for _ in range(atom_count)]
    for i, j in bonds:
        neighbours[i].append(int(j))
        neighbours[j].append(int(i))
    return [sorted(n) for n in neighbours]


def angles_of(atom_count, bonds):
    """Every (i, j, k) with bonds ij and jk, i < k."""
    neighbours = neighbours_of(atom_count, bonds)
    return [(i, j, k) for j, around in enumerate(neighbours) for i, k in itertools.combinations(around, 2)]


def torsions_of(atom_count, bonds):
    """Every (i, j, k, l) with bonds ij, jk, kl and four different atoms, j < k."""
    neighbours = neighbours_of(atom_count, bonds)
    central = sorted(tuple(sorted((int(j), int(k)))) for j, k in bonds)
    return [(i, j, k, l) for j, k in central for i in neighbours[j] if i != k for l in neighbours[k] if l not in (i, j)]


def is_planar(positions, centre, around):
    """Whether the three atoms `around` lie in one plane with `centre`: their angles sum to 355 degrees or more."""
    return bool(angle_values(positions, [(a, centre, b) for a, b in itertools.combinations(around, 2)]).sum() >= PLANAR)


# --- types -------------------------------------------------------------------------------------------------------------------

def is_metal(element):
    return SYMBOLS[element] not in NONMETALS


def atom_types(elements, positions, bonds):
    """Labels by element and coordination number: C4, C3, O1, Fe10.

    Bonds to a metal do not count for a ligand atom, which gets an m instead: the carbon of CO bound to Ni is C1m, that of
    cyclopentadienyl C3m, so that hybridisation stays visible. Planar three-coordinate nitrogen (amides) is N3p, pyramidal N3.
    """
    neighbours = neighbours_of(len(elements), bonds)
    labels = []
    for atom, around in enumerate(neighbours):
        symbol = SYMBOLS[elements[atom]]
        if is_metal(elements[atom]):
            labels.append(f"{symbol}{len(around)}")
            continue
        light = [n for n in around if not is_metal(elements[n])]
        planar = symbol == "N" and len(light) == 3 and is_planar(positions, atom, light)
        labels.append(f"{symbol}{len(light)}{'p' * planar}{'m' * (len(light) < len(around))}")
    return labels


def partial_bonds(elements, positions, bonds, hessian, masses):
    """The bonds that break and form in a transition state: stretched, and moving in the imaginary mode. A set of (i, j), i <
    j."""
    weight = np.repeat(np.asarray(masses) ** -0.5, 3)
    _, vectors = np.linalg.eigh(hessian * np.outer(weight, weight))
    mode = (vectors[:, 0] * weight).reshape(-1, 3)
    mode /= np.linalg.norm(mode, axis=1).max()
    found = set()
    for i, j in np.sort(bonds, axis=1):
        d = positions[j] - positions[i]
        r = np.linalg.norm(d)
        radii = COVALENT_RADIUS[SYMBOLS[elements[i]]] + COVALENT_RADIUS[SYMBOLS[elements[j]]]
        if r > STRETCHED * radii and abs((mode[j] - mode[i]) @ d / r) > 0.2:
            found.add((int(i), int(j)))
    return found


def canonical(labels, separators=None):
    """A chain of labels in the direction that sorts first, joined by '-' ('~' for partial bonds): the same from both ends."""
    separators = separators or ["-"] * (len(labels) - 1)
    join = lambda names, marks: "".join(a + b for a, b in itertools.zip_longest(names, marks, fillvalue=""))
    return min(join(labels, separators), join(labels[::-1], separators[::-1]))


# --- force constants from a QM Hessian ---------------------------------------------------------------------------------------

def interatomic_block(hessian, a, b):
    """Eigenvalues and eigenvectors (columns) of -d2E/dx_a dx_b, symmetrised: the force on a per displacement of b."""
    block = -hessian[3 * a:3 * a + 3, 3 * b:3 * b + 3]
    return np.linalg.eigh(0.5 * (block + block.T))


def projected(eigen, direction):
    """sum_i lambda_i |u . v_i|: J. M. Seminario, Int. J. Quantum Chem. 1996, 60, 1271, eq. 10 (FUERZA)."""
    values, vectors = eigen
    return values @ np.abs(direction @ vectors)


def seminario_bond(hessian, positions, i, j):
    """k of E = k (r - r0)^2, in the Hessian's unit: half of Seminario's, which belongs to E = 1/2 k (r - r0)^2."""
    u = positions[j] - positions[i]
    return 0.5 * projected(interatomic_block(hessian, i, j), u / np.linalg.norm(u))


def seminario_angle(hessian, positions, i, j, k):
    """k of E = k (theta - theta0)^2, Hessian's unit times angstrom^2: two springs in series, Seminario's eq. 14, halved."""
    u, v = positions[i] - positions[j], positions[k] - positions[j]
    ru, rv = np.linalg.norm(u), np.linalg.norm(v)
    u, v = u / ru, v / rv
    normal = np.cross(u, v)
    if np.linalg.norm(normal) < 1e-3:  # linear: any perpendicular
        normal = np.cross(u, np.eye(3)[np.argmin(np.abs(u))])
    normal /= np.linalg.norm(normal)
    ku = projected(interatomic_block(hessian, i, j), np.cross(normal, u))
    kv = projected(interatomic_block(hessian, k, j), np.cross(v, normal))
    return 0.5 / (1.0 / (ru**2 * ku) + 1.0 / (rv**2 * kv)) if ku > 0.0 and kv > 0.0 else np.nan


# --- the recipe --------------------------------------------------------------------------------------------------------------

class Site:
    """A molecule with what typing needs: labels, partial bonds, and its Hessian in kcal/mol/angstrom^2."""

    def __init__(self, molecule, transition_state_number):
        self.molecule = molecule
        self.positions = molecule.positions
        self.hessian = molecule.hessian * HARTREE_PER_BOHR2
        self.labels = atom_types(molecule.elements, self.positions, molecule.bonds)
        self.partial = set()
        if molecule.imaginary_modes == 1:
            self.partial = partial_bonds(molecule.elements, self.positions, molecule.bonds, molecule.hessian, molecule.masses)
        for atom in {atom for bond in self.partial for atom in bond}:
            self.labels[atom] += f"_ts{transition_state_number}"

    def type_of(self, atoms):
        """The canonical label of a chain of bonded atoms."""
        marks = ["~" if (min(a, b), max(a, b)) in self.partial else "-" for a, b in zip(atoms, atoms[1:])]
        return canonical([self.labels[a] for a in atoms], marks)

    def has_metal(self, atoms):
        return any(is_metal(self.molecule.elements[a]) for a in atoms)


def build_force_field(data, lennard_jones=True, fit_equilibrium=True):
    """Types, parameters with starting values and bounds, and terms for every molecule of `data` (a DataSet with Hessians,
    masses and bonds, Hessians in hartree/bohr^2). Returns counts of what was left out, {reason: number}.
    fit_equilibrium False freezes every equilibrium value at its mean.

    bonds, angles   equilibrium values: means over the occurrences of a type; k: means of Seminario's, within the type's bounds
    Urey-Bradley    between the ends of two partial bonds, which couples them: alone, one k for both would make the symmetric
                    stretch of an SN2 reaction as imaginary as the antisymmetric one
    torsions        small k by the hybridisation of the central bond, phases frozen; none through angles above 175 degrees,
                    none that contain a metal or a partial bond
    impropers       on planar three-coordinate centres, two-fold, phase frozen at 180 degrees
    Lennard-Jones   UFF by element, a small polar hydrogen, frozen; 1-4 pairs halved
    """
    sites, left_out = [], defaultdict(int)
    for molecule in data.molecules:
        number = 1 + sum(bool(site.partial) for site in sites)  # a type of a reacting atom belongs to one reaction
        sites.append(Site(molecule, number))
    add_bonds(data, sites)
    add_angles(data, sites)
    add_urey_bradley(data, sites)
    add_torsions(data, sites, left_out)
    add_impropers(data, sites)
    if lennard_jones:
        add_lennard_jones(data)
    if not fit_equilibrium:
        for parameter in data.parameters:
            parameter["active"] *= not parameter["kind"].endswith("_eq")
    return dict(left_out)


def mean_within(values, lower, upper, default):
    """The mean of the finite values, moved inside the bounds; `default` where there is none."""
    values = [v for v in values if np.isfinite(v)]
    return float(np.clip(np.mean(values) if values else default, lower, upper))


def add_bonds(data, sites):
    """bond_harmonic by type. Only partial bonds, marked ~, may have a negative force constant."""
    types = defaultdict(list)
    for site in sites:
        for i, j in site.molecule.bonds:
            types[site.type_of((i, j))].append((site, (int(i), int(j))))
    for label, found in sorted(types.items()):
        lengths = np.array([bond_values(s.positions, [atoms])[0] for s, atoms in found])
        k = [seminario_bond(s.hessian, s.positions, *atoms) for s, atoms in found]
        lower, upper = (-1000.0, 2000.0) if "~" in label else (5.0, 2000.0)
        mean = lengths.mean()
        row_k = data.parameter("bond_k", label, mean_within(k, lower, upper, 300.0), lower, upper)
        row_eq = data.parameter("bond_eq", label, mean, mean - BOND_ROOM, mean + BOND_ROOM)
        for site, atoms in found:
            data.term(site.molecule, "bond_harmonic", atoms, (row_k, row_eq))


def add_angles(data, sites):
    """angle_harmonic by type. Angles at metals are typed by their size as well, to the next 30 degrees. Those above 175
    degrees are types of their own and bend about 180 degrees, frozen: with any other equilibrium value E has a cusp at the
    straight angle, and the term f' d2theta/dx2 grows without limit near it."""
    types = defaultdict(list)
    for site in sites:
        triples = angles_of(len(site.labels), site.molecule.bonds)
        for atoms, theta in zip(triples, angle_values(site.positions, triples)):
            label = site.type_of(atoms)
            if theta > NEAR_LINEAR:
                label += "@linear"
            elif is_metal(site.molecule.elements[atoms[1]]):
                label += f"@{METAL_ANGLE_BIN * round(np.degrees(theta) / METAL_ANGLE_BIN):.0f}"
            types[label].append((site, atoms, theta))
    for label, found in sorted(types.items()):
        mean = np.mean([theta for _, _, theta in found])
        k = [seminario_angle(s.hessian, s.positions, *atoms) for s, atoms, _ in found]
        lower, upper = (-100.0, 500.0) if "~" in label else (0.0, 500.0)
        start = mean_within(k, max(lower, 5.0), 200.0, 60.0)
        row_k = data.parameter("angle_k", label, start, lower, upper)
        if label.endswith("@linear"):
            row_eq = data.parameter("angle_eq", label, 180.0, 0.0, 180.0, active=False)
        else:
            degrees = np.degrees(mean)
            room = max(0.0, degrees - ANGLE_ROOM), min(180.0, degrees + ANGLE_ROOM)
            row_eq = data.parameter("angle_eq", label, degrees, *room)
        for site, atoms, _ in found:
            data.term(site.molecule, "angle_harmonic", atoms, (row_k, row_eq))


def add_urey_bradley(data, sites):
    """urey_bradley by type between i and k where both ij and jk are partial bonds."""
    types = defaultdict(list)
    for site in sites:
        for atoms in angles_of(len(site.labels), site.molecule.bonds):
            label = site.type_of(atoms)
            if label.count("~") == 2:
                types[label].append((site, (atoms[0], atoms[2])))
    for label, found in sorted(types.items()):
        mean = np.mean([bond_values(s.positions, [ends])[0] for s, ends in found])
        row_k = data.parameter("urey_bradley_k", label, 50.0, -1000.0, 2000.0)
        row_eq = data.parameter("urey_bradley_eq", label, mean, mean - BOND_ROOM, mean + BOND_ROOM)
        for site, ends in found:
            data.term(site.molecule, "urey_bradley", ends, (row_k, row_eq))


# Hybridisation of the central atoms: [(periodicity, phase in degrees, starting k in kcal/mol)]
TORSIONS = {
    (3, 3): [(3, 0.0, 0.15)],                    # staggered
    (2, 3): [(2, 180.0, 0.05), (3, 0.0, 0.05)],  # no side preferred yet
    (2, 2): [(2, 180.0, 2.0)],                   # planar
}


def hybridisation(label):
    """3 for sp3, 2 for sp2 and sp, from the first letters of a type's label; two-coordinate O and S count as sp3."""
    symbol, coordination = label[:2].rstrip("0123456789"), int("".join(c for c in label.split("_")[0] if c.isdigit()))
    if symbol in ("O", "S", "Se"):
        return 2 if coordination == 1 else 3
    if symbol in ("N", "P"):
        return 2 if coordination < 3 or "p" in label else 3
    return 3 if coordination >= 4 else 2


def add_torsions(data, sites, left_out):
    """torsion_fourier by type and periodicity."""
    for site in sites:
        for atoms in torsions_of(len(site.labels), site.molecule.bonds):
            label = site.type_of(atoms)
            if site.has_metal(atoms):
                left_out["torsions that contain a metal"] += 1
            elif "~" in label:
                left_out["torsions with a partial bond"] += 1
            elif max(angle_values(site.positions, [atoms[:3], atoms[1:]])) > NEAR_LINEAR:
                left_out["torsions through an angle above 175 degrees"] += 1
            else:
                bond = tuple(sorted(hybridisation(site.labels[a]) for a in atoms[1:3]))
                for periodicity, phase, k in TORSIONS[bond]:
                    add_fourier(data, site, "torsion", f"{label}/{periodicity}", atoms, periodicity, phase, k, (-20.0, 20.0))


def add_impropers(data, sites):
    """improper_fourier on planar centres: neighbours a, b, centre, neighbour d, so that phi = 180 degrees in the plane."""
    for site in sites:
        neighbours = neighbours_of(len(site.labels), site.molecule.bonds)
        for centre, around in enumerate(neighbours):
            around = [n for n in around if not is_metal(site.molecule.elements[n])]
            if site.has_metal([centre]) or len(around) != 3 or not is_planar(site.positions, centre, around):
                continue
            if any((min(n, centre), max(n, centre)) in site.partial for n in around):
                continue
            a, b, d = sorted(around, key=lambda n: (site.labels[n], n))
            label = f"{site.labels[centre]}({','.join(site.labels[n] for n in (a, b, d))})"
            add_fourier(data, site, "improper", label, (a, b, centre, d), 2, 180.0, 2.0, (0.0, 100.0))


def add_fourier(data, site, kind, label, atoms, periodicity, phase, k, bounds):
    """One term of torsion_fourier or improper_fourier; its parameters are made at the first occurrence of the type."""
    row_k = data.parameter_row(f"{kind}_k", label)
    if row_k is None:
        row_k = data.parameter(f"{kind}_k", label, k, *bounds)
        data.parameter(f"{kind}_phase", label, phase, active=False)
    data.term(site.molecule, f"{kind}_fourier", atoms, (row_k, data.parameter_row(f"{kind}_phase", label)), (periodicity,))


def add_lennard_jones(data):
    """UFF's 12-6 parameters by element, frozen: sigma = x / 2^(1/6), geometric means. UFF does not scale 1-4 pairs; halving
    them, as OPLS does, leaves the torsions their part."""
    data.nonbonded_rules("geometric", vdw_14=0.5, coulomb_14=0.5)
    rows = {}
    for molecule in data.molecules:
        labels = lennard_jones_labels(molecule)
        for label in labels:
            if label not in rows:
                distance, depth = POLAR_HYDROGEN if label == "H(polar)" else UFF[label]
                epsilon = data.parameter("lj_epsilon", label, depth, 0.0, active=False)
                sigma = data.parameter("lj_sigma", label, distance / 2 ** (1 / 6), 0.5, active=False)
                rows[label] = data.nonbonded_type(label, epsilon, sigma)
        molecule.types = np.array([rows[label] for label in labels], dtype=np.int32)


def lennard_jones_labels(molecule):
    """Elements, but H(polar) for hydrogen on N, O or F: UFF's hydrogen at 1.9 angstrom in a hydrogen bond would stiffen it by
    700 kcal/mol/angstrom^2, and push an N-H stretch up by 1,100 cm-1."""
    symbols = [SYMBOLS[e] for e in molecule.elements]
    neighbours = neighbours_of(len(symbols), molecule.bonds)
    return ["H(polar)" if s == "H" and any(symbols[n] in ("N", "O", "F") for n in neighbours[atom]) else s
            for atom, s in enumerate(symbols)]
