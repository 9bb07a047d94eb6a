"""Makes data sets on which float32 should fail, out of the bundled ones and a long alkane: docs/precision.md says how far it does.

    python3 hard_cases.py FOLDER

    stiff      mixed_xtb with bonds a hundred times as stiff: the soft vibrations are a ten-thousandth of the largest
    soft       mixed_xtb with angles and torsions at a thousandth: many soft vibrations
    wall       mixed_xtb with van der Waals diameters 1.3 times as large: pairs high on their walls
    heavy      mixed_xtb with every carbon as heavy as uranium, hydrogens as they are
    straight   the molecules of organic_dft with a straight angle, displaced by 1e-1 to 1e-8 angstrom
    large      an alkane of 200 atoms
    transition transition states of organic_dft

References are not those of the changed molecules where geometry or force field differ: only float32 and float64 are compared.
"""

import sys
from pathlib import Path

import numpy as np

from generate import freeze_unused, rigid_motions, take, without
from q2hpc_dataset import DataSet, read_tables, write_tables
from q2hpc_topology import angle_values, build_force_field, find_bonds

DATA = Path(__file__).resolve().parent / "data"
URANIUM, CARBON = 238.0507870, 6
ANGSTROM_PER_BOHR2 = 0.529177210903 ** 2
KCAL_PER_HARTREE = 627.5094740631


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    scale_parameters(folder / "stiff.h5", {"bond_k": 100.0})
    scale_parameters(folder / "soft.h5", {"angle_k": 1e-3, "torsion_k": 1e-3, "improper_k": 1e-3})
    scale_parameters(folder / "wall.h5", {"lj_sigma": 1.3})
    heavy(folder / "heavy.h5")
    straight(folder / "straight.h5")
    subset(folder / "transition.h5", lambda tables: np.flatnonzero(tables["/molecules/imaginary_modes"] > 0))
    large(folder / "large.h5", 66)


def scale_parameters(path, factors):
    tables, attributes = read_tables(DATA / "mixed_xtb.h5")
    kinds = [kind.decode() for kind in tables["/force_field/parameters/kind"].astype(bytes)]
    factor = np.array([factors.get(kind, 1.0) for kind in kinds])
    for name in ("value", "lower", "upper"):
        tables[f"/force_field/parameters/{name}"] = tables[f"/force_field/parameters/{name}"] * factor
    write_tables(path, tables, attributes)


def heavy(path):
    tables, attributes = read_tables(DATA / "mixed_xtb.h5")
    tables["/atoms/mass"] = np.where(tables["/atoms/element"] == CARBON, URANIUM, tables["/atoms/mass"])
    write_tables(path, tables, attributes)


def subset(path, choose):
    tables, attributes = read_tables(DATA / "organic_dft.h5")
    out = take(tables, choose(tables))
    out["/molecules/group"][:] = -1
    freeze_unused(out)
    write_tables(path, out, attributes)


def straight(path):
    """Copies of the molecules that have an angle above 175 degrees, every atom moved, and their Hessians without rigid motions."""
    tables, attributes = read_tables(DATA / "organic_dft.h5")
    offset, atoms = tables["/force_field/terms/angle_harmonic/offset"], tables["/force_field/terms/angle_harmonic/atoms"]
    first, chosen, steps = tables["/molecules/atom_offset"], [], []
    for m in range(len(first) - 1):
        angles = angle_values(tables["/atoms/position"][first[m]:first[m + 1]], atoms[offset[m]:offset[m + 1]])
        if len(angles) and angles.max() > np.radians(175):
            chosen += [m] * 8
            steps += [10.0 ** -k for k in range(1, 9)]
    out = take(tables, np.array(chosen))
    name = tables["/molecules/name"].astype(bytes)
    out["/molecules/name"] = np.array([name[m][:50] + f"_{step:.0e}".encode() for m, step in zip(chosen, steps)])
    out["/molecules/stationary"][:], out["/molecules/group"][:] = 0, -1
    out.pop("/atoms/gradient", None)
    attributes.pop("/atoms/gradient", None)
    random = np.random.default_rng(1)
    starts, hessians = out["/molecules/atom_offset"], out["/molecules/hessian_offset"]
    for m, step in enumerate(steps):
        positions = out["/atoms/position"][starts[m]:starts[m + 1]]
        positions += step * random.normal(size=positions.shape)
        n = positions.size
        rows, columns = np.tril_indices(n)
        hessian = np.zeros((1, n, n))
        hessian[0, rows, columns] = hessian[0, columns, rows] = out["/hessian"][hessians[m]:hessians[m + 1]]
        out["/hessian"][hessians[m]:hessians[m + 1]] = without(hessian, rigid_motions(positions[None]))[0, rows, columns]
    freeze_unused(out)
    write_tables(path, out, attributes)


def large(path, carbons):
    """All-trans C_n H_(2n + 2) with the Hessian of a network of springs."""
    elements, positions = alkane(carbons)
    hessian = spring_network(positions) / KCAL_PER_HARTREE * ANGSTROM_PER_BOHR2
    data = DataSet(f"an alkane of {len(elements)} atoms")
    molecule = data.molecule("alkane", elements, positions, hessian=hessian, bonds=find_bonds(elements, positions),
                             masses=np.where(elements == CARBON, 12.0, 1.00782503190), method="springs")
    build_force_field(data)
    data.observable(molecule, "frequency", -1, weight=0.01)
    data.write(path)


def alkane(carbons):
    """Tetrahedral angles, C-C 1.53 and C-H 1.09 angstrom."""
    half = np.arccos(-1 / 3) / 2
    step, rise = 1.53 * np.sin(half), 1.53 * np.cos(half)
    carbon = np.array([[k * step, (k % 2) * rise, 0.0] for k in range(carbons)])
    atoms = [(CARBON, x) for x in carbon]
    for k, x in enumerate(carbon):
        up = 1.0 if k % 2 else -1.0
        atoms += [(1, x + 1.09 * np.array([0.0, up * np.cos(half), side * np.sin(half)])) for side in (1, -1)]
    for k, direction in ((0, -1.0), (carbons - 1, 1.0)):
        up = -1.0 if k % 2 else 1.0
        atoms.append((1, carbon[k] + 1.09 * np.array([direction * np.sin(half), up * np.cos(half), 0.0])))
    return np.array([e for e, _ in atoms], dtype=np.int32), np.array([x for _, x in atoms])


def spring_network(positions):
    """kcal/mol/angstrom^2: springs of 700 / r^6 between all pairs up to 4 angstrom."""
    n = len(positions)
    hessian = np.zeros((n, 3, n, 3))
    for i in range(n):
        for j in range(i):
            vector = positions[i] - positions[j]
            r = np.linalg.norm(vector)
            if r < 4.0:
                block = 700.0 / r ** 6 * np.outer(vector, vector) / r ** 2
                hessian[i, :, i] += block
                hessian[j, :, j] += block
                hessian[i, :, j] -= block
                hessian[j, :, i] -= block
    return hessian.reshape(3 * n, 3 * n)


if __name__ == "__main__":
    main()
