"""Turns output that cclib reads (Q-Chem, Psi4, GAMESS, DALTON, Molpro, ...) into QCSchema, which `q2hpc import` reads.

    python3 cclib_to_qcschema.py OUTPUT... > molecules.json

One result a file: the last geometry, its Hessian (refused without one), and masses, energy, charge and multiplicity where
cclib found them. Geometry and Hessian are taken to be in one frame; the import checks it. Gradients are left out: cclib's are forces
for some programs. Needs cclib 1.8 and numpy.
"""

import argparse
import json
import sys
from pathlib import Path

import cclib
import numpy as np
from cclib.parser.utils import PeriodicTable, convertor

# What cclib hands on is not a Hessian in hartree/bohr^2: NWChem prints it weighted by masses and scaled.
NOT_PLAIN = {"NWChem"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("outputs", nargs="+", type=Path, metavar="OUTPUT")
    arguments = parser.parse_args()
    if not cclib.__version__.startswith("1."):
        sys.exit(f"expected cclib 1.8, whose energies are in eV, found {cclib.__version__}")
    json.dump([result(path) for path in arguments.outputs], sys.stdout)


def result(path):
    try:
        data = cclib.io.ccread(str(path))
    except Exception as problem:  # a parser that meets what it does not expect raises anything
        sys.exit(f"{path}: cclib fails: {problem!r}")
    if data is None:
        sys.exit(f"{path}: cclib does not know this output")
    metadata = data.metadata
    package = metadata.get("package", "")
    for name, what in (("atomnos", "atoms"), ("atomcoords", "geometry"), ("hessian", "Hessian")):
        if not hasattr(data, name):
            sys.exit(f"{path}: cclib finds no {what}")
    if package in NOT_PLAIN:
        sys.exit(f"{path}: the Hessian that cclib reads from {package} is not in hartree/bohr^2")
    symbols = [PeriodicTable().element[number] for number in data.atomnos]
    properties = {"calcinfo_natom": len(symbols)}
    if (energy := last_energy(data)) is not None:
        properties["return_energy"] = energy
    functional = metadata.get("functional") or (metadata.get("methods") or [""])[-1]
    return {
        "schema_name": "qcschema_output", "schema_version": 1, "driver": "hessian", "success": True, "keywords": {},
        "model": {"method": functional or "unknown", "basis": metadata.get("basis_set")},
        "provenance": {"creator": package or "cclib", "version": metadata.get("package_version", ""),
                       "routine": f"cclib {cclib.__version__}"},
        "molecule": molecule(path, data, symbols), "properties": properties,
        "return_result": square(path, data.hessian, 3 * len(symbols)).ravel().tolist(),
    }


def molecule(path, data, symbols):
    contents = {"schema_name": "qcschema_molecule", "schema_version": 2, "name": path.stem, "symbols": symbols,
                "geometry": (data.atomcoords[-1].ravel() / convertor(1.0, "bohr", "Angstrom")).tolist()}
    if hasattr(data, "atommasses"):
        contents["masses"] = [float(mass) for mass in data.atommasses[-len(symbols):]]
    if hasattr(data, "charge"):
        contents["molecular_charge"] = int(data.charge)
    if hasattr(data, "mult"):
        contents["molecular_multiplicity"] = int(data.mult)
    return contents


def last_energy(data):
    """Of the highest method that cclib found, in hartree (its own are in eV)."""
    for name in ("ccenergies", "mpenergies", "scfenergies"):
        energies = getattr(data, name, None)
        if energies is not None and len(energies):
            return float(np.ravel(energies[-1])[-1]) / convertor(1.0, "hartree", "eV")
    return None


def square(path, hessian, n):
    """The Hessian as a square: some parsers leave its lower triangle."""
    hessian = np.asarray(hessian, dtype=float)
    if hessian.size == n * (n + 1) // 2:
        lower = np.zeros((n, n))
        lower[np.tril_indices(n)] = hessian.ravel()
        return lower + np.tril(lower, -1).T
    if hessian.size != n * n:
        sys.exit(f"{path}: cclib finds a Hessian of {hessian.size} numbers, expected {n} x {n}")
    return hessian.reshape(n, n)


if __name__ == "__main__":
    main()
