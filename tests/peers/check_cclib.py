"""Claim: jobs/cclib_to_qcschema.py hands on what a file has: symbols, geometry, masses, charge, energy and Hessian.

    check_cclib.py      Exit status 77: cclib is missing
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

SCRIPT = Path(__file__).resolve().parents[2] / "jobs" / "cclib_to_qcschema.py"
GEOMETRY = np.array([0.0, 0.0, -0.125, 0.25, -0.5, 1.75])          # bohr
GRADIENT = np.array([0.001, 0.0, -0.002, -0.001, 0.0, 0.002])      # hartree/bohr
HESSIAN = np.diag([0.5, 0.6, 0.7, 0.8, 0.9, 1.0]) + 0.01 * np.add.outer(np.arange(6), np.arange(6))  # hartree/bohr^2
MASSES = np.array([2.014, 19.0])                                   # amu
ENERGY = -100.375                                                   # hartree


def main():
    try:
        import cclib  # noqa: F401
    except ImportError:
        print("skipped: cclib is missing (tests/peers/requirements.txt)")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fluoride.fchk"
        path.write_text(checkpoint())
        (result,) = json.loads(convert(path).stdout)
        path.write_text(checkpoint().split("Cartesian Force Constants")[0])
        cut = convert(path)
    molecule, properties = result["molecule"], result["properties"]
    assert molecule["symbols"] == ["H", "F"] and molecule["name"] == "fluoride", molecule
    assert molecule["molecular_charge"] == -1 and molecule["molecular_multiplicity"] == 2, molecule
    close("geometry", molecule["geometry"], GEOMETRY)
    close("masses", molecule["masses"], MASSES)
    close("energy", [properties["return_energy"]], [ENERGY])
    assert "return_gradient" not in properties  # its sign is not known
    close("Hessian", result["return_result"], HESSIAN.ravel())
    assert cut.returncode == 1 and "cclib finds no Hessian" in cut.stderr and not cut.stdout, cut
    print("one result handed on, one file without Hessian refused")


def close(what, found, expected):
    difference = np.abs(np.asarray(found) - expected).max()
    assert difference <= 1e-12 * max(1.0, np.abs(expected).max()), f"{what}: differs by {difference}"


def convert(path):
    return subprocess.run([sys.executable, str(SCRIPT), str(path)], capture_output=True, text=True)


def checkpoint():
    """A formatted checkpoint of HF- with what cclib needs."""
    lines = ["made for a test", "Freq      RB3LYP                                                      6-31G(d)"]
    lines += [f"{name:<43}I{value:>17}" for name, value in
              (("Number of atoms", 2), ("Charge", -1), ("Multiplicity", 2), ("Number of electrons", 11),
               ("Number of alpha electrons", 6), ("Number of beta electrons", 5),
               ("Number of independent functions", 6))]
    lines += block("Atomic numbers", "I", [1, 9], 6, "{:12d}")
    lines += block("Real atomic weights", "R", MASSES, 5, "{:16.8E}")
    lines += block("Current cartesian coordinates", "R", GEOMETRY, 5, "{:16.8E}")
    lines.append(f"{'SCF Energy':<43}R{ENERGY:>27.15E}")
    lines += block("Alpha Orbital Energies", "R", np.arange(-6.0, 0.0), 5, "{:16.8E}")
    lines += block("Beta Orbital Energies", "R", np.arange(-6.0, 0.0), 5, "{:16.8E}")
    lines += block("Cartesian Gradient", "R", GRADIENT, 5, "{:16.8E}")
    lines += block("Cartesian Force Constants", "R", HESSIAN[np.tril_indices(6)], 5, "{:16.8E}")
    return "\n".join(lines) + "\n"


def block(name, kind, values, width, form):
    yield f"{name:<43}{kind}   N={len(values):>12}"
    for start in range(0, len(values), width):
        yield "".join(form.format(value) for value in values[start:start + width])


if __name__ == "__main__":
    main()
