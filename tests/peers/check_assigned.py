"""Compares rows that q2hpc gives to terms with OpenMM's choice: energies and forces of molecules by made-up force fields.

    python3 check_assigned.py Q2HPC WRITE_ASSIGNED organic_dft.h5

Force fields are random: rows by type and by class, with and without wildcards, in a random order and direction, several
components a torsion, impropers in each of OpenMM's orderings; most terms have several rows that fit. Molecules are the bundled
set's, their atoms moved by some 0.05 angstrom off planes and symmetry, those with an angle above 170 degrees left out.
Claims, for each molecule: the energies agree within 1e-6 kcal/mol, the forces within 1e-6 kcal/mol/angstrom.
    OpenMM   the XML file is read by both, molecules are residues of it
    AMBER    the frcmod is read by q2hpc, and by ParmEd, which makes OpenMM's XML of it
    protein  OpenMM's own ff14SB and the peptide of 582 atoms that comes with it; q2hpc is given types and charges by atom

Exit status: 0 all within, 1 a claim failed, 77 a peer package is missing (CTest: skipped), 2 a program failed.
"""

import itertools
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "jobs"))

try:
    import h5py
    import numpy as np
    import openmm
    import parmed
    from openmm import app, unit
    from openmm.app.internal import compiled
    from q2hpc_topology import SYMBOLS, angle_values, angles_of, neighbours_of, torsions_of
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

TOLERANCE = 1e-6  # kcal/mol, kcal/mol/angstrom
KILOJOULE = 4.184


class Molecule:
    """A bundled molecule, a little deformed, with types by element and neighbours."""

    def __init__(self, name, elements, positions, bonds):
        self.name, self.elements, self.positions, self.bonds = name, elements, positions, bonds
        self.neighbours = neighbours_of(len(elements), bonds)
        self.classes = [SYMBOLS[e].lower() for e in elements]
        self.types = [f"{SYMBOLS[e].lower()[-1]}{len(n)}" for e, n in zip(elements, self.neighbours)]  # AMBER: two characters
        self.angles, self.torsions = angles_of(len(elements), bonds), torsions_of(len(elements), bonds)
        self.centres = [(c, *three) for c, n in enumerate(self.neighbours) for three in itertools.combinations(n, 3)]
        self.charges = np.zeros(len(elements))

    def give_charges(self, random):
        """By type, as atoms that are alike may change places in a residue; in sum zero, as the data set asks for."""
        by_type = {t: random.uniform(-0.4, 0.4) for t in sorted(set(self.types))}
        self.charges = np.array([by_type[t] for t in self.types])
        self.charges -= self.charges.mean()

    def is_bent(self):
        return not self.angles or angle_values(self.positions, self.angles).max() < np.radians(170.0)


def read_molecules(path, random):
    with h5py.File(path, "r") as f:
        names, atoms, bonds = f["molecules/name"][()], f["atoms"], f["bonds"]
        found = []
        for m, name in enumerate(names):
            a, b = (slice(*f[where][m:m + 2]) for where in ("molecules/atom_offset", "bonds/offset"))
            x = atoms["position"][a] + random.uniform(-0.05, 0.05, atoms["position"][a].shape)
            found.append(Molecule(name.decode(), atoms["element"][a], x, bonds["atoms"][b]))
    return [m for m in found if m.is_bent() and len(m.bonds)]


def write_mol2(path, molecules):
    with open(path, "w") as f:
        for m in molecules:
            f.write(f"@<TRIPOS>MOLECULE\n{m.name}\n{len(m.elements)} {len(m.bonds)}\nSMALL\nUSER_CHARGES\n\n@<TRIPOS>ATOM\n")
            for k, (e, x, t, q) in enumerate(zip(m.elements, m.positions, m.types, m.charges)):
                f.write(f"{k + 1} {SYMBOLS[e]}{k + 1} {x[0]:.17g} {x[1]:.17g} {x[2]:.17g} {t} 1 MOL {q:.17g}\n")
            f.write("@<TRIPOS>BOND\n")
            for k, (i, j) in enumerate(m.bonds):
                f.write(f"{k + 1} {i + 1} {j + 1} 1\n")


# --- random force fields -----------------------------------------------------------------------------------------------------

def distinct(molecules, chains):
    """Chains of types that occur, each once, with a class for each type."""
    seen = {}
    for m in molecules:
        for atoms in chains(m):
            seen.setdefault(tuple(m.types[a] for a in atoms), tuple(m.classes[a] for a in atoms))
    return sorted(seen.items())


class Rows:
    """Rows for what occurs in molecules; `wild` is the word for any type."""

    def __init__(self, molecules, random, wild, by_class):
        self.random, self.wild, self.by_class = random, wild, by_class
        self.bonds = self.chains(distinct(molecules, lambda m: m.bonds), 1.0, 0)
        self.angles = self.chains(distinct(molecules, lambda m: m.angles), 1.0, 0)
        self.torsions = self.chains(distinct(molecules, lambda m: m.torsions), 0.7, 2)
        self.impropers = self.centres(distinct(molecules, lambda m: m.centres))

    def names(self, types, classes):
        return ("class", classes) if self.by_class and self.random.random() < 0.5 else ("type", types)

    def chains(self, found, share, wildcards):
        """`share` of the chains by their names; with `wildcards` also general rows, X-A-B-X and A-B-C-X."""
        rows = {}
        for types, classes in found:
            kind, names = self.names(types, classes)
            if self.random.random() < 0.5:
                names = names[::-1]
            if self.random.random() < share:
                rows.setdefault((kind, min(names, names[::-1])), names)
            if wildcards and self.random.random() < 0.6:
                general = (self.wild, *names[1:-1], self.wild)
                rows.setdefault((kind, min(general, general[::-1])), general)
        rows = [(kind, names) for (kind, _), names in rows.items()]
        return [rows[k] for k in self.random.permutation(len(rows))]

    def centres(self, found):
        """Centre first; with no, two or three wildcards, wildcards before the others."""
        rows = {}
        for types, classes in found:
            kind, names = self.names(types, classes)
            centre, ligands = names[0], [names[1:][k] for k in self.random.permutation(3)]
            for general, likely in ((0, 0.5), (2, 0.3), (3, 0.2)):
                if self.random.random() < likely:
                    row = (self.wild,) * general + tuple(ligands[general:])
                    rows.setdefault((kind, centre, tuple(sorted(row))), row)
        rows = [(kind, (centre, *row)) for (kind, centre, _), row in rows.items()]
        return [rows[k] for k in self.random.permutation(len(rows))]

    def series(self):
        """Periodicity, phase in degrees, barrier in kcal/mol."""
        count = self.random.integers(1, 4)
        return [(n, self.random.choice([0.0, 180.0, 37.0]), self.random.uniform(0.2, 3.0))
                for n in self.random.permutation(6)[:count] + 1]


def write_xml(path, molecules, rows, ordering):
    random = rows.random
    types = sorted({(t, c, e) for m in molecules for t, c, e in zip(m.types, m.classes, m.elements)})
    of = lambda kind, names: " ".join(f'{kind}{k + 1}="{n}"' for k, n in enumerate(names))
    out = ["<ForceField>", " <AtomTypes>"]
    out += [f'  <Type name="{t}" class="{c}" element="{SYMBOLS[e]}" mass="{2 * e}"/>' for t, c, e in types]
    out += [" </AtomTypes>", " <Residues>"]
    for m in molecules:
        out.append(f'  <Residue name="{m.name}">')
        out += [f'   <Atom name="{SYMBOLS[e]}{k + 1}" type="{t}" charge="{q:.17g}"/>'
                for k, (e, t, q) in enumerate(zip(m.elements, m.types, m.charges))]
        out += [f'   <Bond from="{i}" to="{j}"/>' for i, j in m.bonds] + ["  </Residue>"]
    out += [" </Residues>", " <HarmonicBondForce>"]
    out += [f'  <Bond {of(kind, names)} length="{random.uniform(0.09, 0.16)}" k="{random.uniform(1e5, 4e5)}"/>'
            for kind, names in rows.bonds]
    out += ['  <Bond class1="" class2="" length="0.12" k="2e5"/>', " </HarmonicBondForce>", " <HarmonicAngleForce>"]
    out += [f'  <Angle {of(kind, names)} angle="{random.uniform(1.7, 2.2)}" k="{random.uniform(100, 600)}"/>'
            for kind, names in rows.angles]
    out += ['  <Angle class1="" class2="" class3="" angle="1.9" k="300"/>', " </HarmonicAngleForce>"]
    out.append(f' <PeriodicTorsionForce ordering="{ordering}">' if ordering != "default" else " <PeriodicTorsionForce>")
    for what, found in (("Proper", rows.torsions), ("Improper", rows.impropers)):
        for kind, names in found:
            if ordering == "charmm" and what == "Improper" and rows.wild in names:
                continue
            series = " ".join(f'periodicity{k + 1}="{n}" phase{k + 1}="{np.radians(phase):.17g}" k{k + 1}="{KILOJOULE * v:.17g}"'
                              for k, (n, phase, v) in enumerate(rows.series()))
            out.append(f"  <{what} {of(kind, names)} {series}/>")
    out += [" </PeriodicTorsionForce>", ' <NonbondedForce coulomb14scale="0.8" lj14scale="0.5">',
            '  <UseAttributeFromResidue name="charge"/>']
    pairs = [f'class="{c}"' for c in sorted({c for _, c, _ in types})]
    pairs += [f'type="{t}"' for t, _, _ in types if random.random() < 0.5]
    out += [f'  <Atom {pairs[k]} sigma="{random.uniform(0.2, 0.3)}" epsilon="{random.uniform(0.05, 0.6)}"/>'
            for k in random.permutation(len(pairs))]
    out += [" </NonbondedForce>", "</ForceField>"]
    Path(path).write_text("\n".join(out) + "\n")


def write_frcmod(path, molecules, rows):
    random = rows.random
    of = lambda names: "-".join(f"{n:<2}" for n in names)
    types = sorted({(t, e) for m in molecules for t, e in zip(m.types, m.elements)})
    mass = {t: app.Element.getByAtomicNumber(int(e)).mass.value_in_unit(unit.dalton) for t, e in types}
    out = ["made up", "MASS"] + [f"{t:<2} {mass[t]:.3f}" for t, _ in types]
    out += ["", "BOND"] + [f"{of(names)}  {random.uniform(100, 400):.3f}  {random.uniform(0.9, 1.6):.4f}" for _, names in rows.bonds]
    out += ["", "ANGL"] + [f"{of(names)}  {random.uniform(20, 80):.3f}  {random.uniform(95, 130):.3f}" for _, names in rows.angles]
    out += ["", "DIHE"]
    for _, names in rows.torsions:
        series = rows.series()
        for k, (n, phase, v) in enumerate(series):
            paths = random.integers(1, 10)
            out.append(f"{of(names)}  {paths}  {paths * v:.4f}  {phase:.1f}  {-n if k + 1 < len(series) else n:.1f}")
    barriers = [random.uniform(0.5, 12) for _ in rows.impropers]
    out += ["", "IMPR"] + [f"{of((a, b, centre, d))}  {barrier:.3f}  180.0  2.0"
                           for barrier, (_, (centre, a, b, d)) in zip(barriers, rows.impropers)]
    out += ["", "NONB"] + [f"  {t:<2}  {random.uniform(1.0, 1.4):.4f}  {random.uniform(0.02, 0.2):.4f}" for t, _ in types]
    Path(path).write_text("\n".join(out) + "\n\n")
    return barriers


def write_parmed_xml(path, frcmod, rows, barriers):
    """ParmEd's translation, but for impropers: it sorts their ligands. Here they have LEaP's rules in OpenMM's words: ordering
    "amber", and as the first row with wildcards that fits is taken, those with fewer wildcards first."""
    parameters = parmed.amber.AmberParameterSet(str(frcmod))
    parmed.openmm.OpenMMParameterSet.from_parameterset(parameters).write(str(path))
    lines = [line for line in Path(path).read_text().split("\n") if "<Improper" not in line]
    start = next(k for k, line in enumerate(lines) if "<PeriodicTorsionForce" in line)
    lines[start] = lines[start].replace("<PeriodicTorsionForce", '<PeriodicTorsionForce ordering="amber"')
    for count in (0, 2, 3):
        for barrier, (_, names) in zip(barriers, rows.impropers):
            if names.count(rows.wild) == count:
                types = " ".join(f'type{k + 1}="{"" if name == rows.wild else name}"' for k, name in enumerate(names))
                lines.insert(start + 1, f'  <Improper {types} periodicity1="2" phase1="{np.pi:.17g}" k1="{KILOJOULE * float(f"{barrier:.3f}"):.17g}"/>')
                start += 1
    Path(path).write_text("\n".join(lines))


def residues_xml(path, molecules):
    """What an AMBER file does not have: residues of types that another file defines."""
    out = ["<ForceField>", " <Residues>"]
    for m in molecules:
        out.append(f'  <Residue name="{m.name}">')
        out += [f'   <Atom name="{SYMBOLS[e]}{k + 1}" type="{t}" charge="{q:.17g}"/>'
                for k, (e, t, q) in enumerate(zip(m.elements, m.types, m.charges))]
        out += [f'   <Bond from="{i}" to="{j}"/>' for i, j in m.bonds] + ["  </Residue>"]
    Path(path).write_text("\n".join(out + [" </Residues>", "</ForceField>"]) + "\n")


# --- the two programs --------------------------------------------------------------------------------------------------------

def in_the_order_of_the_file(field):
    """Where several rows fit, OpenMM 8 takes the first in the order of a Python set, which is not that of the file once there
    are more than a few. q2hpc takes the first in the file, so let OpenMM do that, too."""
    for generator in field.getGenerators():
        for name in ("bondsForAtomType", "propersForAtomType"):
            for rows in [getattr(generator, name)] if hasattr(generator, name) else []:
                for key in rows:
                    rows[key] = sorted(rows[key])
    return field


def by_openmm(molecule, field):
    """Energy and forces, kcal/mol and angstrom."""
    topology = app.Topology()
    residue = topology.addResidue(molecule.name, topology.addChain())
    atoms = [topology.addAtom(f"{SYMBOLS[e]}{k + 1}", app.Element.getByAtomicNumber(int(e)), residue)
             for k, e in enumerate(molecule.elements)]
    for i, j in molecule.bonds:
        topology.addBond(atoms[i], atoms[j])
    bonded = [sorted(n) for n in molecule.neighbours]
    match = compiled.matchResidueToTemplate(residue, field._templates[molecule.name], bonded, False, False)
    if list(match) != list(range(len(atoms))):
        return None  # atoms that are alike changed places: their numbers, which order impropers, are others
    system = field.createSystem(topology, nonbondedMethod=app.NoCutoff, residueTemplates={residue: molecule.name},
                                constraints=None, rigidWater=False, removeCMMotion=False)
    return evaluate(system, molecule.positions)


def evaluate(system, positions):
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName("Reference"))
    context.setPositions(0.1 * positions)
    state = context.getState(getEnergy=True, getForces=True)
    energy = state.getPotentialEnergy().value_in_unit(unit.kilocalorie_per_mole)
    return energy, np.array(state.getForces(asNumpy=True).value_in_unit(unit.kilocalorie_per_mole / unit.angstrom))


def by_q2hpc(programs, folder, molecules, fields):
    q2hpc, write_assigned = programs
    write_mol2(folder / "molecules.mol2", molecules)
    for command in ([write_assigned, folder / "made.h5", folder / "molecules.mol2", *fields],
                    [q2hpc, "eval", folder / "made.h5", "-hessians", folder / "out.h5"]):
        run = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if run.returncode != 0:
            print(f"{command} ended with status {run.returncode}:\n{run.stdout}{run.stderr}")
            sys.exit(2)
    with h5py.File(folder / "out.h5", "r") as f:
        ends = np.cumsum(f["molecules/atoms"][()])[:-1]
        return f["energies/total"][()], np.split(-f["atoms/gradient"][()], ends)


def compare(what, molecules, found, field):
    """Failures, and how many were compared."""
    failed, compared, worst = 0, 0, np.zeros(2)
    for m, energy, forces in zip(molecules, *found):
        expected = by_openmm(m, field)
        if expected is None:
            continue
        compared += 1
        off = np.array([abs(energy - expected[0]), np.abs(forces - expected[1]).max()])
        worst = np.maximum(worst, off)
        if not (off <= TOLERANCE).all():
            failed += 1
            print(f"FAILED {what}: {m.name}: energy {energy:.8f}, expected {expected[0]:.8f}; forces off by {off[1]:.2e}")
    print(f"{what}: {compared} molecules, energies off by {worst[0]:.1e} kcal/mol, forces by {worst[1]:.1e} kcal/mol/angstrom")
    return failed, compared


class Peptide:
    """OpenMM's test.pdb without water and ions, as it types it."""
    name = "peptide"

    def __init__(self, field):
        data = Path(app.__file__).parent / "data"
        pdb = app.PDBFile(str(data / "test.pdb"))
        model = app.Modeller(pdb.topology, pdb.positions)
        model.deleteWater()
        model.delete([r for r in model.topology.residues() if r.name.upper() in ("CL", "NA")])
        self.topology, atoms = model.topology, list(model.topology.atoms())
        self.positions = np.array(model.positions.value_in_unit(unit.angstrom))
        self.elements = [atom.element.atomic_number for atom in atoms]
        self.bonds = [(bond[0].index, bond[1].index) for bond in self.topology.bonds()]
        self.system = field.createSystem(self.topology, nonbondedMethod=app.NoCutoff, constraints=None, rigidWater=False,
                                         removeCMMotion=False)
        pairs = next(force for force in self.system.getForces() if isinstance(force, openmm.NonbondedForce))
        self.charges = [pairs.getParticleParameters(k)[0].value_in_unit(unit.elementary_charge) for k in range(len(atoms))]
        templates = field.getMatchingTemplates(self.topology)
        bonded = neighbours_of(len(atoms), self.bonds)
        self.types = []
        for residue, template in zip(self.topology.residues(), templates):
            match = compiled.matchResidueToTemplate(residue, template, bonded, False, False)
            self.types += [template.atoms[k].type for k in match]


def check_peptide(programs, folder):
    path = str(Path(app.__file__).parent / "data" / "amber14" / "protein.ff14SB.xml")
    peptide = Peptide(app.ForceField(path))
    (energy,), (forces,) = by_q2hpc(programs, folder, [peptide], [path])
    expected = evaluate(peptide.system, peptide.positions)
    off = abs(energy - expected[0]), np.abs(forces - expected[1]).max()
    print(f"ff14SB, {len(peptide.elements)} atoms: energy off by {off[0]:.1e} kcal/mol, forces by {off[1]:.1e} kcal/mol/angstrom")
    return not max(off) <= TOLERANCE


def main():
    programs, path = sys.argv[1:3], sys.argv[3]
    failed, compared = 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed, ordering in enumerate(["amber", "default", "charmm", "amber", "default", "frcmod", "frcmod", "frcmod"]):
            random = np.random.default_rng(seed)
            molecules = read_molecules(path, random)
            for m in molecules:
                m.give_charges(random)
            if ordering == "frcmod":
                rows = Rows(molecules, random, "X", by_class=False)
                barriers = write_frcmod(folder / "made.frcmod", molecules, rows)
                found = by_q2hpc(programs, folder, molecules, [folder / "made.frcmod"])
                write_parmed_xml(folder / "parmed.xml", folder / "made.frcmod", rows, barriers)
                residues_xml(folder / "residues.xml", molecules)
                field = app.ForceField(str(folder / "parmed.xml"), str(folder / "residues.xml"))
            else:
                rows = Rows(molecules, random, "", by_class=True)
                write_xml(folder / "made.xml", molecules, rows, ordering)
                found = by_q2hpc(programs, folder, molecules, [folder / "made.xml"])
                field = app.ForceField(str(folder / "made.xml"))
            more = compare(f"{ordering}, seed {seed}", molecules, found, in_the_order_of_the_file(field))
            failed, compared = failed + more[0], compared + more[1]
        failed += check_peptide(programs, folder)
    print(f"{compared} comparisons, {failed} failures")
    sys.exit(1 if failed or compared < 100 else 0)


if __name__ == "__main__":
    main()
