"""Compares every term energy of MM3* with what MacroModel prints, on a user's copy of q2mm's examples/rh-enamide.

    python3 check_mm3star.py FOLDER [--program Q2HPC]

jobs/rh_enamide_mm3.py writes the data set (with the geometry that MacroModel had); the energies are those of reference.py's
forms and of the pairs below, on what the file says: every bond, angle, torsion and pair of the nine structures, and the sums.
--program also runs `Q2HPC eval -hessians` on that data set and takes the sums by form of each structure from what it writes
(/energies, docs/result.md).

Claims: each printed energy within 0.0005 kJ/mol, half its last digit, and 5e-6 for MacroModel's single precision; each printed
sum within 0.0002 kJ/mol; no printed term is missing in the data set, and what is not printed is zero. With --program: q2hpc's
sums of each form are those of the formulas without sites and soft cut within 1e-9 of the structure's largest, and within
0.0002 kJ/mol of the printed ones where sites and soft cut have no part.
The last two columns say what remains without MM3*'s hydrogen sites and its soft cut (docs/mm3star.md).

Exit status: 0 all within, 1 a claim failed, 2 the program failed, 77 a peer package or the data is missing (CTest: skipped).
"""

import argparse
import itertools
import subprocess
import sys
import tempfile
from pathlib import Path

SKIP = 77
try:
    import h5py
    import jax
    import jax.numpy as jnp
    import numpy as np
    from reference import COULOMB, FORMS, UNITS, bonds_apart, text
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(SKIP)

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "jobs"))
import rh_enamide_mm3  # noqa: E402
from q2hpc_dataset import write_tables  # noqa: E402

KILOCALORIE = 4.184  # kJ
TOLERANCE, SUM_TOLERANCE = 0.0005 + 5e-6, 2e-4  # kJ/mol
PROGRAM_TOLERANCE = 1e-9  # relative
# form: (list of the listing, its column, name of the printed sum)
PRINTED = {
    "bond_mm3": ("bonds", "energy", "Stretch"), "angle_mm3": ("angles", "energy", "Bend"),
    "stretch_bend": ("angles", "stretch_bend_energy", "Stretch-bend"), "bend_bend": ("bend_bends", "energy", "Bend-bend"),
    "bend_bend_opposite": ("bend_bends", "energy", "Bend-bend"), "torsion_mm3": ("torsions", "energy", "Proper torsion"),
    "improper_fourier": ("impropers", "energy", "Out-of-plane"),
    "torsion_stretch": ("torsion_stretches", "energy", "Torsion-stretch"), "vdw": ("pairs", "energy", "Van der Waals"),
    "coulomb": ("pairs", "charge_energy", "Electrostatic")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--program")
    arguments = parser.parse_args()
    if not Path(arguments.folder).is_dir():
        print(f"skipped: there is no folder {arguments.folder}")
        sys.exit(SKIP)
    model = rh_enamide_mm3.Model(Path(arguments.folder), as_printed=True)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "input.h5"
        tables, attributes = model.tables()
        rh_enamide_mm3.add_observables(model, tables, attributes, "frequencies", None)
        write_tables(path, tables, attributes)
        with h5py.File(path, "r") as file:
            data = MM3Star(file)
        by_program = program_sums(arguments.program, path) if arguments.program else None
    energies, plain = data.energies(plain=False), data.energies(plain=True)
    failed = compare(data, model.structures, energies, plain)
    failed += compare_sums(data, model.structures, energies)
    if by_program:
        failed += compare_program(data, model.structures, by_program, energies, plain)
    print(f"{failed} failures")
    sys.exit(1 if failed else 0)


class MM3Star:
    """What the data set says. rows[form]: (molecule, atoms) of each term, pairs as the forms `vdw` and `coulomb`."""

    def __init__(self, file):
        self.offset = file["molecules/atom_offset"][()]
        self.positions = file["atoms/position"][()]
        group = file["force_field/parameters"]
        self.value = group["value"][()] * [{**UNITS, "debye": 1.0}[text(u)] for u in group["unit"][()]]
        parent, self.reduction = file["atoms/reduction_parent"][()], file["atoms/reduction"][()]
        first = np.repeat(self.offset[:-1], np.diff(self.offset))
        self.parent = first + np.maximum(parent, 0)
        self.sites = self.positions + self.reduction[:, None] * (self.positions[self.parent] - self.positions)
        self.terms, self.rows = {}, {}
        for form, table in file["force_field/terms"].items():
            self.terms[form] = {name: table[name][()] for name in table}
            self.rows[form] = self.of_molecules(table["offset"][()]), table["atoms"][()]
        self.read_nonbonded(file)
        self.rows["vdw"] = self.rows["coulomb"] = pairs_of(file)

    def of_molecules(self, offset):
        return np.repeat(np.arange(len(offset) - 1), np.diff(offset))

    def read_nonbonded(self, file):
        group = file["force_field/nonbonded"]
        types = file["atoms/type"][()]
        self.epsilon, self.radius = self.value[group["epsilon"][()]][types], self.value[group["radius"][()]][types]
        self.special = {frozenset(pair.tolist()): self.value[rows] for pair, rows in zip(group["special/types"][()],
                                                                                      group["special/parameters"][()])}
        self.types = types
        self.soft_cut = group.attrs["soft_cut_begin"], group.attrs["soft_cut_end"]
        self.coulomb = COULOMB / group.attrs["dielectric"]
        self.charges = file["atoms/charge"][()].copy()
        group = file["force_field/charge_increments"]
        first = self.offset[self.of_molecules(group["offset"][()])]
        increment = group["factor"][()] * self.value[group["parameter"][()]]
        np.add.at(self.charges, first + group["atoms"][:, 0], increment)
        np.add.at(self.charges, first + group["atoms"][:, 1], -increment)

    def energies(self, plain):
        """{form: kJ/mol of each term}. plain: hydrogens where their nuclei are, no soft cut."""
        out = {form: KILOCALORIE * self.term_energies(form, plain) for form in self.terms}
        out["vdw"], out["coulomb"] = (KILOCALORIE * e for e in self.pair_energies(plain))
        return out

    def term_energies(self, form, plain):
        """A bond at sites counts as longer than it is there: by 1 / (1 - reduction)."""
        table, (molecule, atoms) = self.terms[form], self.rows[form]
        index = self.offset[molecule][:, None] + atoms
        x = self.positions[index]
        if "at_sites" in table and not plain:
            stretched = 1 / (1 - self.reduction[index].max(axis=1)) if form == "bond_mm3" else np.ones(len(index))
            at_sites = table["at_sites"][:, None, None] == 1
            x = np.where(at_sites, self.sites[index] * stretched[:, None, None], x)
        constants = table.get("constants", np.zeros((len(x), 0)))
        return np.array(jax.vmap(FORMS[form])(jnp.array(x), jnp.array(self.value[table["parameters"]]), jnp.array(constants)))

    def pair_energies(self, plain):
        """MM3's exp-6 and Coulomb's law, both between sites."""
        (epsilon, rv), (product,) = (p.T for p in self.pair_parameters(soft_cut=not plain))
        x = self.positions if plain else self.sites
        i, j = self.pair_atoms()
        r = np.linalg.norm(x[i] - x[j], axis=1)
        return epsilon * (184000 * np.exp(-12 * r / rv) - 2.25 * (rv / r) ** 6), product / r

    def pair_atoms(self):
        molecule, atoms = self.rows["vdw"]
        return (self.offset[molecule][:, None] + atoms).T

    def pair_parameters(self, soft_cut):
        """[pairs, 2] epsilon (times the soft cut) and rv; [pairs, 1] C q q'. The soft cut, by the distance d of the nuclei,
        is 1 up to soft_cut_begin, 0 from soft_cut_end on, and linear in d^2 between."""
        i, j = self.pair_atoms()
        epsilon, rv = np.sqrt(self.epsilon[i] * self.epsilon[j]), self.radius[i] + self.radius[j]
        for n, pair in enumerate(zip(self.types[i].tolist(), self.types[j].tolist())):
            if frozenset(pair) in self.special:
                epsilon[n], rv[n] = self.special[frozenset(pair)]
        if soft_cut:
            d = np.linalg.norm(self.positions[i] - self.positions[j], axis=1)
            begin, end = self.soft_cut
            epsilon *= np.clip((end**2 - d**2) / (end**2 - begin**2), 0, 1)
        return np.array([epsilon, rv]).T, (self.coulomb * self.charges[i] * self.charges[j])[:, None]


def pairs_of(file):
    """(molecule, [pairs, 2]) of atoms three or more bonds apart, i < j, ascending."""
    atom_offset, offset, bonds = file["molecules/atom_offset"][()], file["bonds/offset"][()], file["bonds/atoms"][()]
    molecule, pairs = [], []
    for m in range(len(atom_offset) - 1):
        n = int(atom_offset[m + 1] - atom_offset[m])
        apart = bonds_apart(n, bonds[offset[m]:offset[m + 1]])
        mine = [pair for pair in itertools.combinations(range(n), 2) if apart[pair] >= 3]
        molecule += [m] * len(mine)
        pairs += mine
    return np.array(molecule), np.array(pairs)


def program_sums(program, path):
    """{form: kJ/mol of each structure} by q2hpc."""
    output = path.with_name("energies.h5")
    run = subprocess.run([program, "eval", str(path), "-hessians", str(output), "-quiet"], capture_output=True, text=True)
    if run.returncode != 0:
        print(f"{program} eval ended with status {run.returncode}:\n{run.stdout}{run.stderr}")
        sys.exit(2)
    with h5py.File(output, "r") as file:
        return {name: KILOCALORIE * energies[()] for name, energies in file["energies"].items()}


# --- comparison --------------------------------------------------------------------------------------------------------------

def key_of(form, atoms):
    """One name for a term, however its atoms are written."""
    atoms = [int(a) for a in atoms]
    if form == "bend_bend":
        i, j, k, l = atoms
        return j, frozenset([frozenset([i, k]), frozenset([i, l])])
    if form == "bend_bend_opposite":
        i, j, k, l, m = atoms
        return j, frozenset([frozenset([i, k]), frozenset([l, m])])
    if form == "listed bend_bend":
        return atoms[0], frozenset([frozenset(atoms[1:3]), frozenset(atoms[3:5])])
    return min(tuple(atoms), tuple(atoms[::-1]))


def printed_energies(form, structure):
    """{key: kJ/mol}"""
    name, column, _ = PRINTED[form]
    listed = "listed bend_bend" if name == "bend_bends" else form
    return {key_of(listed, t.atoms): getattr(t, column) for t in getattr(structure, name)}


def compare(data, structures, energies, plain):
    print(f"{'form':20} {'terms':>6} {'listed':>6} {'largest deviation':>18} {'outside':>8}   without sites and soft cut")
    failed = 0
    found = {total: [set() for _ in structures] for _, _, total in PRINTED.values()}
    for form, (_, _, total) in PRINTED.items():
        molecule, atoms = data.rows[form]
        printed = [printed_energies(form, s) for s in structures]
        expected = np.array([printed[m].get(key_of(form, a), np.nan) for m, a in zip(molecule, atoms)])
        for m, a in zip(molecule, atoms):
            found[total][m].add(key_of(form, a))
        known = ~np.isnan(expected)
        deviation = np.abs(energies[form] - np.where(known, expected, 0.0))
        away = np.abs(plain[form] - np.where(known, expected, 0.0))
        wrong = ~(deviation <= TOLERANCE)
        failed += wrong.sum()
        print(f"{form:20} {len(expected):6} {known.sum():6} {deviation.max():18.6f} {wrong.sum():8}   "
              f"{away.max():10.4f} {(~(away <= TOLERANCE)).sum():6}")
        for n in np.flatnonzero(wrong)[:5]:
            named = " ".join(str(a + 1) for a in atoms[n])
            print(f"  {structures[molecule[n]].title}, atoms {named}: {energies[form][n]:.4f}, printed {expected[n]}")
    return failed + missing(found, structures)


def missing(found, structures):
    """Printed terms that the data set lacks. An angle without a stretch-bend prints that as zero."""
    count = 0
    for form, (name, column, total) in PRINTED.items():
        for m, structure in enumerate(structures):
            lost = [key for key, energy in printed_energies(form, structure).items()
                    if key not in found[total][m] and (energy != 0 or column == "energy")]
            count += len(lost)
            if lost:
                print(f"{structure.title}: {len(lost)} of {name} are not in the data set as {form}: {lost[:3]}")
    return count


def sum_names():
    return dict.fromkeys(total for _, _, total in PRINTED.values())


def sum_up(data, structures, energies):
    """{form: kJ/mol of each structure}"""
    return {form: np.bincount(data.rows[form][0], energies[form], len(structures)) for form in PRINTED}


def by_name(sums, name):
    """The printed sum of that name."""
    return sum(sums[form] for form, (_, _, total) in PRINTED.items() if total == name)


def compare_program(data, structures, found, energies, plain):
    print(f"\n{'sum by q2hpc':20} {'from the formulas':>18} {'from the printed':>18}   sites and soft cut have")
    found_total = found.pop("total")
    at_nuclei, as_printed = sum_up(data, structures, plain), sum_up(data, structures, energies)
    failed = 0
    if set(found) != set(PRINTED):
        print(f"q2hpc's energies are of {sorted(found)}, expected {sorted(PRINTED)}")
        return 1
    largest = np.max([np.abs(energy) for energy in found.values()], axis=0)
    for name in sum_names():
        forms = [form for form, p in PRINTED.items() if p[2] == name]
        exact = np.max([np.abs(found[form] - as_printed[form]) / largest for form in forms])
        printed = np.abs(by_name(found, name) - [s.totals[name] for s in structures]).max()
        share = np.abs(by_name(at_nuclei, name) - by_name(as_printed, name)).max()
        failed += not exact <= PROGRAM_TOLERANCE
        failed += not printed <= SUM_TOLERANCE
        print(f"{name:20} {exact:18.1e} {printed:18.6f}   {f'up to {share:.4f}' if share else 'no part'}")
    off = (np.abs(found_total - sum(found.values())) / largest).max()
    print(f"{'their sum':20} {off:18.1e}")
    return failed + (not off <= PROGRAM_TOLERANCE)


def compare_sums(data, structures, energies):
    print(f"\n{'sum':20} {'largest deviation':>18}   of each structure (all in kJ/mol)")
    failed = 0
    of_forms = sum_up(data, structures, energies)
    for name in sum_names():
        sums = by_name(of_forms, name)
        deviation = np.abs(sums - [s.totals[name] for s in structures])
        failed += (~(deviation <= SUM_TOLERANCE)).sum()
        print(f"{name:20} {deviation.max():18.6f}   {np.round(sums, 4).tolist()}")
    deviation = np.abs(sum(of_forms.values()) - [s.totals["Total energy"] for s in structures])
    print(f"{'Total energy':20} {deviation.max():18.6f}")
    return failed


if __name__ == "__main__":
    main()
