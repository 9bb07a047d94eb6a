"""An independent reference for q2hpc: MM energies, gradients and Hessians by automatic differentiation (JAX, float64),
frequencies, both matching rules, loss.

    python3 reference.py input.h5 [--match q2mm] [--table]

Shares no code with q2hpc or with jobs/: it reads the file (docs/format.md), writes each energy as docs/forces.md states it,
and lets JAX differentiate. Terms of one form are differentiated all at once (vmap over the whole data set), then their blocks
are added up molecule by molecule. Units: angstrom, kcal/mol, radian, amu.
"""

import argparse
import functools
import itertools

import h5py
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")

# CODATA 2018
BOHR = 0.529177210903                                      # angstrom
HARTREE = 4.3597447222071e-18 * 6.02214076e23 / 4184.0     # kcal/mol
AMU, AVOGADRO, LIGHT = 1.66053906660e-27, 6.02214076e23, 299792458.0
COULOMB = (1.602176634e-19**2 / (4 * np.pi * 8.8541878128e-12)) * 1e10 * AVOGADRO / 4184.0  # kcal/mol angstrom / e^2
# cm-1 per sqrt(kcal/mol/angstrom^2/amu)
WAVENUMBER = np.sqrt(4184.0 * 1e20 / (AVOGADRO * AMU)) / (2 * np.pi * LIGHT * 100.0)

MILLIDYNE_ANGSTROM = 1e-18 * AVOGADRO / 4184.0  # kcal/mol
UNITS = {"kcal/mol": 1.0, "kJ/mol": 1 / 4.184, "hartree": HARTREE, "angstrom": 1.0, "nm": 10.0, "bohr": BOHR, "radian": 1.0,
         "degree": np.pi / 180, "kcal/mol/angstrom^2": 1.0, "kJ/mol/nm^2": 1 / 418.4, "hartree/bohr^2": HARTREE / BOHR**2,
         "mdyn/angstrom": MILLIDYNE_ANGSTROM, "kcal/mol/rad^2": 1.0, "kJ/mol/rad^2": 1 / 4.184,
         "mdyn*angstrom/rad^2": MILLIDYNE_ANGSTROM, "hartree/rad^2": HARTREE, "amu": 1.0, "e": 1.0, "1/angstrom": 1.0,
         "1/nm": 0.1, "1/bohr": 1 / BOHR, "kcal/mol/angstrom/rad": 1.0, "kJ/mol/nm/rad": 1 / 41.84,
         "mdyn/rad": MILLIDYNE_ANGSTROM, "hartree/bohr/rad": HARTREE / BOHR, "kcal/mol/angstrom": 1.0,
         "kJ/mol/nm": 1 / 41.84, "hartree/bohr": HARTREE / BOHR, "1": 1.0,
         "kcal/mol*angstrom^12": 1.0, "kJ/mol*angstrom^12": 1 / 4.184, "kcal/mol*angstrom^10": 1.0,
         "kJ/mol*angstrom^10": 1 / 4.184, "debye": 1.0, "e*angstrom": 1.602176634e-29 * LIGHT * 1e21}


# --- energies of one term; x is [atoms, 3] -----------------------------------------------------------------------------------

def distance(x, i, j):
    d = x[i] - x[j]
    return jnp.sqrt(d @ d)


def bond(x, p, _):
    return p[0] * (distance(x, 0, 1) - p[1]) ** 2


def bond_mm3(x, p, _):
    d = distance(x, 0, 1) - p[1]
    return p[0] * d**2 * (1 - 2.55 * d + 7 / 12 * 2.55**2 * d**2)


def morse(x, p, _):
    return p[0] * (1 - jnp.exp(-p[1] * (distance(x, 0, 1) - p[2]))) ** 2


def theta(x, i, j, k):
    u, v = x[i] - x[j], x[k] - x[j]
    n = jnp.cross(u, v)
    return jnp.arctan2(jnp.sqrt(n @ n), u @ v)


def angle(x, p, _):
    """k (theta - theta0)^2. Close to 180 degrees with theta0 = pi the square of pi - theta is a power series in tan^2, smooth
    where theta itself is not."""
    u, v = x[0] - x[1], x[2] - x[1]
    n, dot = jnp.cross(u, v), u @ v
    t = (n @ n) / dot**2                       # tan^2
    linear = (t < 1e-6) & (dot < 0) & (abs(p[1] - jnp.pi) < 1e-12)
    series = t * (1 - t * (2 / 3 - t * 23 / 45))  # arctan(sqrt(t))^2
    sine = jnp.sqrt(jnp.where(linear, 1.0, n @ n))
    return p[0] * jnp.where(linear, series, (jnp.arctan2(sine, dot) - p[1]) ** 2)


def sextic(d, last):
    """d^2 (1 - 0.014 d + ...): the d within the brackets in degrees, the one before in radian."""
    t = jnp.degrees(d)
    return d**2 * (1 - 0.014 * t + 5.6e-5 * t**2 - 7e-7 * t**3 + last * t**4)


def angle_mm3(x, p, c):
    return p[0] * sextic(theta(x, 0, 1, 2) - p[1], c[0])


def angle_cosine(x, p, _):
    u, v = x[0] - x[1], x[2] - x[1]
    return p[0] * (u @ v / jnp.sqrt((u @ u) * (v @ v)) - jnp.cos(p[1])) ** 2


def dihedral(x, i, j, k, l):
    """By IUPAC: 0 for cis, clockwise positive looking along j to k."""
    b1, b2, b3 = x[j] - x[i], x[k] - x[j], x[l] - x[k]
    n1, n2 = jnp.cross(b1, b2), jnp.cross(b2, b3)
    return jnp.arctan2(jnp.sqrt(b2 @ b2) * (b1 @ n2), n1 @ n2)


def torsion(x, p, c):
    """k (1 + cos(n phi - delta))"""
    return p[0] * (1 + jnp.cos(c[0] * dihedral(x, 0, 1, 2, 3) - p[1]))


def torsion_mm3(x, p, _):
    phi = dihedral(x, 0, 1, 2, 3)
    return p[0] / 2 * (1 + jnp.cos(phi)) + p[1] / 2 * (1 - jnp.cos(2 * phi)) + p[2] / 2 * (1 + jnp.cos(3 * phi))


def improper_harmonic(x, p, _):
    d = dihedral(x, 0, 1, 2, 3) - p[1]
    return p[0] * jnp.arctan2(jnp.sin(d), jnp.cos(d)) ** 2


def stretch_bend(x, p, _):
    return p[0] * (distance(x, 0, 1) - p[1] + distance(x, 1, 2) - p[2]) * (theta(x, 0, 1, 2) - p[3])


def bend_bend(x, p, _):
    return p[0] * (theta(x, 0, 1, 2) - p[1]) * (theta(x, 0, 1, 3) - p[2])


def bend_bend_opposite(x, p, _):
    return p[0] * (theta(x, 0, 1, 2) - p[1]) * (theta(x, 3, 1, 4) - p[2])


def torsion_stretch(x, p, _):
    return (distance(x, 1, 2) - p[3]) * torsion_mm3(x, p, _)


def out_of_plane(x):
    """Allinger's: the angle of the bond 1-3 with the plane of 0, 2, 3; by the foot of atom 1 on that plane."""
    e, f, v = x[0] - x[3], x[2] - x[3], x[1] - x[3]
    n = jnp.cross(e, f)
    height = v @ n / jnp.sqrt(n @ n)
    return -jnp.arcsin(height / jnp.sqrt(v @ v))


def out_of_plane_harmonic(x, p, _):
    return p[0] * out_of_plane(x) ** 2


def out_of_plane_mm3(x, p, c):
    return p[0] * sextic(jnp.abs(out_of_plane(x)), c[0])


def cmap(x, p, c):
    """scale * B(phi, psi). c: the coefficients of the cubic B-splines that B is made of, [n, n] in a row (Reference)."""
    n = int(len(c) ** 0.5)
    weights = []
    for angle in (dihedral(x, 0, 1, 2, 3), dihedral(x, 1, 2, 3, 4)):
        away = (angle + jnp.pi) * n / (2 * jnp.pi) - jnp.arange(n)
        away = jnp.abs(away - n * jnp.round(away / n))
        weights.append(jnp.where(away < 1, 2 / 3 - away**2 + away**3 / 2, jnp.where(away < 2, (2 - away) ** 3 / 6, 0.0)))
    return p[0] * weights[0] @ c.reshape(n, n) @ weights[1]


def b_spline_coefficients(grid):
    """[n, n] coefficients of the cubic B-splines whose sum passes through a periodic grid: the values' Fourier transform over
    that of (1, 4, 1) / 6, in both directions."""
    n = len(grid)
    division = (4 + 2 * np.cos(2 * np.pi * np.arange(n) / n)) / 6
    return np.real(np.fft.ifft2(np.fft.fft2(grid) / np.outer(division, division)))


def lennard_jones(r, p):
    s6 = (p[1] / r) ** 6
    return 4 * p[0] * (s6 * s6 - s6)


def exp6(x):
    """MM3's, in units of epsilon and rv."""
    return 184000 * jnp.exp(-12 * x) - 2.25 / x**6


def exp6_wall():
    """Where the curve offset + slope / x^2 joins exp6 with its first two derivatives, and its numbers."""
    first, second = jax.grad(exp6), jax.grad(jax.grad(exp6))
    low, high = 0.36, 0.5
    for _ in range(60):
        x = (low + high) / 2
        low, high = (x, high) if x * second(x) + 3 * first(x) < 0 else (low, x)
    slope = -first(low) * low**3 / 2
    return float(low), float(exp6(low) - slope / low**2), float(slope)


JOINT, WALL_OFFSET, WALL_SLOPE = exp6_wall()


def exp6_mm3(r, p):
    x = r / p[1]
    return p[0] * jnp.where(x >= JOINT, exp6(x), WALL_OFFSET + WALL_SLOPE / x**2)


def exp6_q2mm(r, p):
    x = r / p[1]
    return p[0] * jnp.where(x >= 0.34, exp6(x), 184000 * jnp.exp(-12 * 0.34) * (0.34 / x) ** 12)


def hydrogen_12_10(r, p):
    return p[0] / r**12 - p[1] / r**10


def pair(energy):
    """The form and Coulomb: c = the form's factor, C q q / dielectric times its factor."""
    return lambda x, p, c: c[0] * energy(distance(x, 0, 1), p) + c[1] / distance(x, 0, 1)


PAIRS = {"lennard_jones": lennard_jones, "exp6_mm3": exp6_mm3, "exp6_q2mm": exp6_q2mm, "hydrogen_12_10": hydrogen_12_10}
MIXING = {"geometric": lambda a, b: np.sqrt(a * b), "lorentz-berthelot": lambda a, b: (a + b) / 2, "mm3": lambda a, b: a + b}


FORMS = {"bond_harmonic": bond, "bond_mm3": bond_mm3, "bond_morse": morse, "angle_harmonic": angle, "angle_mm3": angle_mm3,
         "angle_cosine": angle_cosine, "urey_bradley": bond, "torsion_fourier": torsion, "torsion_fourier_unfaded": torsion,
         "torsion_mm3": torsion_mm3,
         "improper_fourier": torsion, "improper_harmonic": improper_harmonic, "stretch_bend": stretch_bend, "bend_bend": bend_bend,
         "bend_bend_opposite": bend_bend_opposite, "torsion_stretch": torsion_stretch,
         "out_of_plane_harmonic": out_of_plane_harmonic, "out_of_plane_mm3": out_of_plane_mm3, "cmap": cmap,
         **{f"pair_{form}": pair(energy) for form, energy in PAIRS.items()}}


@functools.cache
def on_sites(energy, is_bond):
    """The energy of a term at sites, as a function of its atoms and those that they are moved towards. The constants end with
    the atoms' reductions. A bond counts 1 / (1 - reduction) times."""
    def of_both(x, p, c):
        count = len(x) // 2
        reduction = c[-count:, None]
        sites = x[:count] + reduction * (x[count:] - x[:count])
        return energy(sites / (1 - jnp.max(reduction)) if is_bond else sites, p, c[:-count])
    return of_both


# --- reading -----------------------------------------------------------------------------------------------------------------

def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def in_units(dataset):
    return dataset[()].astype(float) * UNITS[text(dataset.attrs["unit"])]


class Reference:
    """A data set file and what follows from it. Molecules are numbered as in the file."""

    def __init__(self, path):
        with h5py.File(path, "r") as file:
            self.names = [text(n) for n in file["molecules/name"][()]]
            self.offset = file["molecules/atom_offset"][()]
            self.positions = in_units(file["atoms/position"])
            self.elements = file["atoms/element"][()]
            self.masses = in_units(file["atoms/mass"])
            self._read_hessians(file)
            self._read_parameters(file["force_field/parameters"])
            self._read_sites(file)
            self.terms = {form: self._read_terms(group) for form, group in file.get("force_field/terms", {}).items()}
            self.sees_sites = {form: group["at_sites"][()] == 1 for form, group in file.get("force_field/terms", {}).items()
                               if "at_sites" in group}
            if "cmap" in self.terms:
                self._read_grids(file)
            if "force_field/nonbonded" in file:
                pairs = self.read_pairs(file)
                self.terms.update(pairs)
                self.sees_sites.update({form: np.full(len(rows[0]), self.has_sites) for form, rows in pairs.items()})
            observed = file["observables/frequency"]
            self.minimum = float(observed.attrs.get("minimum", 50.0))
            counts = np.diff(observed["offset"][()])
            self.observed_molecule = np.repeat(np.arange(len(counts)), counts)
            self.observed_index, self.observed_weight = observed["index"][:, 0], observed["weight"][()]

    def __len__(self):
        return len(self.names)

    def atoms(self, m):
        return slice(self.offset[m], self.offset[m + 1])

    def _read_hessians(self, file):
        packed, offset = in_units(file["hessian"]), file["molecules/hessian_offset"][()]
        self.qm_hessians = []
        for m in range(len(self)):
            n = 3 * int(self.offset[m + 1] - self.offset[m])
            hessian = np.zeros((n, n))
            hessian[np.tril_indices(n)] = packed[offset[m]:offset[m + 1]]
            self.qm_hessians.append(hessian + np.tril(hessian, -1).T)

    def _read_parameters(self, group):
        self.kinds, self.labels = ([text(v) for v in group[key][()]] for key in ("kind", "label"))
        value = group["value"][()] * [UNITS[text(u)] for u in group["unit"][()]]
        link = group["link"][()]
        for row in range(len(link)):  # a linked row shares the value at the end of its chain
            end = row
            while link[end] >= 0:
                end = link[end]
            value[row] = value[end]
        self.value = value

    def _read_sites(self, file):
        """Of each atom, counted through the file: the atom that it is moved towards, itself where it is not, and how far."""
        self.has_sites = "reduction" in file["atoms"]
        own = np.arange(self.offset[-1])
        self.parent, self.reduction = own, np.zeros(len(own))
        if self.has_sites:
            parent, self.reduction = file["atoms/reduction_parent"][()], file["atoms/reduction"][()]
            first = np.repeat(self.offset[:-1], np.diff(self.offset))
            self.parent = np.where(parent >= 0, first + parent, own)

    def _read_terms(self, group):
        """(molecule, atoms, parameter values, constants), a row each."""
        offset, atoms = group["offset"][()], group["atoms"][()]
        constants = group["constants"][()] if "constants" in group else np.zeros((len(atoms), 0))
        return np.repeat(np.arange(len(self)), np.diff(offset)), atoms, self.value[group["parameters"][()]], constants

    def _read_grids(self, file):
        """Puts a grid's B-splines in the place of its number, as the constants of each CMAP term."""
        grids = in_units(file["force_field/cmap/grid"])
        n = round(grids.shape[1] ** 0.5)
        self.grids = grids.reshape(-1, n, n)
        molecule, atoms, values, number = self.terms["cmap"]
        self.cmap_grid = number[:, 0].astype(int)
        splines = np.array([b_spline_coefficients(grid).ravel() for grid in self.grids])
        self.terms["cmap"] = molecule, atoms, values, splines[self.cmap_grid]

    def _charges(self, file):
        """Fixed charges and what increments move along bonds."""
        charges = in_units(file["atoms/charge"]) if "charge" in file["atoms"] else np.zeros(self.offset[-1])
        if "force_field/charge_increments" in file:
            group = file["force_field/charge_increments"]
            molecule = np.repeat(np.arange(len(self)), np.diff(group["offset"][()]))
            atoms = self.offset[molecule][:, None] + group["atoms"][()]
            moved = self.value[group["parameter"][()]] * (group["factor"][()] if "factor" in group else 1.0)
            np.add.at(charges, atoms[:, 0], moved)
            np.add.at(charges, atoms[:, 1], -moved)
        return charges

    def read_pairs(self, file):
        """Every pair three or more bonds apart, as terms by form, at the parameters in `value`; three apart: scaled."""
        group = file["force_field/nonbonded"]
        form, rule = text(group.attrs.get("form", "lennard_jones")), text(group.attrs["combining_rule"])
        epsilon = self.value[group["epsilon"][()]]
        size = self.value[group["sigma" if "sigma" in group else "radius"][()]]
        special = {}  # frozenset of types: (form, parameters)
        if "special" in group:
            for types, own, rows in zip(*(group["special"][key][()] for key in ("types", "form", "parameters"))):
                special[frozenset(types.tolist())] = text(own), self.value[rows]
        begin, end = (group.attrs.get(f"soft_cut_{name}", np.inf) for name in ("begin", "end"))
        types, charges = file["atoms/type"][()], self._charges(file)
        factors = float(group.attrs["vdw_14"]), float(group.attrs["coulomb_14"])
        coulomb = COULOMB / float(group.attrs.get("dielectric", 1.0))
        bonds, offset = file["bonds/atoms"][()], file["bonds/offset"][()]
        self.bonds = [bonds[offset[m]:offset[m + 1]] for m in range(len(self))]
        # For check_hessian.py, whose OpenMM finds and mixes the pairs itself where it has the rule.
        self.openmm_mixes = rule == "lorentz-berthelot" and not special and coulomb == COULOMB
        self.factors_14, self.atom_nonbonded = factors, (epsilon[types], size[types], charges)
        rows = {}
        for m in range(len(self)):
            a = self.atoms(m)
            apart = bonds_apart(a.stop - a.start, self.bonds[m])
            t, q = types[a], charges[a]
            for i, j in itertools.combinations(range(a.stop - a.start), 2):
                if apart[i, j] < 3:
                    continue
                ours, theirs = factors if apart[i, j] == 3 else (1.0, 1.0)
                mixed = np.sqrt(epsilon[t[i]] * epsilon[t[j]]), MIXING[rule](size[t[i]], size[t[j]])
                if np.isfinite(end):
                    d = np.linalg.norm(self.positions[a][i] - self.positions[a][j])
                    ours *= np.clip((end**2 - d**2) / (end**2 - begin**2), 0, 1)
                own, p = special.get(frozenset((int(t[i]), int(t[j]))), (form, mixed))
                rows.setdefault(own, []).append((m, i, j, *p, ours, theirs * coulomb * q[i] * q[j]))
        tables = {f"pair_{own}": np.array(table) for own, table in rows.items()}
        return {name: (r[:, 0].astype(int), r[:, 1:3].astype(int), r[:, 3:5], r[:, 5:7]) for name, r in tables.items()}

    # --- Hessians and frequencies --------------------------------------------------------------------------------------------

    def _by_sites(self):
        """(form, energy function, molecule, atoms, values, constants) of the terms at nuclei and, apart, of those at sites, whose
        atoms are followed by their parents and whose constants by the atoms' reductions. An atom may be there twice."""
        for form, (molecule, atoms, values, constants) in self.terms.items():
            sees = self.sees_sites.get(form, np.zeros(len(molecule), dtype=bool))
            if not sees.all():
                yield form, FORMS[form], molecule[~sees], atoms[~sees], values[~sees], constants[~sees]
            if sees.any():
                molecule, atoms = molecule[sees], atoms[sees]
                index = self.offset[molecule][:, None] + atoms
                both = np.concatenate([atoms, self.parent[index] - self.offset[molecule][:, None]], axis=1)
                energy = on_sites(FORMS[form], form.startswith("bond_"))
                yield form, energy, molecule, both, values[sees], np.concatenate([constants[sees], self.reduction[index]], axis=1)

    def mm_hessians(self, molecules=None):
        """[3N, 3N] of each molecule (or of those named by number), kcal/mol/angstrom^2."""
        molecules = range(len(self)) if molecules is None else molecules
        hessians = {m: np.zeros((len(self.qm_hessians[m]),) * 2) for m in molecules}
        for _, energy, molecule, atoms, values, constants in self._by_sites():
            keep = np.isin(molecule, list(hessians))
            molecule, atoms = molecule[keep], atoms[keep]
            x = self.positions[self.offset[molecule][:, None] + atoms]
            for m, a, block in zip(molecule, atoms, blocks(energy, x, values[keep], constants[keep])):
                rows = (3 * a[:, None] + np.arange(3)).ravel()
                np.add.at(hessians[m], np.ix_(rows, rows), block)
        return [hessians[m] for m in molecules]

    def energies(self):
        """Of each molecule {form: kcal/mol}, with `vdw` and `coulomb` for all forms of pairs."""
        out = [{} for _ in self.names]
        for form, energy, molecule, atoms, values, constants in self._by_sites():
            x = self.positions[self.offset[molecule][:, None] + atoms]
            parts = {form: constants}
            if form.startswith("pair_"):
                rest = np.ones(constants.shape[1] - 2)
                parts = {"vdw": constants * [1, 0, *rest], "coulomb": constants * [0, 1, *rest]}
            for name, own in parts.items():
                sums = np.bincount(molecule, of_terms(_energies, energy, x, values, own), len(self))
                for m in np.unique(molecule):
                    out[m][name] = out[m].get(name, 0.0) + sums[m]
        return out

    def gradients(self):
        """[N, 3] of each molecule, kcal/mol/angstrom."""
        gradient = np.zeros(self.positions.shape)
        for _, energy, molecule, atoms, values, constants in self._by_sites():
            index = self.offset[molecule][:, None] + atoms
            np.add.at(gradient, index, of_terms(_slopes, energy, self.positions[index], values, constants))
        return [gradient[self.atoms(m)] for m in range(len(self))]

    def weighted(self, m, hessian):
        w = np.repeat(self.masses[self.atoms(m)], 3) ** -0.5
        return hessian * np.outer(w, w)

    def vibrations(self, m, hessian):
        """Wavenumbers of the vibrations, ascending: rigid motions projected out (design: all molecules, MM and QM alike)."""
        basis = vibrational_basis(self.positions[self.atoms(m)], self.masses[self.atoms(m)])
        return wavenumber(np.linalg.eigvalsh(basis.T @ self.weighted(m, hessian) @ basis))

    def all_modes(self, m, hessian):
        """Wavenumbers of all 3N eigenvalues, ascending, nothing projected: q2mm's."""
        return wavenumber(np.linalg.eigvalsh(self.weighted(m, hessian)))

    def pairs_by_position(self, hessians):
        """q2hpc's rule: (reference, calculated, weight) of every observed vibration."""
        out = []
        for m, index, weight in zip(self.observed_molecule, self.observed_index, self.observed_weight):
            qm, mm = self.vibrations(m, self.qm_hessians[m]), self.vibrations(m, hessians[m])
            chosen = np.flatnonzero(qm > self.minimum) if index < 0 else [index]
            out += [(qm[k], mm[k], weight) for k in chosen]
        return np.array(out)

    def pairs_as_q2mm(self, hessians):
        """q2mm's rule at the starting point: the k-th QM value above 50 cm-1 with the k-th MM value above 50, the rest
        dropped."""
        out = []
        for m, weight in zip(self.observed_molecule, self.observed_weight):
            qm, mm = self.all_modes(m, self.qm_hessians[m]), self.all_modes(m, hessians[m])
            out += [(a, b, weight) for a, b in zip(qm[qm > self.minimum], mm[mm > self.minimum])]
        return np.array(out)

    def rmsd(self, hessians):
        """Root mean square deviation over all vibrations, cm-1, and their number."""
        d = np.concatenate([self.vibrations(m, self.qm_hessians[m]) - self.vibrations(m, h) for m, h in enumerate(hessians)])
        return np.sqrt(np.mean(d**2)), len(d)


def of_terms(function, energy, x, values, constants):
    """function (of those below) of each term. Padded to a power of two, so that JAX compiles few sizes."""
    count = len(x)
    padded = 1 << max(count - 1, 0).bit_length()
    x, values, constants = (np.concatenate([a, np.repeat(a[:1], padded - count, axis=0)]) for a in (x, values, constants))
    return np.asarray(function(energy, x, values, constants))[:count]


def blocks(energy, x, values, constants):
    """Second derivatives of each term, [T, 3a, 3a]."""
    count, atoms = x.shape[0], x.shape[1]
    if count == 0:
        return np.zeros((0, 3 * atoms, 3 * atoms))
    return of_terms(_blocks, energy, x, values, constants).reshape(count, 3 * atoms, 3 * atoms)


_energies, _slopes, _blocks = (jax.jit(lambda energy, *arrays, of=of: jax.vmap(of(energy))(*arrays), static_argnums=0)
                               for of in (lambda energy: energy, jax.grad, jax.hessian))


def bonds_apart(atom_count, bonds):
    """[N, N] number of bonds between two atoms by the shortest path; 4 where it is 4 or more."""
    linked = np.zeros((atom_count, atom_count), dtype=bool)
    linked[bonds[:, 0], bonds[:, 1]] = linked[bonds[:, 1], bonds[:, 0]] = True
    apart = np.full((atom_count, atom_count), 4)
    reached = np.eye(atom_count, dtype=bool)
    for steps in range(4):
        apart[reached & (apart > steps)] = steps
        reached = (reached.astype(int) @ linked) > 0
    return apart


def vibrational_basis(positions, masses):
    """Orthonormal columns orthogonal to the mass-weighted translations and rotations (5 rigid motions when linear)."""
    root = np.sqrt(masses)[:, None]
    x = positions - np.average(positions, axis=0, weights=masses)
    rigid = [(root * np.broadcast_to(e, x.shape)).ravel() for e in np.eye(3)]
    rigid += [(root * np.cross(e, x)).ravel() for e in np.eye(3)]
    u, s, _ = np.linalg.svd(np.array([r / max(np.linalg.norm(r), 1e-12) for r in rigid]).T)
    return u[:, np.sum(s > 1e-5):]


def wavenumber(values):
    return np.sign(values) * np.sqrt(np.abs(values)) * WAVENUMBER


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input")
    parser.add_argument("--match", choices=["position", "q2mm"], default="position")
    parser.add_argument("--table", action="store_true", help="RMSD molecule by molecule")
    arguments = parser.parse_args()
    reference = Reference(arguments.input)
    hessians = reference.mm_hessians()
    pairs = (reference.pairs_as_q2mm if arguments.match == "q2mm" else reference.pairs_by_position)(hessians)
    rmsd, count = reference.rmsd(hessians)
    print(f"molecules {len(reference)}  terms " + " ".join(f"{form}:{len(t[0])}" for form, t in reference.terms.items()))
    print(f"pairs {len(pairs)}  loss {np.sum((pairs[:, 2] * (pairs[:, 0] - pairs[:, 1])) ** 2):.6f}"
          f"  RMSD over all {count} vibrations {rmsd:.4f} cm-1")
    if arguments.table:
        for m, name in enumerate(reference.names):
            d = reference.vibrations(m, reference.qm_hessians[m]) - reference.vibrations(m, hessians[m])
            print(f"  {name:40s} {len(d):4d} vibrations  RMSD {np.sqrt(np.mean(d**2)):9.3f} cm-1")


if __name__ == "__main__":
    main()
