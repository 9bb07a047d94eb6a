"""Writes a variant of a data set with MM3's non-bonded part, for check_hessian.py.

    python3 make_mm3_pairs.py data/organic_dft.h5 mm3_pairs.h5 exp6_mm3|exp6_q2mm [sites]

Lennard-Jones types become exp-6 types. Pairs of their own rows: C-H by exp-6 with an rv so large that many pairs are on the wall, O-H a hydrogen
bond, H-H Lennard-Jones. A dielectric, 1-4 factors for both kinds of energies, fixed charges, and on every bond an increment, by turns in e
and a bond dipole. Parameters come in all sorts of units, all active. With `sites` hydrogens are moved, mostly towards the atom that they are bonded
to, every third towards another one, and bonds and angles see it; and there is a soft cut. The result is no sensible force field.
"""

import sys
from pathlib import Path

import numpy as np
from make_all_forms import PARAMETERS, add_charges, append_parameter, distort

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "jobs"))
from q2hpc_dataset import DEBYE, read_tables, strings, write_tables  # noqa: E402

NONBONDED, INCREMENTS = "/force_field/nonbonded", "/force_field/charge_increments"


def main():
    source, output, form, *sites = sys.argv[1:]
    tables, attributes = read_tables(source)
    distort(tables)
    add_charges(tables, attributes)
    turn_types(tables)
    attributes[NONBONDED] = {"form": form, "combining_rule": "mm3", "vdw_14": 0.8, "coulomb_14": 0.6, "dielectric": 1.5}
    add_special(tables, form)
    add_increments(tables)
    if sites:
        add_sites(tables, attributes)
    write_tables(output, tables, attributes)


def turn_types(tables):
    """sigma to a radius: half of the distance of the minimum."""
    kinds = [kind.decode() for kind in tables[PARAMETERS + "kind"].astype(bytes)]
    tables[NONBONDED + "/radius"] = sigma = tables.pop(NONBONDED + "/sigma")
    for row in tables[NONBONDED + "/epsilon"]:
        kinds[row] = "vdw_epsilon"
    for row in sigma:
        kinds[row] = "vdw_radius"
        tables[PARAMETERS + "value"][row] *= 2 ** (1 / 6) / 2
    tables[PARAMETERS + "active"][np.concatenate([tables[NONBONDED + "/epsilon"], sigma])] = 1
    tables[PARAMETERS + "kind"] = strings(kinds)


def add_special(tables, form):
    labels = [label.decode() for label in tables[NONBONDED + "/label"].astype(bytes)]
    carbon, oxygen, hydrogen = (labels.index(element) for element in ("C", "O", "H"))
    rows = [((hydrogen, carbon), form, (("vdw_epsilon", "kJ/mol", 0.002), ("vdw_distance", "nm", 0.9))),
            ((oxygen, hydrogen), "hydrogen_12_10", (("hydrogen_c", "kJ/mol*angstrom^12", 18000.0),
                                                    ("hydrogen_d", "kcal/mol*angstrom^10", 1000.0))),
            ((hydrogen, hydrogen), "lennard_jones", (("lj_epsilon", "kcal/mol", 0.08), ("lj_sigma", "bohr", 6.0)))]
    tables[NONBONDED + "/special/types"] = np.array([types for types, _, _ in rows], dtype=np.int32)
    tables[NONBONDED + "/special/form"] = strings([own for _, own, _ in rows])
    tables[NONBONDED + "/special/parameters"] = np.array(
        [[append_parameter(tables, *parameter) for parameter in parameters] for _, _, parameters in rows], dtype=np.int32)


def add_increments(tables):
    offset, atoms = tables["/bonds/offset"], tables["/bonds/atoms"]
    in_file = tables["/molecules/atom_offset"][np.repeat(np.arange(len(offset) - 1), np.diff(offset))][:, None] + atoms
    length = np.linalg.norm(np.diff(tables["/atoms/position"][in_file], axis=1)[:, 0], axis=1)
    odd = np.arange(len(atoms)) % 2 == 1
    rows = (append_parameter(tables, "charge_increment", "e", 0.05), append_parameter(tables, "bond_dipole", "e*angstrom", -0.15))
    tables[INCREMENTS + "/offset"], tables[INCREMENTS + "/atoms"] = offset, atoms
    tables[INCREMENTS + "/parameter"] = np.where(odd, rows[1], rows[0]).astype(np.int32)
    tables[INCREMENTS + "/factor"] = np.where(odd, 1 / (DEBYE * length), 1.0)


def add_sites(tables, attributes):
    attributes[NONBONDED].update(soft_cut_begin=2.5, soft_cut_end=5.0)
    elements, first = tables["/atoms/element"], tables["/molecules/atom_offset"]
    parent, reduction = np.full(len(elements), -1, dtype=np.int32), np.zeros(len(elements))
    offset, bonds = tables["/bonds/offset"], tables["/bonds/atoms"]
    for m in range(len(first) - 1):
        count = first[m + 1] - first[m]
        for i, j in [pair for bond in bonds[offset[m]:offset[m + 1]] for pair in (bond, bond[::-1])]:
            if elements[first[m] + i] == 1:
                other = next((k for k in range(count) if k not in (i, j)), j)
                parent[first[m] + i] = other if i % 3 == 0 else j
                reduction[first[m] + i] = 0.077 + 0.01 * (i % 2)
    tables["/atoms/reduction_parent"], tables["/atoms/reduction"] = parent, reduction
    for form in ("bond_harmonic", "angle_harmonic"):
        group = f"/force_field/terms/{form}"
        tables[group + "/at_sites"] = np.array([fits(parent, atoms) for atoms in in_file(tables, group)], dtype=np.int32)


def in_file(tables, group):
    """The atoms of each row, counted through the file."""
    counts = np.diff(tables[group + "/offset"])
    return tables["/molecules/atom_offset"][np.repeat(np.arange(len(counts)), counts)][:, None] + tables[group + "/atoms"]


def fits(parent, atoms):
    """Whether a term at sites has at most five atoms with those that its own are moved towards: angles of two hydrogens may not."""
    return len({int(p) for p in parent[atoms] if p >= 0}) + len(atoms) <= 5


if __name__ == "__main__":
    main()
