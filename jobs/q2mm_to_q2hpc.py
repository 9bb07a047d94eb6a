"""Brings a force field, molecules and reference data of the Python project q2mm over to a q2hpc data set; docs/q2mm.md.

Needs q2mm (the package of ericchansen/q2mm, written against its commit 0c79572) to be importable, numpy and h5py. From Python,
with q2mm's own objects:

    from q2mm_to_q2hpc import write
    write(forcefield, molecules, reference, "input.h5")      # ForceField, [Q2MMMolecule], ReferenceData

or, for the benchmark that q2mm calls rh-enamide, from the command line:

    python3 q2mm_to_q2hpc.py rh-enamide FOLDER input.h5 [--form mm3|harmonic] [--observables frequencies|multi] [--as-q2mm]

FOLDER is q2mm's examples/rh-enamide, or any folder that holds, at any depth, mm3.fld, rh_enamide_training_set.mmo and the nine
Jaguar inputs.

The first rows of the parameter table are q2mm's parameter vector, in its order (`vector` reads it back from a result); rows that
q2mm does not vary, the phases of torsions, follow. Matching is q2mm's own (ForceField.match_bond and the like), and so are
masses.
"""

import argparse
import re
import sys
from pathlib import Path

import h5py
import numpy as np
from q2mm.constants import HARTREE_TO_KJMOL, KCAL_TO_KJ, MM3_ANGLE_C6, REAL_FREQUENCY_THRESHOLD
from q2mm.elements import ATOMIC_SYMBOLS, MASSES
from q2mm.models.forcefield import ForceField, FunctionalForm
from q2mm.models.hessian import hessian_to_frequencies
from q2mm.models.molecule import Q2MMMolecule
from q2mm.models.seminario import estimate_force_constants
from q2mm.optimizers.objective import ReferenceData
from q2mm.parsers import JaguarIn, MacroModel

from q2hpc_dataset import DataSet

NUMBER = {symbol: number for number, symbol in ATOMIC_SYMBOLS.items()}
SIGMA = 2.0 ** (5.0 / 6.0)      # sigma of 12-6 Lennard-Jones over q2mm's radius, which is half the distance of the minimum
FREQUENCY_WEIGHT = 0.001        # of every frequency in q2mm's benchmarks
BOHR = 0.529177210903           # angstrom, CODATA 2018; q2mm's too
Q2MM_HARTREE = HARTREE_TO_KJMOL / KCAL_TO_KJ  # kcal/mol, as q2mm converts Hessians; 627.50956, CODATA 2018 has 627.50947
SAME_FREQUENCY = 0.01           # cm-1
IMAGINARY = -50.0               # cm-1; lower modes count as imaginary

# q2mm's label of a parameter: kind, unit and factor in the data set. The kinds of non-bonded parameters depend on the form.
KIND = {
    "bond_k": ("bond_k", "kcal/mol/angstrom^2", 1.0), "bond_eq": ("bond_eq", "angstrom", 1.0),
    "angle_k": ("angle_k", "kcal/mol/rad^2", 1.0), "angle_eq": ("angle_eq", "degree", 1.0),
    "torsion_k": ("torsion_k", "kcal/mol", 1.0),
    "ub_k": ("urey_bradley_k", "kcal/mol/angstrom^2", 1.0), "ub_eq": ("urey_bradley_eq", "angstrom", 1.0),
}
NONBONDED_KIND = {
    FunctionalForm.MM3: {"vdw_radius": ("vdw_radius", "angstrom", 1.0), "vdw_epsilon": ("vdw_epsilon", "kcal/mol", 1.0)},
    FunctionalForm.HARMONIC: {"vdw_radius": ("lj_sigma", "angstrom", SIGMA), "vdw_epsilon": ("lj_epsilon", "kcal/mol", 1.0)},
}
# q2mm's kinds of reference values with `atom_indices`: the data set's, and columns of its index. Units are the same.
OBSERVABLE = {"bond_length": ("bond", 2), "bond_angle": ("angle", 3), "torsion_angle": ("torsion", 4),
              "eig_offdiagonal": ("eigenmatrix_off_diagonal", 2), "hessian_element": ("hessian", 2)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("system", choices=["rh-enamide"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("output")
    parser.add_argument("--form", choices=["mm3", "harmonic"], default="mm3")
    parser.add_argument("--observables", choices=["frequencies", "multi"], default="frequencies",
                        help="multi: relaxed bonds and angles and the eigenmatrix' diagonal; force constants start by method C")
    parser.add_argument("--as-q2mm", action="store_true", help="q2mm's hartree, for comparison")
    arguments = parser.parse_args()
    multi = arguments.observables == "multi"
    forcefield, molecules = rh_enamide(arguments.folder, arguments.form, ts_method="C" if multi else None)
    reference = ReferenceData.from_molecules(molecules, eigenmatrix_diagonal_only=True) if multi else None
    write(forcefield, molecules, reference, arguments.output, title=f"rh-enamide, q2mm's {arguments.form} model",
          as_q2mm=arguments.as_q2mm)
    print(f"{arguments.output}: {len(molecules)} molecules, {forcefield.n_params} parameters of q2mm")


# --- the benchmark -----------------------------------------------------------------------------------------------------------

def rh_enamide(folder, form="mm3", ts_method=None):
    """(ForceField, [Q2MMMolecule]) as q2mm.diagnostics.systems.load_rh_enamide makes them, from a folder of one's own: rows of
    mm3.fld marked OPT, force constants by Seminario's method, torsions zero. ts_method: q2mm's, None as in its benchmark; "C"
    inverts the reaction coordinate first, without which the force field has a negative C-H constant and no minimum."""
    natural = lambda path: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.stem)]
    inputs = sorted(folder.rglob("*.in"), key=natural)
    mmo, fld = (list(folder.rglob(name)) for name in ("rh_enamide_training_set.mmo", "mm3.fld"))
    if len(inputs) != 9 or len(mmo) != 1 or len(fld) != 1:
        sys.exit(f"{folder}: expected nine Jaguar inputs *.in, one rh_enamide_training_set.mmo and one mm3.fld, "
                 f"found {len(inputs)}, {len(mmo)} and {len(fld)}")
    structures = MacroModel(str(mmo[0])).structures
    hessians = [JaguarIn(str(path)).get_hessian(len(structure.atoms)) for structure, path in zip(structures, inputs, strict=True)]
    molecules = [Q2MMMolecule.from_structure(structure, name=path.stem, hessian=hessian)
                 for structure, path, hessian in zip(structures, inputs, hessians)]
    template = ForceField.from_mm3_fld(str(fld[0]))
    forcefield = estimate_force_constants(molecules, forcefield=template, ts_method=ts_method)
    forcefield.functional_form = FunctionalForm(form)
    return forcefield, molecules


# --- q2mm's objects to a data set --------------------------------------------------------------------------------------------

def write(forcefield, molecules, reference, path, title="", names=None, as_q2mm=False):
    """Writes `path`.

    forcefield   q2mm's ForceField; functional_form None is harmonic, as q2mm's JAX engine takes it. No CMAPs.
    molecules    [Q2MMMolecule], those with observables with Hessians
    reference    q2mm's ReferenceData, or None: every frequency, weight 0.001. Energies are refused: q2mm compares absolute ones.
    names        of the molecules; default: their own, numbered where one occurs twice
    as_q2mm      QM Hessians by q2mm's hartree, so that its numbers come out to more digits
    """
    form = forcefield.functional_form or FunctionalForm.HARMONIC
    if forcefield.cmaps:
        raise ValueError("the force field has CMAPs, which q2mm's JAX engine leaves out and this script does not convert")
    data = DataSet(title=title, hessian_unit="kcal/mol/angstrom^2" if as_q2mm else "hartree/bohr^2")
    types = []
    names = names or unique([molecule.name or "molecule" for molecule in molecules])
    for name, molecule in zip(names, molecules, strict=True):
        add_molecule(data, name, molecule, Q2MM_HARTREE / BOHR**2 if as_q2mm else 1.0)
        if forcefield.vdws:
            types.append(vdw_types(forcefield, molecule, name))
    terms = [matched_terms(forcefield, form, molecule) for molecule in molecules]
    used = {row for rows in terms for _, _, parameters, _ in rows for row in parameters if isinstance(row, (int, np.integer))}
    used |= {row for atoms in types for v in atoms for row in vdw_rows(forcefield, v)}
    add_parameters(data, forcefield, form, used)
    for molecule, rows in zip(data.molecules, terms):
        for name, atoms, parameters, constants in rows:
            data.term(molecule, name, atoms, [phase_row(data, p) if isinstance(p, Phase) else p for p in parameters], constants)
    if types:
        add_pairs(data, forcefield, form, types)
    add_observables(data, molecules, reference)
    data.write(path)


def vector(result, forcefield):
    """q2mm's parameter vector from the final parameters of a q2hpc result, for ForceField.with_params."""
    form = forcefield.functional_form or FunctionalForm.HARMONIC
    factor = [kind_of(label, form)[2] for label in forcefield.get_param_type_labels()]
    with h5py.File(result, "r") as file:
        return file["parameters/final"][: len(factor)] / factor


def unique(names):
    names = [name.encode()[:50].decode(errors="ignore") for name in names]
    return [f"{name} {number + 1}" if names.count(name) > 1 else name for number, name in enumerate(names)]


def add_molecule(data, name, molecule, hessian_factor):
    """Bonds are all of q2mm's, matched or not: they decide its exclusions, as they decide q2hpc's."""
    imaginary = 0
    if molecule.hessian is not None:
        imaginary = sum(f < IMAGINARY for f in hessian_to_frequencies(molecule.hessian, molecule.symbols))
    data.molecule(name, [NUMBER[s] for s in molecule.symbols], molecule.geometry, charge=molecule.charge,
                  multiplicity=molecule.multiplicity,
                  hessian=None if molecule.hessian is None else np.asarray(molecule.hessian) * hessian_factor,
                  masses=[MASSES[s] for s in molecule.symbols], bonds=[(b.atom_i, b.atom_j) for b in molecule.bonds],
                  imaginary_modes=imaginary, method="as in q2mm")


# --- parameters --------------------------------------------------------------------------------------------------------------

def kind_of(label, form):
    return KIND.get(label) or NONBONDED_KIND[form][label]


def row_offsets(forcefield):
    """First row of q2mm's vector that belongs to bonds, angles, torsions, vdws and Urey-Bradley terms."""
    bonds, angles, torsions, vdws = (len(getattr(forcefield, a)) for a in ("bonds", "angles", "torsions", "vdws"))
    first = np.cumsum([0, 2 * bonds, 2 * angles, torsions, 2 * vdws])
    return dict(zip(("bonds", "angles", "torsions", "vdws", "urey_bradley"), (int(f) for f in first)))


def vdw_rows(forcefield, number):
    """(radius, epsilon)"""
    first = row_offsets(forcefield)["vdws"] + 2 * number
    return first, first + 1


def add_parameters(data, forcefield, form, used):
    """q2mm's vector, row by row. A parameter without a term is frozen; q2mm leaves it where it is as well. A starting value outside
    q2mm's bounds widens them."""
    names = []
    for attribute, slots in ForceField._PARAM_SLOTS:
        for parameter in getattr(forcefield, attribute):
            names += [label_of(parameter)] * len(slots)
    names += [label for angle in forcefield._ub_angles for label in [label_of(angle)] * 2]
    columns = zip(names, forcefield.get_param_type_labels(), forcefield.get_param_vector(), forcefield.get_bounds(), strict=True)
    for row, (name, label, value, bounds) in enumerate(columns):
        kind, unit, factor = kind_of(label, form)
        if data.parameter_row(kind, name) is not None:
            name = f"{name} ({row})"
        lower, upper = min(bounds[0], value), max(bounds[1], value)
        data.parameter(kind, name, factor * value, lower=factor * lower, upper=factor * upper, active=row in used, unit=unit)


def label_of(parameter):
    """Types or elements, the torsion's periodicity, and the row of the force-field file."""
    types = getattr(parameter, "atom_type", "") or getattr(parameter, "env_id", "") or "-".join(parameter.elements)
    wave = f" V{parameter.periodicity}" if hasattr(parameter, "periodicity") else ""
    return f"{types}{wave}" + (f" {parameter.ff_row}" if parameter.ff_row is not None else "")


class Phase(float):
    """A torsion's phase in degrees, a constant in q2mm, where a term names a row."""


def phase_row(data, phase):
    """The frozen row of a phase, after q2mm's own."""
    label = f"{float(phase):g} degrees"
    row = data.parameter_row("torsion_phase", label)
    return data.parameter("torsion_phase", label, float(phase), active=False) if row is None else row


# --- terms -------------------------------------------------------------------------------------------------------------------

def matched_terms(forcefield, form, molecule):
    """[(form's name, atoms, parameters, constants)], matched as q2mm.backends.mm.jax_engine.JaxEngine.create_context does it."""
    first = row_offsets(forcefield)
    lists = forcefield.bonds, forcefield.angles, forcefield.torsions
    place = {id(parameter): number for parameters in lists for number, parameter in enumerate(parameters)}
    urey_bradley = {id(p): n for n, p in enumerate(forcefield._ub_angles)}
    mm3 = form is FunctionalForm.MM3
    rows = []
    for bond in molecule.bonds:
        match = forcefield.match_bond(bond.elements, env_id=bond.env_id, ff_row=bond.ff_row)
        if match is not None:
            k = first["bonds"] + 2 * place[id(match)]
            rows.append(("bond_mm3" if mm3 else "bond_harmonic", (bond.atom_i, bond.atom_j), (k, k + 1), ()))
    for angle in molecule.angles:
        match = forcefield.match_angle(angle.elements, env_id=angle.env_id, ff_row=angle.ff_row)
        if match is None:
            continue
        k = first["angles"] + 2 * place[id(match)]
        rows.append(("angle_mm3" if mm3 else "angle_harmonic", (angle.atom_i, angle.atom_j, angle.atom_k), (k, k + 1),
                     (MM3_ANGLE_C6,) if mm3 else ()))
        if id(match) in urey_bradley:
            k = first["urey_bradley"] + 2 * urey_bradley[id(match)]
            rows.append(("urey_bradley", (angle.atom_i, angle.atom_k), (k, k + 1), ()))
    for torsion in molecule.torsions:
        atoms = torsion.atom_i, torsion.atom_j, torsion.atom_k, torsion.atom_l
        for match in forcefield.match_torsion(torsion.element_quad, env_id=torsion.env_id, ff_row=torsion.ff_row,
                                              is_improper=False):
            k = first["torsions"] + place[id(match)]
            rows.append(("torsion_fourier_unfaded", atoms, (k, Phase(match.phase)), (float(match.periodicity),)))
    return rows


# --- non-bonded pairs --------------------------------------------------------------------------------------------------------

def vdw_types(forcefield, molecule, name):
    """[N] the number of each atom's vdW parameter; every atom must have one, as in q2mm."""
    numbers = {id(v): n for n, v in enumerate(forcefield.vdws)}
    matches = [forcefield.match_vdw(atom_type=t, element=s) for s, t in zip(molecule.symbols, molecule.atom_types)]
    if None in matches:
        atom = matches.index(None)
        raise ValueError(f"{name}: atom {atom} ({molecule.symbols[atom]}, type {molecule.atom_types[atom]}) matches no vdW "
                         "parameter")
    return [numbers[id(m)] for m in matches]


def add_pairs(data, forcefield, form, types):
    """MM3's exp-6 with q2mm's wall, or 12-6 with geometric means. No charges; 1-2 and 1-3 pairs left out, 1-4 pairs in full."""
    if form is FunctionalForm.MM3:
        data.nonbonded_rules("mm3", form="exp6_q2mm")
    else:
        data.nonbonded_rules("geometric", form="lennard_jones")
    for number, vdw in enumerate(forcefield.vdws):
        radius, epsilon = vdw_rows(forcefield, number)
        data.nonbonded_type(vdw.atom_type, epsilon, radius)
    for molecule, atoms in zip(data.molecules, types):
        molecule.types = atoms


# --- observables -------------------------------------------------------------------------------------------------------------

def add_observables(data, molecules, reference):
    """q2mm's reference values, those of weight 0 among them. Frequencies become index -1, all above 50 cm-1, which `-match q2mm`
    pairs as q2mm does."""
    if reference is None:
        for molecule in data.molecules:
            data.observable(molecule, "frequency", -1, FREQUENCY_WEIGHT)
        return
    for kind in ("eigenmatrix_diagonal", "eigenmatrix_off_diagonal"):
        data.observable_attributes[kind]["basis"] = "cartesian"  # q2mm's: neither mass-weighted nor projected
    frequencies = {}
    for value in reference.values:
        if value.kind == "frequency":
            frequencies.setdefault(value.molecule_idx, []).append(value)
        else:
            kind, index = observable(value)
            data.observable(data.molecules[value.molecule_idx], kind, index, value.weight, value.value)
    for m, values in frequencies.items():
        data.observable(data.molecules[m], "frequency", -1, frequency_weight(data.molecules[m].name, molecules[m], values))


def observable(value):
    """The data set's kind and index of a ReferenceValue."""
    if value.kind == "eig_diagonal":
        return "eigenmatrix_diagonal", value.data_idx
    if value.kind in OBSERVABLE and value.atom_indices is not None:
        kind, columns = OBSERVABLE[value.kind]
        return kind, value.atom_indices[:columns]
    raise ValueError(f"reference value '{value.kind}' ({value.label or 'no label'}) of molecule {value.molecule_idx} has no "
                     "counterpart in q2hpc" + (" without atom indices" if value.kind in OBSERVABLE else ""))


def frequency_weight(name, molecule, values):
    """The weight of a molecule's frequencies, if they are what q2hpc pairs: the QM frequencies above 50 cm-1, from the lowest on,
    all of one weight."""
    if molecule.hessian is None:
        raise ValueError(f"{name}: frequencies are observed, and it has no Hessian to derive them from "
                         "(Q2MMMolecule.with_hessian)")
    qm = [f for f in hessian_to_frequencies(molecule.hessian, molecule.symbols) if f > REAL_FREQUENCY_THRESHOLD]
    given = sorted(v.value for v in values)
    if len({v.weight for v in values}) != 1:
        raise ValueError(f"{name}: its frequencies have different weights; give them one")
    if len(given) > len(qm) or np.abs(np.subtract(given, qm[: len(given)])).max() > SAME_FREQUENCY:
        raise ValueError(f"{name}: its {len(given)} reference frequencies are not those of its QM Hessian above "
                         f"{REAL_FREQUENCY_THRESHOLD:g} cm-1")
    return values[0].weight


if __name__ == "__main__":
    main()
