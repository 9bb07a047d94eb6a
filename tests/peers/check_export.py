"""Checks exported force fields: OpenMM runs them, and its energies and forces are q2hpc's.

    python3 check_export.py Q2HPC input.h5 [more.h5 ...]

Of each data set: the set as it is and as a set of its own with made-up charges and AMBER's combining rule, exported with a type for each atom
(OpenMM's XML); the latter molecule by molecule as AMBER's frcmod, which ParmEd reads. Of the first data set also a force field of every form that the
XML has, with MM3's exp-6 pairs, and one whose angles are nearly straight. The geometries are the data set's; q2hpc's numbers are those of
`q2hpc eval -hessians`.

Claims: |energy - energy| <= 1e-6 kcal/mol, every component of the gradients within 1e-6 kcal/mol/angstrom; a molecule with a Urey-Bradley term is
refused as frcmod, named, and no other is. Exit status: 0 all within, 1 a claim failed, 77 a peer package is missing, 2 a program failed.
"""

import itertools
import shutil
import string
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "jobs"))

try:
    import h5py
    import numpy as np
    import parmed  # noqa: F401
    from evaluate_in_openmm import evaluate, read_evaluated, read_field, read_molecules
    from q2hpc_dataset import DataSet
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

ENERGY, GRADIENT = 1e-6, 1e-6  # kcal/mol, kcal/mol/angstrom
FIT_FORMS = ("bond_harmonic", "bond_mm3", "bond_morse"), ("angle_harmonic", "angle_mm3", "angle_cosine")


def run(program, *arguments):
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)


def must(program, *arguments):
    result = run(program, *arguments)
    if result.returncode != 0:
        print(f"{program} {' '.join(map(str, arguments))} ended with status {result.returncode}:\n{result.stdout}{result.stderr}")
        sys.exit(2)


class Check:
    def __init__(self, program):
        self.program, self.failures = program, 0

    def evaluated(self, path):
        must(self.program, "eval", path, "-hessians", f"{path}.hessians", "-quiet")
        return read_evaluated(f"{path}.hessians")

    def compare(self, what, field, molecules, expected):
        worst = np.zeros(2)
        for molecule in molecules:
            energy, gradient = evaluate(field, molecule)
            off = np.array([abs(energy - expected[molecule.name][0]), np.abs(gradient - expected[molecule.name][1]).max()])
            worst = np.maximum(worst, off)
            if not (off[0] <= ENERGY and off[1] <= GRADIENT):
                print(f"FAILED {what}, {molecule.name}: energy {energy:.10f}, off by {off[0]:.2e} kcal/mol, gradient by {off[1]:.2e} kcal/mol/angstrom")
                self.failures += 1
        return worst

    def xml(self, what, path):
        expected = self.evaluated(path)
        out = f"{path}.xml"
        must(self.program, "export", path, "-to", "openmm_atoms", "-o", out)
        molecules = read_molecules(path)
        worst = self.compare(what, read_field(out), molecules, expected)
        print(f"{what}: {len(molecules)} molecules by OpenMM, largest differences {worst[0]:.1e} kcal/mol, {worst[1]:.1e} kcal/mol/angstrom")

    def amber(self, what, path):
        expected, worst, written, refused = self.evaluated(path), np.zeros(2), 0, 0
        with_urey_bradley = molecules_with(path, "urey_bradley")
        for m, molecule in enumerate(read_molecules(path)):
            out = f"{path}.{m}.frcmod"
            result = run(self.program, "export", path, "-o", out, "-molecule", molecule.name)
            if result.returncode != 0 or m in with_urey_bradley:
                refused += 1
                if result.returncode == 0 or m not in with_urey_bradley or "AMBER cannot express urey_bradley" not in result.stderr or Path(out).exists():
                    print(f"FAILED {what}, {molecule.name}: status {result.returncode}, {result.stderr}")
                    self.failures += 1
                continue
            written += 1
            worst = np.maximum(worst, self.compare(what, read_field(out), [molecule], expected))
        print(f"{what}: {written} molecules by ParmEd and OpenMM, largest differences {worst[0]:.1e} kcal/mol, {worst[1]:.1e} kcal/mol/angstrom; "
              f"{refused} with Urey-Bradley terms refused")
        if written == 0:
            self.failures += 1


def molecules_with(path, form):
    with h5py.File(path) as file:
        if form not in file["force_field/terms"]:
            return set()
        return set(np.flatnonzero(np.diff(file[f"force_field/terms/{form}/offset"][()])))


def charge_and_name(path, random):
    """Charges, AMBER's rule, and a type of two characters for each atom, in the order of the alphabet."""
    letters = sorted(string.ascii_letters + string.digits)
    names = ["".join(two) for two in itertools.product(letters, letters) if two != ("X", "X")]
    with h5py.File(path, "r+") as file:
        atoms, offset = len(file["atoms/element"]), file["molecules/atom_offset"][()]
        charges = random.uniform(-0.4, 0.4, atoms)
        for begin, end in zip(offset[:-1], offset[1:]):
            charges[begin:end] -= charges[begin:end].mean()
        file["atoms/charge"] = charges
        file["atoms/charge"].attrs["unit"] = "e"
        file["atoms/type_name"] = np.array(names[:atoms], dtype="S15")
        file["force_field/nonbonded"].attrs["combining_rule"] = np.bytes_("lorentz-berthelot")
        file["force_field/nonbonded"].attrs["coulomb_14"] = 1 / 1.2
        order_ligands(file)


def order_ligands(file):
    """Impropers with their ligands by number, which is then the alphabet's order: ParmEd sorts them."""
    group = file["force_field/terms"].get("improper_fourier")
    if group is None:
        return
    atoms = group["atoms"][()]
    bonds, bond_offset, offset = file["bonds/atoms"][()], file["bonds/offset"][()], group["offset"][()]
    for m, (begin, end) in enumerate(zip(offset[:-1], offset[1:])):
        bonded = {tuple(sorted(b)) for b in bonds[bond_offset[m]:bond_offset[m + 1]].tolist()}
        for row in range(begin, end):
            centre = next(a for a in atoms[row] if all(tuple(sorted((a, b))) in bonded for b in atoms[row] if b != a))
            i, j, l = sorted(a for a in atoms[row] if a != centre)
            atoms[row] = i, j, centre, l
    group["atoms"][...] = atoms


def every_form(path, source, pairs, random, straight=False):
    """The molecules of `source` with a force field of its own for each term, forms in turn."""
    data = DataSet(title="every form of OpenMM's XML")
    labels = itertools.count()
    bonds_of, angles_of = FIT_FORMS
    parameter = lambda kind, value, **rest: data.parameter(kind, f"{kind} {next(labels)}", value, **rest)
    lennard_jones = pairs == "lennard_jones"
    data.nonbonded_rules("geometric" if lennard_jones else "mm3", form=pairs, vdw_14=0.5, coulomb_14=0.8)
    for original in read_molecules(source):
        x = original.positions
        molecule = data.molecule(original.name, original.elements, x, hessian=np.eye(x.size) * 0.0 + springs(x), bonds=original.bonds, stationary=0,
                                 charges=centred(random.uniform(-0.3, 0.3, len(x))))
        molecule.types = np.array([data.nonbonded_type(f"t{next(labels)}", *pair_parameters(parameter, pairs, random)) for _ in x])
        for k, (i, j) in enumerate(original.bonds):
            length = np.linalg.norm(x[i] - x[j]) * random.uniform(0.97, 1.03)
            form = bonds_of[k % 3]
            if form == "bond_morse":
                rows = parameter("morse_d", 80.0), parameter("morse_a", random.uniform(1.5, 2.5)), parameter("bond_eq", length)
            else:
                rows = parameter("bond_k", random.uniform(200, 500)), parameter("bond_eq", length)
            data.term(molecule, form, (i, j), rows)
        for k, (i, j, l) in enumerate(original.angles()):
            bent = angle(x, (i, j, l)) < 179.4  # else q2hpc rounds MM3's bends off, and OpenMM does not
            form = angles_of[k % 3] if bent and not straight else "angle_harmonic"
            kind = "angle_cosine_k" if form == "angle_cosine" else "angle_k"
            rows = parameter(kind, random.uniform(30, 80)), parameter("angle_eq", 172.0 if straight else random.uniform(100, 125))
            data.term(molecule, form, (i, j, l), rows, (2.2e-8,) if form == "angle_mm3" else ())
            if k % 4 == 1:
                data.term(molecule, "urey_bradley", (i, l), (parameter("urey_bradley_k", 20.0), parameter("urey_bradley_eq", 2.3)))
        for k, atoms in enumerate(original.torsions()):
            if nearly_straight(x, atoms):
                continue
            if k % 2:
                data.term(molecule, "torsion_mm3", atoms, [parameter(f"torsion_v{v}", random.uniform(-2, 2)) for v in (1, 2, 3)])
            else:
                for n in (1, 2, 5):
                    data.term(molecule, "torsion_fourier", atoms, (parameter("torsion_k", random.uniform(-1, 1)), parameter("torsion_phase", 20.0 * n)), (n,))
        for k, (centre, ligands) in enumerate(original.centres()):
            atoms = centre, *random.permutation(ligands)
            if nearly_straight(x, atoms):
                continue
            if k % 2:
                data.term(molecule, "improper_fourier", atoms, (parameter("improper_k", 3.0), parameter("improper_phase", 180.0)), (2,))
            else:
                data.term(molecule, "improper_harmonic", atoms, (parameter("improper_harmonic_k", 5.0), parameter("improper_eq", 10.0)))
        data.observable(molecule, "frequency", -1, weight=0.01)
    data.write(path)


def centred(charges):
    return charges - charges.mean()


def pair_parameters(parameter, pairs, random):
    if pairs == "lennard_jones":
        return parameter("lj_epsilon", random.uniform(0.02, 0.2)), parameter("lj_sigma", random.uniform(2.5, 3.5))
    return parameter("vdw_epsilon", random.uniform(0.02, 0.2)), parameter("vdw_radius", random.uniform(1.5, 2.0))


def springs(x):
    """Some Hessian, hartree/bohr^2: springs between all atoms."""
    n = len(x)
    hessian = np.zeros((n, 3, n, 3))
    for i, j in itertools.combinations(range(n), 2):
        u = x[i] - x[j]
        block = 0.3 * np.outer(u, u) / (u @ u) ** 2
        hessian[i, :, i] += block
        hessian[j, :, j] += block
        hessian[i, :, j] -= block
        hessian[j, :, i] -= block
    return hessian.reshape(3 * n, 3 * n)


def angle(x, atoms):
    i, j, k = atoms
    u, v = x[i] - x[j], x[k] - x[j]
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(u, v)), u @ v))


def nearly_straight(x, atoms):
    """Where q2hpc fades a torsion and OpenMM does not; and where it is not defined."""
    return any(not 5.0 < angle(x, three) < 174.9 for three in (atoms[:3], atoms[1:]))


def main():
    program, inputs = sys.argv[1], sys.argv[2:]
    check = Check(program)
    random = np.random.default_rng(5)
    with tempfile.TemporaryDirectory() as folder:
        for source in inputs:
            name = Path(source).stem
            plain, amber = f"{folder}/{name}.h5", f"{folder}/{name}.amber.h5"
            shutil.copy(source, plain)
            shutil.copy(source, amber)
            charge_and_name(amber, random)
            check.xml(f"{name}", plain)
            check.xml(f"{name}, charged", amber)
            check.amber(f"{name}, charged", amber)
        for pairs in ("lennard_jones", "exp6_mm3"):
            made = f"{folder}/{pairs}.h5"
            every_form(made, inputs[0], pairs, random)
            check.xml(f"every form, {pairs}", made)
        straight = f"{folder}/straight.h5"
        every_form(straight, inputs[0], "lennard_jones", random, straight=True)
        check.xml("angles of 172 degrees at rest", straight)
    print(f"{check.failures} failures")
    sys.exit(1 if check.failures else 0)


if __name__ == "__main__":
    main()
