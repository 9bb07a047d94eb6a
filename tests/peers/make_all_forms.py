"""Writes a variant of a data set that uses every form, for check_hessian.py: bundled files alone would leave gaps.

    python3 make_all_forms.py data/organic_dft.h5 all_forms.h5

Adds Urey-Bradley terms between the ends of all angles narrower than 175 degrees, fixed charges that sum to each molecule's
charge, other 1-4 factors for both kinds of pairs, the Lorentz-Berthelot rule, phases that are neither 0 nor 180 degrees (so
that the sign of a torsion angle matters), and a link from the second bond_eq to the first. The result is no sensible force
field.
"""

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
    shift_phases(tables, kinds)
    link_first_two(tables, kinds)
    add_charges(tables, attributes)
    attributes["/force_field/nonbonded"] = {"combining_rule": "lorentz-berthelot", "lennard_jones_14": 0.5,
                                            "coulomb_14": 1 / 1.2}
    add_urey_bradley(tables)
    write_tables(output, tables, attributes)


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


def add_urey_bradley(tables):
    """One new pair of parameters for all of them: 25 kcal/mol/angstrom^2, 2.2 angstrom."""
    row = len(tables[PARAMETERS + "value"])
    append_parameter(tables, "urey_bradley_k", "kcal/mol/angstrom^2", 25.0)
    append_parameter(tables, "urey_bradley_eq", "angstrom", 2.2)
    group = "/force_field/terms/angle_harmonic/"
    offset, atoms = tables[group + "offset"], tables[group + "atoms"]
    molecule = np.repeat(np.arange(len(offset) - 1), np.diff(offset))
    in_file = tables["/molecules/atom_offset"][molecule][:, None] + atoms
    bent = angle_values(tables["/atoms/position"], in_file) < np.radians(175.0)
    group = "/force_field/terms/urey_bradley/"
    tables[group + "offset"] = offsets(np.bincount(molecule[bent], minlength=len(offset) - 1))
    tables[group + "atoms"] = atoms[bent][:, [0, 2]]
    tables[group + "parameters"] = np.tile(np.array([row, row + 1], dtype=np.int32), (bent.sum(), 1))


def append_parameter(tables, kind, unit, value):
    new = {"kind": kind, "label": "every angle", "unit": unit, "value": value, "lower": -1e300, "upper": 1e300, "active": 1,
           "link": -1}
    for key, entry in new.items():
        old = tables[PARAMETERS + key]
        if isinstance(entry, str):
            tables[PARAMETERS + key] = strings([v.decode() for v in old.astype(bytes)] + [entry])
        else:
            tables[PARAMETERS + key] = np.append(old, np.array(entry, dtype=old.dtype))


if __name__ == "__main__":
    main()
