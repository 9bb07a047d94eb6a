"""Turns a user's copy of q2mm's public fluoromethane data into input.h5.

    python3 ch3f.py FOLDER input.h5

FOLDER holds, at any depth, ch3f-optimized.xyz (angstrom) and ch3f-hessian.npy (15 x 15, hartree/bohr^2; B3LYP/6-31+G(d)). Types,
terms, starting values and bounds are those of q2hpc_topology.build_force_field; every vibration is an observable.
"""

import sys
from pathlib import Path

import numpy as np

from q2hpc_dataset import DataSet
from q2hpc_topology import SYMBOLS, build_force_field, find_bonds
from rh_enamide import MASS


FLUORINE = 18.99840316207  # amu, AME2020


def main():
    folder, output = Path(sys.argv[1]), sys.argv[2]
    xyz, hessian = (next(folder.rglob(name)) for name in ("ch3f-optimized.xyz", "ch3f-hessian.npy"))
    rows = [line.split() for line in xyz.read_text().splitlines()[2:] if line.strip()]
    elements = np.array([list(SYMBOLS).index(row[0]) for row in rows])
    positions = np.array([[float(x) for x in row[1:4]] for row in rows])
    data = DataSet("fluoromethane, B3LYP/6-31+G(d)")
    molecule = data.molecule("ch3f", elements, positions, hessian=np.load(hessian), masses=[FLUORINE if row[0] == "F" else MASS[row[0]] for row in rows],
                             bonds=find_bonds(elements, positions), method="B3LYP/6-31+G(d)")
    build_force_field(data)
    data.observable(molecule, "frequency", -1, weight=0.01)
    data.write(output)
    print(f"{output}: {len(data.parameters)} parameters")


if __name__ == "__main__":
    main()
