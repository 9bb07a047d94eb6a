"""Makes a synthetic data set of many molecules out of a bundled one, for scaling studies.

    python3 generate.py data/organic_dft.h5 synthetic.h5 [--molecules 10000] [--atoms 18] [--displacement 0.02] [--seed 1]

Takes the minima that have exactly `--atoms` atoms, in turn, moves every atom by a normally distributed displacement (angstrom,
each component), scales each Hessian by a factor around 1 (5 %), and projects translations and rotations of the new geometry
out of it:
symmetric and invariant like a real one, but not a QM result. `stationary` is 0. Force field and observables are those of
the source; parameters that no term uses any more are frozen. The same seed gives the same file content.
"""

import argparse
import sys

import numpy as np

from q2hpc_dataset import offsets, read_tables, strings, write_tables

CHUNK = 1000           # molecules perturbed at once: 25 MB a matrix stack at 18 atoms
HESSIAN_SPREAD = 0.05  # standard deviation of the factor on each Hessian


def main():
    arguments = parse_arguments()
    tables, attributes = read_tables(arguments.source)
    sources = molecules_of_size(tables, arguments.atoms, arguments.source)
    chosen = np.resize(sources, arguments.molecules)
    out = take(tables, chosen)
    names = tables["/molecules/name"].astype(bytes)
    out["/molecules/name"] = strings([f"{names[m].decode()[:50]}_{number:07d}" for number, m in enumerate(chosen)])
    out["/molecules/stationary"][:] = 0
    out["/molecules/group"][:] = -1
    out.pop("/atoms/gradient", None)  # it belonged to the old geometry
    attributes.pop("/atoms/gradient", None)
    perturb(out, arguments)
    freeze_unused(out)
    attributes["/"]["title"] = f"synthetic: {len(chosen)} molecules of {arguments.atoms} atoms, seed {arguments.seed}"
    write_tables(arguments.output, out, attributes)
    print(f"{arguments.output}: {len(chosen)} molecules of {arguments.atoms} atoms from "
          f"{', '.join(n.decode() for n in names[sources])}; {out['/force_field/parameters/active'].sum()} parameters active")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("output")
    parser.add_argument("--molecules", type=int, default=10000)
    parser.add_argument("--atoms", type=int, default=18)
    parser.add_argument("--displacement", type=float, default=0.02, help="standard deviation, angstrom")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def molecules_of_size(tables, atoms, path):
    """Numbers of the minima that have exactly `atoms` atoms."""
    sizes = np.diff(tables["/molecules/atom_offset"])
    minima = tables["/molecules/imaginary_modes"] == 0
    found = np.flatnonzero((sizes == atoms) & minima)
    if len(found) == 0:
        sys.exit(f"{path}: no minimum of {atoms} atoms; there are minima of {sorted(set(sizes[minima].tolist()))} atoms")
    return found


# --- choosing molecules ------------------------------------------------------------------------------------------------------

def rows_of(offset, chosen):
    """Rows of a ragged table that belong to the chosen molecules, in their order, and the new offset."""
    counts = np.diff(offset)[chosen]
    new = offsets(counts)
    return np.arange(new[-1]) + np.repeat(offset[:-1][chosen] - new[:-1], counts), new


def take(tables, chosen):
    """The tables of the chosen molecules (repetitions allowed); the force field's own tables unchanged."""
    atom_rows, atom_offset = rows_of(tables["/molecules/atom_offset"], chosen)
    hessian_rows, hessian_offset = rows_of(tables["/molecules/hessian_offset"], chosen)
    ragged = {path[:-len("offset")]: rows_of(array, chosen) for path, array in tables.items() if path.endswith("/offset")}
    out = {}
    for path, array in tables.items():
        group = next((g for g in ragged if path.startswith(g)), None)
        if path == "/molecules/atom_offset":
            out[path] = atom_offset
        elif path == "/molecules/hessian_offset":
            out[path] = hessian_offset
        elif group:
            rows, new = ragged[group]
            out[path] = new if path.endswith("/offset") else array[rows]
        elif path.startswith("/molecules/"):
            out[path] = array[chosen]
        elif path.startswith("/atoms/"):
            out[path] = array[atom_rows]
        elif path == "/hessian":
            out[path] = array[hessian_rows]
        else:
            out[path] = array
    return out


def freeze_unused(tables):
    """Sets active = 0 where no term of the chosen molecules uses a parameter, directly or by a link."""
    used = np.zeros(len(tables["/force_field/parameters/value"]), dtype=bool)
    for path, array in tables.items():
        if path.startswith("/force_field/terms/") and path.endswith("/parameters"):
            used[array] = True
    for key in ("nonbonded/epsilon", "nonbonded/sigma", "nonbonded/radius", "nonbonded/special/parameters",
                "charge_increments/parameter"):
        used[tables.get(f"/force_field/{key}", np.zeros(0, int))] = True
    link = tables["/force_field/parameters/link"]
    for _ in range(len(link)):  # as many steps as the longest chain could have
        ends = link[used & (link >= 0)]
        if used[ends].all():
            break
        used[ends] = True
    tables["/force_field/parameters/active"] = np.where(used, tables["/force_field/parameters/active"], 0).astype(np.int32)


# --- perturbing --------------------------------------------------------------------------------------------------------------

def perturb(tables, arguments):
    """New positions and Hessians, in place, a chunk of molecules at a time."""
    count, n = arguments.molecules, 3 * arguments.atoms
    positions = tables["/atoms/position"].reshape(count, arguments.atoms, 3)
    packed = tables["/hessian"].reshape(count, n * (n + 1) // 2)
    rows, columns = np.tril_indices(n)
    random = np.random.default_rng(arguments.seed)
    for start in range(0, count, CHUNK):
        part = slice(start, min(start + CHUNK, count))
        positions[part] += random.normal(scale=arguments.displacement, size=positions[part].shape)
        hessian = np.zeros((part.stop - start, n, n))
        hessian[:, rows, columns] = packed[part]
        hessian[:, columns, rows] = packed[part]
        hessian *= (1.0 + HESSIAN_SPREAD * random.normal(size=(part.stop - start, 1, 1)))
        rigid = rigid_motions(positions[part])
        hessian = without(hessian, rigid)
        packed[part] = hessian[:, rows, columns]
    tables["/atoms/position"], tables["/hessian"] = positions.reshape(-1, 3), packed.ravel()


def rigid_motions(positions):
    """[M, 3N, 6] orthonormal: translations and rotations of each geometry (not linear)."""
    count, atoms, _ = positions.shape
    x = positions - positions.mean(axis=1, keepdims=True)
    motions = np.zeros((count, atoms, 3, 6))
    for axis, unit in enumerate(np.eye(3)):
        motions[..., axis] = unit
        motions[..., 3 + axis] = np.cross(unit, x)
    return np.linalg.qr(motions.reshape(count, 3 * atoms, 6))[0]


def without(hessian, rigid):
    """P H P with P = 1 - Q Q', written as three rank-6 updates."""
    qh = rigid.transpose(0, 2, 1) @ hessian                # [M, 6, 3N]
    qhq = qh @ rigid                                       # [M, 6, 6]
    half = rigid @ (qh - 0.5 * qhq @ rigid.transpose(0, 2, 1))
    return hessian - half - half.transpose(0, 2, 1)


if __name__ == "__main__":
    main()
