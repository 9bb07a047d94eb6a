"""Evaluates an exported force field in Tinker at the geometries of a data set: energies (kcal/mol) and gradients (kcal/mol/angstrom).

    python3 evaluate_in_tinker.py FORCE_FIELD.prm INPUT.h5 [-o OUT.h5] [--compare HESSIANS.h5] [--molecule NAME] [--tinker FOLDER]

FORCE_FIELD.prm is what `q2hpc export INPUT.h5 -to tinker` wrote; INPUT has types (/atoms/type_name). Tinker's programs analyze and testgrad are those
of FOLDER, else of PATH. --compare takes what `q2hpc eval INPUT.h5 -hessians HESSIANS.h5` wrote and prints the largest differences; Tinker prints
eight decimals. Needs Tinker, numpy, h5py. Exit status: 0, 1 after a message, 2 for a wrong command line, 77 where Tinker is not installed.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from evaluated import command_line, evaluate_all
from q2hpc_topology import SYMBOLS

TOTAL, ATOMS = "Total Potential Energy :", "Cartesian Gradient Breakdown over Individual Atoms :"  # what precedes the numbers
MISSING = 77  # exit status


class TinkerField:
    """A parameter file, and the numbers that it gives to the data set's types."""

    def __init__(self, path, folder=None):
        self.path = Path(path).resolve()
        self.analyze, self.testgrad = find_program("analyze", folder), find_program("testgrad", folder)
        self.number = {}
        for line in self.path.read_text().split("\n"):
            if line.startswith("atom "):
                words = shlex.split(line)  # atom TYPE CLASS SYMBOL "DESCRIPTION" ...
                self.number[words[4]] = int(words[1])

    def evaluate(self, molecule):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            shutil.copy(self.path, folder / "field.prm")  # Tinker's names end at a blank
            (folder / "molecule.key").write_text("parameters field.prm\ndigits 8\n")
            (folder / "molecule.xyz").write_text(self.coordinates(molecule))
            energy = read_energy(run([self.analyze, "molecule.xyz", "E"], folder, molecule))
            gradient = read_gradient(run([self.testgrad, "molecule.xyz", "Y", "N", "N"], folder, molecule), molecule)
        return energy, gradient

    def coordinates(self, molecule):
        """Of Tinker's .xyz: number, name, position, type and bonded atoms."""
        if molecule.types is None:
            sys.exit(f"{molecule.name}: the data set has no types (/atoms/type_name), which Tinker's coordinates need")
        lines = [f"{len(molecule.elements)} {molecule.name}"]
        for k, (element, x, name) in enumerate(zip(molecule.elements, molecule.positions, molecule.types)):
            if name not in self.number:
                sys.exit(f"{self.path}: no atom line for the type {name} of {molecule.name} (atom {k + 1})")
            near = " ".join(str(other + 1) for other in sorted(molecule.neighbours[k]))
            lines.append(f"{k + 1} {SYMBOLS[element]} {x[0]:.16f} {x[1]:.16f} {x[2]:.16f} {self.number[name]} {near}")
        return "\n".join(lines) + "\n"


def find_program(name, folder):
    """Tinker's own makefiles add .x to names."""
    for word in (name, f"{name}.x"):
        found = shutil.which(word, path=folder)
        if found:
            return Path(found).resolve()
    print(f"Tinker's program {name} is not in {folder or 'PATH'}: install Tinker (https://dasher.wustl.edu/tinker), or name the folder of its programs by --tinker",
          file=sys.stderr)
    sys.exit(MISSING)


def run(command, folder, molecule):
    """What it printed. Tinker asks on standard input for what it misses, and ends there; its exit status is 0 after most errors."""
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
    wanted = TOTAL if command[0].name.startswith("analyze") else ATOMS
    if result.returncode != 0 or wanted not in result.stdout:
        sys.exit(f"{molecule.name}: {command[0].name} ended with status {result.returncode}, without \"{wanted}\":\n{result.stdout}{result.stderr}")
    return result.stdout


def real(word):
    return float(word.replace("D", "E"))


def read_energy(text):
    return real(text.split(TOTAL)[1].split()[0])


def read_gradient(text, molecule):
    """Lines of: Anlyt, atom, three components, norm."""
    rows = [line.split() for line in text.split(ATOMS)[1].split("Total Gradient Norm")[0].split("\n")]
    rows = [words for words in rows if words and words[0] == "Anlyt"]
    if [int(words[1]) for words in rows] != list(range(1, len(molecule.elements) + 1)):
        sys.exit(f"{molecule.name}: expected {len(molecule.elements)} rows of testgrad's gradient, found {len(rows)}")
    return np.array([[real(word) for word in words[2:5]] for words in rows])


def main():
    parser = command_line(__doc__)
    parser.add_argument("--tinker", metavar="FOLDER", help="where analyze and testgrad are, if not in PATH")
    arguments = parser.parse_args()
    field = TinkerField(arguments.field, arguments.tinker)
    evaluate_all(arguments, field.evaluate)


if __name__ == "__main__":
    main()
