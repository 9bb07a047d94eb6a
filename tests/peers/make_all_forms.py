"""Writes a variant of a data set that uses every form, for check_hessian.py: bundled files alone would leave gaps.

    python3 make_all_forms.py data/organic_dft.h5 all_forms.h5

Adds one term of every other form wherever there are atoms for it (angles only below 175 degrees, where q2hpc rounds nothing
off), fixed charges that sum to each molecule's charge, other 1-4 factors for both kinds of pairs, the Lorentz-Berthelot rule,
phases that are neither 0 nor 180 degrees (so that the sign of a torsion angle matters), and a link from the second bond_eq to
the first. Parameters come in all sorts of units. Atoms are moved by some 0.04 angstrom, off planes and other special places.
The result is no sensible force field.
"""

import itertools
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "jobs"))
from q2hpc_dataset import offsets, read_tables, strings, write_tables  # noqa: E402
from q2hpc_topology import angle_values  # noqa: E402

PARAMETERS = "/force_field/parameters/"


def main():
    source, output = sys.argv[1:]
    tables, attributes = read_tables(source)
    kinds = np.char.decode(tables[PARAMETERS + "kind"].astype(bytes))
    distort(tables)
    shift_phases(tables, kinds)
    link_first_two(tables, kinds)
    add_charges(tables, attributes)
    attributes["/force_field/nonbonded"] = {"combining_rule": "lorentz-berthelot", "vdw_14": 0.5,
                                            "coulomb_14": 1 / 1.2}
    add_bonds_and_angles(tables)
    add_torsions(tables)
    add_stretch_bend(tables)
    add_centres(tables)
    add_cmaps(tables, attributes)
    write_tables(output, tables, attributes)


def distort(tables):
    """A Hessian that is not of this geometry need not annihilate its rotations: not stationary."""
    tables["/atoms/position"] += np.random.default_rng(9).uniform(-0.04, 0.04, tables["/atoms/position"].shape)
    tables["/molecules/stationary"][:] = 0


def shift_phases(tables, kinds):
    phases = np.isin(kinds, ["torsion_phase", "improper_phase"])
    tables[PARAMETERS + "value"][phases] += 37.0  # degrees


def link_first_two(tables, kinds):
    first, second = np.flatnonzero(kinds == "bond_eq")[:2]
    tables[PARAMETERS + "link"][second] = first


def add_charges(tables, attributes):
    random = np.random.default_rng(7)
    offset = tables["/molecules/atom_offset"]
    charges = random.uniform(-0.4, 0.4, offset[-1])
    for m, charge in enumerate(tables["/molecules/charge"]):
        atoms = slice(offset[m], offset[m + 1])
        charges[atoms] += (charge - charges[atoms].sum()) / (atoms.stop - atoms.start)
    tables["/atoms/charge"] = charges
    attributes["/atoms/charge"] = {"unit": "e"}


def terms_of(tables, form):
    """(molecule, atoms, parameters), a row each."""
    group = f"/force_field/terms/{form}/"
    offset = tables[group + "offset"]
    return np.repeat(np.arange(len(offset) - 1), np.diff(offset)), tables[group + "atoms"], tables[group + "parameters"]


def bent_angles(tables):
    """Those of the file below 175 degrees."""
    molecule, atoms, parameters = terms_of(tables, "angle_harmonic")
    in_file = tables["/molecules/atom_offset"][molecule][:, None] + atoms
    bent = angle_values(tables["/atoms/position"], in_file) < np.radians(175.0)
    return molecule[bent], atoms[bent], parameters[bent]


def add_terms(tables, form, molecule, atoms, parameters, constants=None):
    """parameters: rows, or (kind, unit, value) for new ones that all terms share."""
    rows = np.array([p if np.ndim(p) else np.full(len(atoms), p) for p in
                     (append_parameter(tables, *p) if isinstance(p, tuple) else p for p in parameters)], dtype=np.int32).T
    order = np.argsort(molecule, kind="stable")
    group = f"/force_field/terms/{form}/"
    molecules = len(tables["/molecules/name"])
    tables[group + "offset"] = offsets(np.bincount(molecule, minlength=molecules))
    tables[group + "atoms"] = atoms[order].astype(np.int32)
    tables[group + "parameters"] = rows[order]
    if constants is not None:
        tables[group + "constants"] = np.reshape(constants, (len(atoms), -1))[order].astype(float)


def add_bonds_and_angles(tables):
    molecule, atoms, _ = terms_of(tables, "bond_harmonic")
    add_terms(tables, "bond_mm3", molecule, atoms, [("bond_k", "mdyn/angstrom", 0.4), ("bond_eq", "bohr", 2.4)])
    add_terms(tables, "bond_morse", molecule, atoms,
              [("morse_d", "kJ/mol", 150.0), ("morse_a", "1/nm", 17.0), ("bond_eq", "nm", 0.125)])
    molecule, atoms, _ = bent_angles(tables)
    add_terms(tables, "urey_bradley", molecule, atoms[:, [0, 2]],
              [("urey_bradley_k", "kcal/mol/angstrom^2", 25.0), ("urey_bradley_eq", "angstrom", 2.2)])
    sextic = np.where(np.arange(len(atoms)) % 2 == 0, 9e-10, 2.2e-8)
    add_terms(tables, "angle_mm3", molecule, atoms, [("angle_k", "mdyn*angstrom/rad^2", 0.1), ("angle_eq", "degree", 104.0)],
              sextic)
    add_terms(tables, "angle_cosine", molecule, atoms, [("angle_cosine_k", "kJ/mol", 80.0), ("angle_eq", "radian", 1.9)])


def add_torsions(tables):
    molecule, atoms, _ = terms_of(tables, "torsion_fourier")
    add_terms(tables, "torsion_fourier_unfaded", molecule, atoms, [("torsion_k", "kJ/mol", 3.0), ("torsion_phase", "degree", 70.0)],
              1 + np.arange(len(atoms)) % 6)
    add_terms(tables, "torsion_mm3", molecule, atoms,
              [("torsion_v1", "kcal/mol", 1.3), ("torsion_v2", "kJ/mol", -4.0), ("torsion_v3", "kcal/mol", 2.1)])
    length = bond_lengths(tables)
    add_terms(tables, "torsion_stretch", molecule, atoms,
              [("torsion_stretch_v1", "kJ/mol/nm", 31.0), ("torsion_stretch_v2", "kcal/mol/angstrom", -5.0),
               ("torsion_stretch_v3", "hartree/bohr", 0.01),
               [length[m, frozenset(a[1:3])] for m, a in zip(molecule, atoms.tolist())]])
    molecule, atoms, _ = terms_of(tables, "improper_fourier")
    add_terms(tables, "improper_harmonic", molecule, atoms,
              [("improper_harmonic_k", "kJ/mol/rad^2", 60.0), ("improper_eq", "degree", 160.0)])


def bond_lengths(tables):
    """{(molecule, {i, j}): row of the equilibrium length}"""
    molecule, atoms, parameters = terms_of(tables, "bond_harmonic")
    return {(m, frozenset(a)): row for m, a, row in zip(molecule, atoms.tolist(), parameters[:, 1])}


def add_stretch_bend(tables):
    """With the equilibrium values of the bonds and of the angle themselves."""
    molecule, atoms, parameters = bent_angles(tables)
    length = bond_lengths(tables)
    first, second = ([length[m, frozenset((a[end], a[1]))] for m, a in zip(molecule, atoms.tolist())] for end in (0, 2))
    add_terms(tables, "stretch_bend", molecule, atoms, [("stretch_bend_k", "mdyn/rad", -0.12), first, second, parameters[:, 1]])


def add_centres(tables):
    """Terms of two angles at one centre, by pairs that share a ligand and pairs that do not; and of three ligands."""
    molecule, atoms, parameters = bent_angles(tables)
    shared, opposite = [], []
    for (m, a, row), (other_m, b, other_row) in itertools.combinations(zip(molecule, atoms.tolist(), parameters[:, 1]), 2):
        if m != other_m or a[1] != b[1]:
            continue
        common = {a[0], a[2]} & {b[0], b[2]}
        if common:
            ligand, = common
            ends = [({c[0], c[2]} - common).pop() for c in (a, b)]
            shared.append((m, [ligand, a[1], *ends], row, other_row))
        else:
            opposite.append((m, [*a, b[0], b[2]], row, other_row))
    for form, terms in (("bend_bend", shared), ("bend_bend_opposite", opposite)):
        molecule, atoms, first, second = (np.array(column) for column in zip(*terms))
        add_terms(tables, form, molecule, atoms, [("bend_bend_k", "hartree/rad^2", 0.004), first, second])
        if form == "bend_bend":
            add_out_of_plane(tables, molecule, atoms)


def add_out_of_plane(tables, molecule, atoms):
    """Any three ligands of a centre will do. MM3's third derivative jumps in the plane, which check_hessian's differences for
    OpenMM must not cross."""
    x = tables["/atoms/position"][tables["/molecules/atom_offset"][molecule][:, None] + atoms]
    v, e, f = x[:, 3] - x[:, 1], x[:, 0] - x[:, 3], x[:, 2] - x[:, 3]
    volume, normal = np.sum(v * np.cross(e, f), axis=1), np.linalg.norm(np.cross(e, f), axis=1)
    off = np.abs(volume) / normal > 0.02  # angstrom
    add_terms(tables, "out_of_plane_harmonic", molecule, atoms, [("out_of_plane_k", "kcal/mol/rad^2", 13.0)])
    add_terms(tables, "out_of_plane_mm3", molecule[off], atoms[off], [("out_of_plane_k", "mdyn*angstrom/rad^2", 0.2)],
              np.where(np.arange(off.sum()) % 2 == 0, 9e-10, 2.2e-8))


def add_cmaps(tables, attributes):
    """On each torsion and one more atom, which the last is not bonded to (the molecules are small); two rough grids. A spline's
    third derivative jumps on the lines of its grid, which check_hessian's differences for OpenMM must not cross."""
    position, start, rows = tables["/atoms/position"], tables["/molecules/atom_offset"], []
    points = 12
    for m, torsion in zip(*terms_of(tables, "torsion_fourier")[:2]):
        x = position[start[m]:start[m + 1]]
        for fifth in set(range(len(x))) - set(torsion.tolist()):
            atoms = np.array([*torsion, fifth])
            bends = angle_values(x, np.stack([atoms[:3], atoms[1:4], atoms[2:]]))
            places = np.array([torsion_value(x[atoms[:4]]), torsion_value(x[atoms[1:]])]) * points / (2 * np.pi)
            if bends.max() < np.radians(160.0) and bends.min() > np.radians(20.0) and np.abs(places - np.round(places)).min() > 0.05:
                rows.append((m, atoms))
    molecule, atoms = (np.array(column) for column in zip(*rows))
    tables["/force_field/cmap/grid"] = np.random.default_rng(8).uniform(-12, 12, (2, points**2))
    attributes["/force_field/cmap/grid"] = {"unit": "kJ/mol"}
    grid = np.arange(len(atoms)) % 2
    scales = np.array([append_parameter(tables, "cmap_scale", "1", scale) for scale in (1.0, -0.3)])
    add_terms(tables, "cmap", molecule, atoms, [scales[grid]], grid)


def torsion_value(x):
    """Of four atoms, radian; the sign does not matter here."""
    n1, n2 = np.cross(x[0] - x[1], x[2] - x[1]), np.cross(x[3] - x[2], x[1] - x[2])
    return np.arccos(np.clip(n1 @ n2 / np.linalg.norm(n1) / np.linalg.norm(n2), -1, 1))


def append_parameter(tables, kind, unit, value):
    """Adds a row of the parameter table and returns its number."""
    new = {"kind": kind, "label": "all", "unit": unit, "value": value, "lower": -1e300, "upper": 1e300, "active": 1,
           "link": -1}
    for key, entry in new.items():
        old = tables[PARAMETERS + key]
        if isinstance(entry, str):
            tables[PARAMETERS + key] = strings([v.decode() for v in old.astype(bytes)] + [entry])
        else:
            tables[PARAMETERS + key] = np.append(old, np.array(entry, dtype=old.dtype))
    return len(tables[PARAMETERS + "value"]) - 1


if __name__ == "__main__":
    main()
