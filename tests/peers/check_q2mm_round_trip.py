"""Takes objects of q2mm to a q2hpc data set (jobs/q2mm_to_q2hpc.py) and back (jobs/q2hpc_to_q2mm.py).

    python3 check_q2mm_round_trip.py Q2HPC Q2MM DATASET [--rh-enamide FOLDER]

Q2MM is a checkout of ericchansen/q2mm at 0c79572; molecules and Hessians are some of DATASET (jobs/data/organic_dft.h5) with a force
field by elements, torsions of three periodicities and Urey-Bradley terms among it, in q2mm's two functional forms; FOLDER is a copy of
q2mm's examples/rh-enamide.

Claims, of what comes back:
    molecules     the same names, elements, charges, bonds and geometries; Hessians within 1e-15 of themselves
    force field   q2mm's vector, in its order, and its labels: within 1e-15 of itself; the same terms on the same atoms by q2mm's own
                  matching; the same types of atoms
    observables   the same values, weights and indices
    q2mm itself   its JAX engine's Hessians, frequencies, and loss of frequencies, eigenmatrices and Hessian elements: within 1e-9
    the file      written again from them, it has the same tables but for labels, Hessians within 1e-15
    a result      its final parameters arrive in the vector, and q2mm's loss there is what q2hpc says, within 1e-6 (q2mm's hartree)
    an import     a force field that q2hpc import made of methanol's types: q2mm's loss is what q2hpc eval -match q2mm says, within 1e-6
    refusals      what q2mm cannot express is refused with a message that names it
Exit status: 0 all hold, 1 a claim failed, 2 the program failed, 77 something is missing (CTest: skipped).
"""

import argparse
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("program")
parser.add_argument("q2mm")
parser.add_argument("dataset")
parser.add_argument("--rh-enamide")
arguments = parser.parse_args()
os.environ["JAX_PLATFORMS"] = "cpu"
sys.path[:0] = [arguments.q2mm, str(Path(__file__).resolve().parents[2] / "jobs")]
try:
    import h5py
    import numpy as np
    import q2hpc_to_q2mm as back
    import q2mm_to_q2hpc as forth
    from check_seminario import read as read_molecules
    from q2hpc_dataset import read_tables, strings, write_tables
    from q2mm.backends.mm.jax_engine import JaxEngine
    from q2mm.models.forcefield import AngleParam, BondParam, ForceField, FunctionalForm, TorsionParam, VdwParam
    from q2mm.models.hessian import hessian_to_frequencies
    from q2mm.models.molecule import Q2MMMolecule
    from q2mm.models.seminario import estimate_force_constants
    from q2mm.optimizers.objective import ObjectiveFunction, ReferenceData
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

MOLECULES = "methanol", "chloromethane"
EXACT, SAME, LOSS = 1e-15, 1e-9, 1e-6
failures = 0


def main():
    logging.disable(logging.WARNING)
    engine = JaxEngine()
    with tempfile.TemporaryDirectory() as scratch:
        for form in FunctionalForm.MM3, FunctionalForm.HARMONIC:
            forcefield, molecules = by_elements(form)
            everything, paired, path = observed(molecules), None, f"{scratch}/{form.value}.h5"
            for kinds, reference in (("frequencies", None), ("other observables", everything)):
                title = f"{form.value}, {kinds}"
                forth.write(forcefield, molecules, reference, path)
                model = back.read(path, engine=engine)
                compare(title, forcefield, molecules, reference, model)
                compare_file(title, path, model, f"{scratch}/again.h5", reference)
                paired = paired or model.reference
            compare_engine(form.value, engine, (forcefield, molecules, everything), (model.forcefield, model.molecules, model.reference),
                           paired)
            forth.write(forcefield, molecules, None, path, as_q2mm=True)
            compare_result(f"{form.value}, a result", engine, path, f"{scratch}/result.h5", forcefield)
        compare_import(engine, f"{scratch}/imported.h5")
        check_refusals(forcefield, molecules, everything, scratch)
        if arguments.rh_enamide:
            for form in "mm3", "harmonic":
                forcefield, molecules = forth.rh_enamide(Path(arguments.rh_enamide), form)
                path, title = f"{scratch}/rh-enamide.h5", f"rh-enamide, {form}"
                reference = ReferenceData.from_molecules(molecules, eigenmatrix_diagonal_only=True)
                forth.write(forcefield, molecules, reference, path)
                model = back.read(path)
                compare(title, forcefield, molecules, reference, model)
                compare_file(title, path, model, f"{scratch}/again.h5", reference)
                hessians = [engine.hessian(m[0], f) for f, m in ((forcefield, molecules), (model.forcefield, model.molecules))]
                off = largest(hessians[0] - hessians[1], np.abs(hessians[0]).max())
                claim(title, off <= SAME, f"q2mm's Hessian of the first complex within {off:.1e} of itself")
    print(f"{failures} failures")
    sys.exit(1 if failures else 0)


def claim(title, holds, text):
    global failures
    failures += not holds
    print(f"{'' if holds else 'FAILED '}{title}: {text}")


def largest(difference, scale=1.0):
    """Of |difference| / scale; infinite where anything is not a number."""
    values = np.abs(np.asarray(difference, dtype=float)) / scale
    return np.where(np.isfinite(values), values, np.inf).max(initial=0.0)


# --- a model of q2mm's own ---------------------------------------------------------------------------------------------------

def by_elements(form):
    """A force field whose parameters q2mm matches by elements, some of which no bond or angle has."""
    systems = {s.name: s for s in read_molecules(arguments.dataset)}
    molecules = [Q2MMMolecule([forth.ATOMIC_SYMBOLS[z] for z in systems[name].elements], systems[name].positions, name=name,
                              hessian=systems[name].hessian) for name in MOLECULES]
    kinds = lambda items, key: sorted({getattr(item, key) for m in molecules for item in getattr(m, items)})
    random = np.random.default_rng(11)
    bonds = [BondParam(("N", "N"), 1.2, 500.0)] + [BondParam(e, 1.1, 400.0) for e in kinds("bonds", "element_pair")][1:]
    angles = [AngleParam(e, 109.0, 60.0) for e in kinds("angles", "element_triple")] + [AngleParam(("N", "N", "N"), 180.0, 30.0)]
    angles[0].ub_force_constant, angles[0].ub_equilibrium = 12.5, 1.9
    angles[-2].ub_force_constant, angles[-2].ub_equilibrium = 7.25, 2.1
    torsions = [TorsionParam(e, n, random.uniform(0.1, 1.0), 180.0 * (n == 2))
                for e in kinds("torsions", "element_quad") for n in (1, 2, 3)]
    vdws = [VdwParam(e, random.uniform(1.5, 2.0), random.uniform(0.02, 0.2)) for e in ("Br", "C", "Cl", "H", "O")]
    forcefield = ForceField("by elements", bonds, angles, torsions, vdws, functional_form=form)
    estimated = estimate_force_constants(molecules, forcefield)
    estimated.torsions = torsions
    return estimated, molecules


def observed(molecules):
    """Every kind of reference value that has a counterpart."""
    reference = ReferenceData.from_molecules(molecules)
    reference.add_hessian_from_matrix(molecules[0].hessian, molecule_idx=0)
    for m, molecule in enumerate(molecules):
        for torsion in molecule.torsions[:2]:
            reference.add_torsion_angle(torsion.value, weight=0.5, molecule_idx=m,
                                        atom_indices=(torsion.atom_i, torsion.atom_j, torsion.atom_k, torsion.atom_l))
    return reference


# --- comparisons -------------------------------------------------------------------------------------------------------------

def compare(title, forcefield, molecules, reference, model):
    names = forth.unique([molecule.name for molecule in molecules])
    same = [(name, m.symbols, m.charge, m.multiplicity, [(b.atom_i, b.atom_j) for b in m.bonds]) for name, m in zip(names, molecules)] \
        == [(m.name, m.symbols, m.charge, m.multiplicity, [(b.atom_i, b.atom_j) for b in m.bonds]) for m in model.molecules]
    far = max(largest(a.geometry - b.geometry) for a, b in zip(molecules, model.molecules))
    bent = max(largest(a.hessian - b.hessian, np.abs(a.hessian).max()) for a, b in zip(molecules, model.molecules))
    claim(title, same and far == 0.0 and bent <= EXACT, f"{len(molecules)} molecules, Hessians within {bent:.1e} of themselves")

    before, after = forcefield.get_param_vector(), model.forcefield.get_param_vector()
    labels = forcefield.get_param_type_labels() == model.forcefield.get_param_type_labels()
    off = largest((before - after) / np.maximum(np.abs(before), 1e-30)) if labels else np.inf
    matched = [[forth.matched_terms(f, f.functional_form, m) for m in some]
               for f, some in ((forcefield, molecules), (model.forcefield, model.molecules))]
    terms = [[sorted((form, atoms, tuple(map(float, rows)), constants) for form, atoms, rows, constants in found) for found in some]
             for some in matched]
    types = [[[f.match_vdw(atom_type=t, element=s).radius for s, t in zip(m.symbols, m.atom_types)] for m in some]
             for f, some in ((forcefield, molecules), (model.forcefield, model.molecules))]
    apart = max(largest(np.array(a) - np.array(b)) for a, b in zip(*types))
    claim(title, labels and off <= EXACT and terms[0] == terms[1] and apart <= 2 * EXACT,
          f"{len(before)} parameters within {off:.1e} of themselves, {sum(len(t) for t in terms[0])} terms matched to the same ones "
          f"by q2mm{'' if terms[0] == terms[1] else ', NOT ALL'}")
    if reference is not None:
        rows = [sorted((v.molecule_idx, v.kind, v.atom_indices or (v.data_idx,), v.value, v.weight) for v in some.values)
                for some in (reference, model.reference)]
        claim(title, rows[0] == rows[1], f"{len(rows[0])} reference values")


def compare_engine(title, engine, before, after, paired):
    """Each a (ForceField, molecules, ReferenceData). Relaxed geometries, which q2mm takes minutes for, are left out of the loss;
    `paired` are its frequencies."""
    moved, rotated, losses, hessians = 0.0, 0.0, [], []
    for forcefield, molecules, reference in (before, after):
        values = paired.values + [v for v in reference.values if v.kind not in ("bond_length", "bond_angle", "torsion_angle")]
        objective = ObjectiveFunction(forcefield, engine, list(molecules), ReferenceData(values))
        losses.append(objective(forcefield.get_param_vector()))
        hessians.append([engine.hessian(objective._get_structure(m), forcefield) for m in range(len(molecules))])  # compiled once
    for molecule, one, other in zip(before[1], *hessians):
        rotated = max(rotated, largest(one - other, np.abs(one).max()))
        frequencies = [np.array(hessian_to_frequencies(h, molecule.symbols)) for h in (one, other)]
        # Near zero a frequency is the root of a rounding.
        moved = max(moved, largest(np.subtract(*(np.sign(f) * f**2 for f in frequencies)), 1e7))
    claim(title, rotated <= SAME and moved <= SAME and largest(losses[0] - losses[1], losses[0]) <= SAME,
          f"q2mm's Hessians within {rotated:.1e} of themselves, squares of frequencies within {moved:.1e} of (3162 cm-1)^2, losses "
          f"{losses[0]:.12g} and {losses[1]:.12g}")


def compare_file(title, path, model, again, reference):
    forth.write(model.forcefield, model.molecules, None if reference is None else model.reference, again)
    (first, attributes), (second, others) = read_tables(path), read_tables(again)
    different = [name for name in sorted(set(first) | set(second)) if not equal(name, first.get(name), second.get(name))]
    claim(title, not different and attributes == others, f"{len(first)} tables written again, different: {', '.join(different) or 'none'}")


def equal(name, one, other):
    if name.endswith("parameters/label") or one is None or other is None or one.shape != other.shape:
        return name.endswith("parameters/label")
    if name == "/hessian" or name.endswith(("parameters/value", "parameters/lower", "parameters/upper")):
        scale = np.abs(one).max() if name == "/hessian" else np.maximum(np.abs(one), 1e-30)
        return largest(one - other, scale) <= 2 * EXACT
    return np.array_equal(one, other)


def run(*words):
    """What the program prints."""
    outcome = subprocess.run([arguments.program, *words], capture_output=True, text=True)
    if outcome.returncode != 0:
        print(f"{' '.join(words)}:\n{outcome.stdout}{outcome.stderr}")
        sys.exit(2)
    return outcome.stdout


def compare_import(engine, path):
    run("import", str(Path(__file__).resolve().parents[2] / "jobs/examples/gaussian/methanol.fchk"), "-o", path)
    model = back.read(path, engine=engine)
    loss = ObjectiveFunction(model.forcefield, engine, model.molecules, model.reference)(model.forcefield.get_param_vector())
    printed = next(line.split() for line in run("eval", path, "-match", "q2mm").splitlines() if line.startswith("loss "))
    expected, pairs = float(printed[1]), int(printed[3])
    claim("an import", largest(loss / expected - 1) <= LOSS and pairs == model.reference.n_observations > 0,
          f"loss {loss:.9g} over {model.reference.n_observations} pairs, q2hpc's {expected:.9g} over {pairs}")


def compare_result(title, engine, path, result, forcefield):
    run(path, "-match", "q2mm", "-tao_max_it", "5", "-o", result, "-quiet")
    start, model = back.read(path, engine=engine, as_q2mm=True), back.read(path, result, as_q2mm=True)
    off = largest(model.forcefield.get_param_vector() - forth.vector(result, forcefield))
    moved = largest(model.forcefield.get_param_vector() - forcefield.get_param_vector())
    with h5py.File(result) as file:
        expected = file["summary"].attrs["loss_after"]
    # Pairs are those of the starting point.
    loss = ObjectiveFunction(model.forcefield, engine, model.molecules, start.reference)(model.forcefield.get_param_vector())
    claim(title, off <= 1e-12 and moved > 1e-3 and largest(loss / expected - 1) <= LOSS,
          f"parameters within {off:.1e} of vector(), up to {moved:.3g} from the start; loss {loss:.9g}, q2hpc's {expected:.9g}")


# --- what q2mm cannot express ------------------------------------------------------------------------------------------------

def check_refusals(forcefield, molecules, reference, scratch):
    path = f"{scratch}/refused.h5"
    forth.write(forcefield, molecules, reference, path)
    original = read_tables(path)
    group = "/force_field/"
    parameters, nonbonded, observables = group + "parameters/", group + "nonbonded", "/observables/"
    count, atoms = len(original[0][parameters + "link"]), len(original[0]["/atoms/element"])
    number = lambda table, row, value: lambda t, a: t[table].__setitem__(row, value)
    put = lambda **tables: lambda t, a: t.update({name.replace("__", "/"): value for name, value in tables.items()})
    per_molecule = np.ones(len(molecules), dtype=np.int32)

    def mix(parameters):
        parameters[0, 1] = parameters[-1, 1]

    def repeat(rows):
        rows[0] = rows[1]

    def rename(old, new):
        def change(tables, attributes):
            for name in [name for name in tables if name.startswith(old + "/")]:
                tables[new + name[len(old):]] = tables.pop(name)
            for name in [name for name in attributes if name == old or name.startswith(old + "/")]:
                attributes[new + name[len(old):]] = attributes.pop(name)
        return change

    changes = {
        "linked parameters (bond_k": number(parameters + "link", 2, 4),
        "equalities": put(__force_field__equalities__row=np.array([0], dtype=np.int32)),
        "a prior": put(__force_field__prior__weight=np.array([1.0]), __force_field__prior__kind=strings(["bond_k"])),
        "validation": put(__molecules__validation=per_molecule),
        "method C": lambda t, a: a.setdefault("/observables", {}).update(transition_states="C"),
        "sites": put(__atoms__reduction=np.full(atoms, 0.1)),
        "charges": put(__atoms__charge=np.full(atoms, 0.1)),
        "charge increments": put(__force_field__charge_increments__parameter=np.array([0], dtype=np.int32)),
        "pairs of types": put(__force_field__nonbonded__special__types=np.array([[0, 1]], dtype=np.int32)),
        "soft cut": lambda t, a: a[nonbonded].update(soft_cut_end=7.0),
        "vdw_14": lambda t, a: a[nonbonded].update(vdw_14=0.5),
        "lorentz-berthelot": lambda t, a: a[nonbonded].update(combining_rule="lorentz-berthelot"),
        "bond_morse": rename(group + "terms/bond_harmonic", group + "terms/bond_morse"),
        "both of q2mm's": rename(group + "terms/angle_harmonic", group + "terms/angle_mm3"),
        "periodicity 1.5": lambda t, a: t[group + "terms/torsion_fourier_unfaded/constants"].__setitem__((0, 0), 1.5),
        "belongs to terms that differ": lambda t, a: mix(t[group + "terms/bond_harmonic/parameters"]),
        "shares": lambda t, a: t[nonbonded + "/epsilon"].__setitem__(1, t[nonbonded + "/epsilon"][0]),
        "is called H": lambda t, a: t.update({nonbonded + "/label": strings(["H"] * len(t[nonbonded + "/label"]))}),
        "of mass 2.014": number("/atoms/mass", 1, 2.014),
        "Urey-Bradley": number(group + "terms/urey_bradley/atoms", 0, [0, 1]),
        "/bonds does not name": lambda t, a: repeat(t["/bonds/atoms"]),
        "two terms on the bond": lambda t, a: repeat(t[group + "terms/bond_harmonic/atoms"]),
        "observables of the kind energy": rename(observables + "bond", observables + "energy"),
        "without weights": lambda t, a: t.pop(observables + "bond/weight"),
        "basis of vibrations": lambda t, a: a[observables + "eigenmatrix_diagonal"].update(basis="vibrations"),
        "(-1)": lambda t, a: t[observables + "angle/index"].__setitem__(0, -1),
        "vibration 3 by its number": rename(observables + "eigenmatrix_diagonal", observables + "frequency"),
    }
    wrong = []
    for text, change in changes.items():
        tables, attributes = {name: table.copy() for name, table in original[0].items()}, {n: dict(a) for n, a in original[1].items()}
        change(tables, attributes)
        if text.startswith("vibration 3"):
            tables[observables + "frequency/index"][:] = 3
        write_tables(path, tables, attributes)
        try:
            back.read(path)
            wrong.append(f"{text}: not refused")
        except back.Refused as refused:
            if text not in str(refused):
                wrong.append(f"{text}: {refused}")
        except Exception as error:  # noqa: BLE001
            wrong.append(f"{text}: {type(error).__name__} {error}")
    claim("refusals", not wrong, f"{len(changes)} changes of a data set, each refused by name" + "".join(f"\n    {w}" for w in wrong))


if __name__ == "__main__":
    main()
