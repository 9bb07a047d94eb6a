"""Takes a q2hpc data set, with the parameters of a result where there is one, back to objects of the Python project q2mm;
docs/q2mm.md.

Needs q2mm (the package of ericchansen/q2mm, written against its commit 0c79572) to be importable, numpy and h5py. From Python:

    from q2hpc_to_q2mm import read
    model = read("input.h5", result="input.result.h5")        # or without result: the starting values
    ObjectiveFunction(model.forcefield, engine, model.molecules, model.reference)

or, to see what q2mm's JAX engine makes of a file, from the command line:

    python3 q2hpc_to_q2mm.py input.h5 [--result input.result.h5] [--as-q2mm]

It is the way back of q2mm_to_q2hpc.py and takes any data set that q2mm can express, whatever wrote it. What it cannot express
is refused with a message that names it (Refused). Energies and gradients of the QM program have no place in q2mm's molecules
and stay behind.
"""

import argparse
import sys
from dataclasses import dataclass, field

import numpy as np
from q2mm.constants import MM3_ANGLE_C6, REAL_FREQUENCY_THRESHOLD
from q2mm.diagnostics.systems import _build_frequency_reference
from q2mm.elements import ATOMIC_SYMBOLS, MASSES
from q2mm.models.forcefield import AngleParam, BondParam, ForceField, FunctionalForm, TorsionParam, VdwParam
from q2mm.models.hessian import decompose, hessian_to_frequencies, transform_to_eigenmatrix
from q2mm.models.molecule import DetectedAngle, DetectedBond, DetectedTorsion, Q2MMMolecule
from q2mm.optimizers.objective import ObjectiveFunction, ReferenceData, ReferenceValue

from q2hpc_dataset import read_tables
from q2mm_to_q2hpc import BOHR, OBSERVABLE, Q2MM_HARTREE, SIGMA

HARTREE, CALORIE = 4.3597447222071e-18 * 6.02214076e23 / 4184.0, 4.184  # kcal/mol, CODATA 2018; J
MILLIDYNE_ANGSTROM = 1e-18 * 6.02214076e23 / 4184.0                     # kcal/mol
# To q2mm's units: angstrom, degree, kcal/mol, per angstrom^2, per rad^2; of what is observed also hartree/bohr^2.
UNIT = {"angstrom": 1.0, "nm": 10.0, "bohr": BOHR, "degree": 1.0, "radian": 180.0 / np.pi, "kcal/mol": 1.0, "kJ/mol": 1 / CALORIE,
        "kcal/mol/angstrom^2": 1.0, "kJ/mol/nm^2": 0.01 / CALORIE, "mdyn/angstrom": MILLIDYNE_ANGSTROM,
        "hartree/bohr^2": HARTREE / BOHR**2, "kcal/mol/rad^2": 1.0, "kJ/mol/rad^2": 1 / CALORIE,
        "mdyn*angstrom/rad^2": MILLIDYNE_ANGSTROM, "hartree/rad^2": HARTREE}
HESSIAN_UNIT = {"hartree/bohr^2": 1.0, "kcal/mol/angstrom^2": BOHR**2 / HARTREE, "kJ/mol/nm^2": 0.01 / CALORIE * BOHR**2 / HARTREE}

# Forms of terms and pairs that each of q2mm's functional forms has.
TERMS = {FunctionalForm.MM3: {"bond_mm3", "angle_mm3"}, FunctionalForm.HARMONIC: {"bond_harmonic", "angle_harmonic"}}
COMMON_TERMS = {"torsion_fourier", "torsion_fourier_unfaded", "urey_bradley"}
PAIRS = {("exp6_q2mm", "mm3"): FunctionalForm.MM3, ("lennard_jones", "geometric"): FunctionalForm.HARMONIC}
FADING = np.radians(175.0)  # torsion_fourier with a wider angle is not q2mm's
NEVER = "?"                 # the element of a parameter that no term has
KIND = {kind: name for name, (kind, _) in OBSERVABLE.items()}
GEOMETRY = ("bond", "angle", "torsion")


class Refused(ValueError):
    """The data set has something that q2mm cannot express."""


@dataclass
class Model:
    forcefield: ForceField
    molecules: list                 # [Q2MMMolecule]
    reference: ReferenceData
    rows: np.ndarray                # the row of /force_field/parameters of each number of q2mm's vector
    notes: list = field(default_factory=list)  # what q2mm takes otherwise without changing a value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input")
    parser.add_argument("--result")
    parser.add_argument("--as-q2mm", action="store_true", help="the file's Hessians are in q2mm's hartree (q2mm_to_q2hpc.py)")
    arguments = parser.parse_args()
    from q2mm.backends.mm.jax_engine import JaxEngine
    engine = JaxEngine()
    try:
        model = read(arguments.input, arguments.result, engine, arguments.as_q2mm)
    except Refused as refused:
        sys.exit(f"{arguments.input}: {refused}")
    for note in model.notes:
        print(f"note: {note}")
    loss = ObjectiveFunction(model.forcefield, engine, model.molecules, model.reference)(model.forcefield.get_param_vector())
    print(f"{arguments.input}: {len(model.molecules)} molecules, {model.forcefield.n_params} parameters in q2mm's vector, "
          f"{model.reference.n_observations} reference values, q2mm's loss {loss:.9g}")


def read(path, result=None, engine=None, as_q2mm=False):
    """The Model of a data set.

    result    a result of q2hpc: its final parameters, instead of the file's
    engine    q2mm's; frequencies then pair as in q2mm's benchmarks and `-match q2mm`: the k-th QM one above 50 cm-1 with the k-th that
              this engine finds above 50 cm-1 at these parameters. None: with that of the same place among all 3N
    as_q2mm   the inverse of q2mm_to_q2hpc.write's
    """
    data = Tables(path)
    data.refuse_what_has_no_place()
    values = data.values(result)
    forcefield = ForceField(name=data.title or "q2hpc", functional_form=data.functional_form())
    terms = Terms(data, values, forcefield)
    vdw_rows = add_types(data, values, terms)
    unit = HESSIAN_UNIT | ({"kcal/mol/angstrom^2": BOHR**2 / Q2MM_HARTREE} if as_q2mm else {})
    molecules = [molecule_of(data, m, terms, unit) for m in range(data.count)]
    rows = np.array(terms.rows + vdw_rows + terms.urey_bradley_rows, dtype=int)
    reference = references(data, molecules, forcefield, engine)
    return Model(forcefield, molecules, reference, rows, notes(data, rows, terms))


def notes(data, rows, terms):
    frozen = [row for row in rows if not data.column("parameters/active")[row] and row not in terms.without_term]
    phases = [row for row in terms.phase_rows if data.column("parameters/active")[row]]
    texts = [(frozen, "{} parameters that are frozen in the file vary in q2mm: {}"),
             (phases, "{} phases that vary in the file are constants in q2mm: {}"),
             (terms.left_out, "{} rows without a term that make no pair of q2mm's are left out: {}")]
    return [text.format(len(some), ", ".join(data.name(row) for row in some[:5]) + (", ..." if len(some) > 5 else ""))
            for some, text in texts if some]


# --- the file ----------------------------------------------------------------------------------------------------------------

class Tables:
    """A data set as read_tables returns it, by names below /force_field where they begin with none of the other groups'."""

    def __init__(self, path):
        self.path = path
        self.tables, self.attributes = read_tables(path)
        self.title = self.attributes["/"].get("title", "")
        self.names = self.texts("/molecules/name")
        self.count = len(self.names)
        self.kinds, self.labels = self.texts("/force_field/parameters/kind"), self.texts("/force_field/parameters/label")

    def texts(self, path):
        return [t.decode() if isinstance(t, bytes) else str(t) for t in self.tables[path]]

    def column(self, name):
        return self.tables["/force_field/" + name]

    def rows(self, offset, m):
        return slice(int(self.tables[offset][m]), int(self.tables[offset][m + 1]))

    def name(self, row):
        return f"{self.kinds[row]} {self.labels[row]}"

    def attribute(self, path, key, default=None):
        return self.attributes.get(path, {}).get(key, default)

    def forms(self):
        """Forms that have terms."""
        found = {path.split("/")[3] for path in self.tables if path.startswith("/force_field/terms/")}
        return sorted(form for form in found if len(self.column(f"terms/{form}/atoms")) > 0)

    def terms(self, form, m):
        """[(atoms, rows of parameters, constants)] of one molecule."""
        if form not in self.forms():
            return []
        group, rows = f"/force_field/terms/{form}/", self.rows(f"/force_field/terms/{form}/offset", m)
        atoms, parameters = (self.tables[group + key][rows].tolist() for key in ("atoms", "parameters"))
        constants = self.tables[group + "constants"][rows].tolist() if group + "constants" in self.tables else [[]] * len(atoms)
        return list(zip(map(tuple, atoms), map(tuple, parameters), constants))

    def values(self, result):
        """Of all parameters, in q2mm's units."""
        values = self.column("parameters/value")
        if result is not None:
            tables, _ = read_tables(result)
            if [t.decode() for t in tables["/parameters/label"]] != self.labels:
                raise ValueError(f"{result}: its parameters are not those of {self.path}")
            values = tables["/parameters/final"]
        units = self.texts("/force_field/parameters/unit")
        return [float(value) * UNIT[unit] if unit in UNIT else np.nan for value, unit in zip(values, units)]

    def functional_form(self):
        forms = set(self.forms())
        unknown = forms - set().union(COMMON_TERMS, *TERMS.values())
        if unknown:
            raise Refused(f"terms of the form {', '.join(sorted(unknown))}, which q2mm's engine does not have")
        found = {form for form, terms in TERMS.items() if terms & forms}
        if self.has_pairs():
            found.add(PAIRS[self.pair_form()])
        if len(found) > 1:
            raise Refused(f"terms and pairs of both of q2mm's functional forms, MM3 and harmonic ({', '.join(sorted(forms))}"
                          + (f", {self.pair_form()[0]}" if self.has_pairs() else "") + "); q2mm has one at a time")
        return found.pop() if found else FunctionalForm.HARMONIC

    def has_pairs(self):
        return "/force_field/nonbonded/label" in self.tables

    def pair_form(self):
        return (self.attribute("/force_field/nonbonded", "form", "lennard_jones"),
                self.attribute("/force_field/nonbonded", "combining_rule"))

    def refuse_what_has_no_place(self):
        some = lambda path: path in self.tables and np.any(self.tables[path] != 0)
        nonbonded = "/force_field/nonbonded"
        links = [row for row, link in enumerate(self.column("parameters/link")) if link >= 0]
        for wrong, what in (
                (links, f"linked parameters ({self.name(links[0]) if links else ''}); every one of q2mm's varies on its own"),
                ("/force_field/equalities/row" in self.tables, "equalities between parameters"),
                (some("/force_field/prior/weight"), "a prior"),
                (some("/molecules/validation"), "molecules for validation"),
                (self.attribute("/observables", "transition_states", "D") == "C", "method C for transition states, which q2mm "
                 "applies to the Hessians beforehand"),
                (some("/atoms/reduction"), "terms between reduced sites (/atoms/reduction)"),
                (some("/atoms/charge"), "charges (/atoms/charge)"),
                (len(self.tables.get("/force_field/charge_increments/parameter", ())), "charge increments or bond dipoles"),
                (len(self.tables.get("/force_field/nonbonded/special/types", ())), "pairs of types with a form of their own"),
                (self.attribute(nonbonded, "soft_cut_end") is not None, "a soft cut of the van der Waals energy"),
                (self.has_pairs() and self.attribute(nonbonded, "vdw_14", 1.0) != 1.0, f"1-4 pairs scaled by "
                 f"{self.attribute(nonbonded, 'vdw_14', 1.0):g} (vdw_14); q2mm takes them in full"),
                (self.has_pairs() and self.pair_form() not in PAIRS, f"pairs of the form {self.pair_form()[0]} with the rule "
                 f"{self.pair_form()[1]}; q2mm has exp6_q2mm with mm3 and lennard_jones with geometric")):
            if wrong:
                raise Refused(what)


# --- the force field ---------------------------------------------------------------------------------------------------------

class Terms:
    """Fills a ForceField with a parameter for each pair of rows that terms name, in the order of the rows, so that what came
    from q2mm has q2mm's vector. Rows belong to one parameter only; ff_row is the number of its first row, and terms carry it."""

    def __init__(self, data, values, forcefield):
        self.data, self.values, self.forcefield = data, values, forcefield
        self.owner = {}            # row: the parameter's rows and constants
        self.elements = {}         # the same: elements of the first term that has it
        self.urey_bradley = {}     # (k, eq) of an angle: (k, eq) of its Urey-Bradley term, or None
        self.phase_rows = set()
        self.of_molecule = [self.collect(m) for m in range(data.count)]
        self.without_term = set()
        self.left_out = [row for row, kind in enumerate(data.kinds) if kind == "urey_bradley_k" and row not in self.owner]
        self.rows, self.urey_bradley_rows = [], []
        self.add_pairs("bond", BondParam, forcefield.bonds)
        self.add_pairs("angle", AngleParam, forcefield.angles)
        self.add_torsions()

    def collect(self, m):
        """{"bond": [(atoms, key)], "angle": ..., "torsion": ...} of a molecule; keys are rows, of torsions with constants."""
        data, found = self.data, {"bond": [], "angle": [], "torsion": []}
        symbols = symbols_of(data, m)
        for kind, forms in (("bond", ("bond_harmonic", "bond_mm3")), ("angle", ("angle_harmonic", "angle_mm3")),
                            ("torsion", ("torsion_fourier", "torsion_fourier_unfaded"))):
            for form in forms:
                for atoms, parameters, constants in data.terms(form, m):
                    key = self.torsion_key(form, m, atoms, parameters, constants) if kind == "torsion" else parameters
                    if form == "angle_mm3" and constants[0] != MM3_ANGLE_C6:
                        raise Refused(f"molecule {data.names[m]}: an angle_mm3 of the sextic constant {constants[0]:g}; q2mm has "
                                      f"{MM3_ANGLE_C6:g}")
                    self.claim(key, parameters[:1] if kind == "torsion" else parameters)
                    self.elements.setdefault(key, tuple(symbols[a] for a in atoms))
                    found[kind].append((atoms, key))
        self.pair_urey_bradley(m, found["angle"])
        return found

    def claim(self, key, rows):
        for row in rows:
            if self.owner.setdefault(row, key) != key:
                raise Refused(f"{self.data.name(row)} (row {row}) belongs to terms that differ in another parameter or constant; "
                              "in q2mm each of them has one of its own")

    def torsion_key(self, form, m, atoms, parameters, constants):
        row, phase = parameters
        if constants[0] != round(constants[0]):
            raise Refused(f"molecule {self.data.names[m]}: a torsion of periodicity {constants[0]:g}")
        x = positions_of(self.data, m)
        if form == "torsion_fourier" and max(angle(x, *atoms[:3]), angle(x, *atoms[1:])) > FADING:
            raise Refused(f"molecule {self.data.names[m]}: the torsion of atoms {atoms} has a nearly straight angle, near which "
                          "torsion_fourier fades and q2mm does not")
        self.phase_rows.add(phase)
        return row, self.values[phase], int(constants[0])

    def pair_urey_bradley(self, m, angles):
        """In q2mm a Urey-Bradley term belongs to an angle's parameter."""
        ends = {}
        for number, (atoms, _) in enumerate(angles):
            ends.setdefault(frozenset((atoms[0], atoms[2])), []).append(number)
        partner = {}
        for atoms, rows, _ in self.data.terms("urey_bradley", m):
            numbers = ends.get(frozenset(atoms), [])
            if len(numbers) != 1 or numbers[0] in partner:
                raise Refused(f"molecule {self.data.names[m]}: the Urey-Bradley term of atoms {atoms} belongs to no single angle")
            self.claim(rows, rows)
            partner[numbers[0]] = rows
        for number, (atoms, key) in enumerate(angles):
            if self.urey_bradley.setdefault(key, partner.get(number)) != partner.get(number):
                raise Refused(f"molecule {self.data.names[m]}: angles of the parameter {self.data.name(key[0])} differ in their "
                              "Urey-Bradley terms")

    def keys(self, kind, count):
        """Of all parameters of a kind in the order of their rows, those without terms among them."""
        data, used = self.data, {key for found in self.of_molecule for _, key in found[kind]}
        free = [row for row in range(len(data.kinds)) if row not in self.owner and data.kinds[row] == f"{kind}_k"]
        for row in free:
            following = row + 1
            paired = following < len(data.kinds) and data.kinds[following] == f"{kind}_eq" and following not in self.owner
            if count == 2 and not paired:
                self.left_out.append(row)
                continue
            key = (row, following) if count == 2 else (row, 0.0, 1)
            self.elements[key] = (NEVER,) * {"bond": 2, "angle": 3, "torsion": 4}[kind]
            self.without_term |= set(key[:count])
            used.add(key)
        return sorted(used)

    def add_pairs(self, kind, parameter, parameters):
        for key in self.keys(kind, 2):
            elements = self.elements[key]
            if kind == "bond":
                elements = tuple(sorted(elements))
            constants = {"force_constant": self.values[key[0]], "equilibrium": self.values[key[1]]}
            if self.urey_bradley.get(key):
                constants["ub_force_constant"], constants["ub_equilibrium"] = (self.values[row] for row in self.urey_bradley[key])
                self.urey_bradley_rows += self.urey_bradley[key]
            parameters.append(parameter(elements=elements, label=self.data.labels[key[0]], ff_row=key[0], **constants))
            self.rows += key

    def add_torsions(self):
        for key in self.keys("torsion", 1):
            row, phase, periodicity = key
            self.forcefield.torsions.append(TorsionParam(elements=self.elements[key], periodicity=periodicity, phase=phase,
                                                         force_constant=self.values[row], label=self.data.labels[row], ff_row=row))
            self.rows.append(row)


def add_types(data, values, terms):
    """The non-bonded types; returns their rows."""
    if not data.has_pairs():
        return []
    forcefield, acting = terms.forcefield, set(data.tables["/atoms/type"].tolist())
    mm3 = forcefield.functional_form is FunctionalForm.MM3
    labels, rows, owner = data.texts("/force_field/nonbonded/label"), [], set()
    columns = data.column("nonbonded/epsilon").tolist(), data.column("nonbonded/" + ("radius" if mm3 else "sigma")).tolist()
    for number, (label, epsilon, size) in enumerate(zip(labels, *columns)):
        if {epsilon, size} & owner:
            raise Refused(f"the non-bonded type {label} shares {data.name(epsilon)} or {data.name(size)} with another type; in q2mm "
                          "each has its own")
        owner |= {epsilon, size}
        terms.without_term |= {epsilon, size} if number not in acting else set()
        forcefield.vdws.append(VdwParam(label, radius=values[size] / (1.0 if mm3 else SIGMA), epsilon=values[epsilon]))
        rows += [size, epsilon]
    return rows


# --- molecules ---------------------------------------------------------------------------------------------------------------

def symbols_of(data, m):
    return [ATOMIC_SYMBOLS[int(z)] for z in data.tables["/atoms/element"][data.rows("/molecules/atom_offset", m)]]


def positions_of(data, m):
    factor = UNIT[data.attribute("/atoms/position", "unit")]
    return data.tables["/atoms/position"][data.rows("/molecules/atom_offset", m)] * factor


def angle(x, i, j, k):
    u, v = x[i] - x[j], x[k] - x[j]
    return float(np.arctan2(np.linalg.norm(np.cross(u, v)), u @ v))


def molecule_of(data, m, terms, hessian_unit):
    name, symbols, x, atoms = data.names[m], symbols_of(data, m), positions_of(data, m), data.rows("/molecules/atom_offset", m)
    if "/atoms/mass" in data.tables:
        for symbol, mass in zip(symbols, data.tables["/atoms/mass"][atoms]):
            if abs(mass - MASSES[symbol]) > 1e-4:
                raise Refused(f"molecule {name}: {symbol} of mass {mass:g}; q2mm has {MASSES[symbol]:g}")
    types = None
    if data.has_pairs():
        labels = data.texts("/force_field/nonbonded/label")
        types = [labels[t] for t in data.tables["/atoms/type"][atoms]]
        for t in data.tables["/atoms/type"][atoms]:
            if labels.index(labels[t]) != t:
                raise Refused(f"molecule {name}: an atom of the second non-bonded type that is called {labels[t]}; q2mm takes the "
                              "first")
    found = terms.of_molecule[m]
    elements = lambda some: tuple(symbols[a] for a in some)
    angles = [DetectedAngle(*a, elements(a), np.degrees(angle(x, *a)), ff_row=key[0]) for a, key in found["angle"]]
    torsions = [DetectedTorsion(*a, elements(a), torsion_angle(x, *a), ff_row=key[0]) for a, key in found["torsion"]]
    return Q2MMMolecule(symbols, x, types, charge=int(data.tables["/molecules/charge"][m]),
                        multiplicity=int(data.tables["/molecules/multiplicity"][m]), name=name,
                        hessian=hessian_of(data, m, 3 * len(symbols), hessian_unit), _bonds=bonds_of(data, m, terms, symbols, x),
                        _angles=angles, _torsions=torsions, _improper_torsions=[])


def bonds_of(data, m, terms, symbols, x):
    """All bonds of the file: they decide what q2mm leaves out of its pairs. One without a term loses its elements where q2mm
    would match it by them."""
    key_of = {}
    for atoms, key in terms.of_molecule[m]["bond"]:
        pair = tuple(sorted(atoms))
        if pair in key_of:
            raise Refused(f"molecule {data.names[m]}: two terms on the bond of atoms {pair}")
        key_of[pair] = key
    listed = [tuple(int(a) for a in pair) for pair in data.tables["/bonds/atoms"][data.rows("/bonds/offset", m)]]
    extra = [pair for pair in key_of if pair not in {tuple(sorted(b)) for b in listed}]
    if extra and data.has_pairs():
        raise Refused(f"molecule {data.names[m]}: a bond term on atoms {extra[0]}, which /bonds does not name; in q2mm it would leave "
                      "out pairs")
    bonds = []
    for i, j in listed + extra:
        key, elements = key_of.get(tuple(sorted((i, j)))), (symbols[i], symbols[j])
        if key is None and terms.forcefield.match_bond(elements) is not None:
            elements = ("", "")
        bonds.append(DetectedBond(i, j, elements, float(np.linalg.norm(x[i] - x[j])), ff_row=None if key is None else key[0]))
    return bonds


def torsion_angle(x, i, j, k, l):
    """Degrees."""
    a, b, c = x[j] - x[i], x[k] - x[j], x[l] - x[k]
    n, o = np.cross(a, b), np.cross(b, c)
    return float(np.degrees(np.arctan2(np.linalg.norm(b) * (a @ o), n @ o)))


def hessian_of(data, m, n, unit):
    """[3N, 3N] hartree/bohr^2, or None."""
    rows, full = data.rows("/molecules/hessian_offset", m), "/hessian_full" in data.tables
    if rows.start == rows.stop:
        return None
    path = "/hessian_full" if full else "/hessian"
    values = data.tables[path][rows] * unit[data.attribute(path, "unit")]
    if full:
        hessian = values.reshape(n, n)
        return 0.5 * (hessian + hessian.T)
    hessian = np.zeros((n, n))
    hessian[np.tril_indices(n)] = values
    return hessian + np.tril(hessian, -1).T


# --- observables -------------------------------------------------------------------------------------------------------------

def references(data, molecules, forcefield, engine):
    reference = ReferenceData()
    groups = {path.split("/")[2] for path in data.tables if path.startswith("/observables/")}
    for kind in sorted(groups, key=lambda kind: kind != "frequency"):
        group = f"/observables/{kind}"
        if len(data.tables[f"{group}/index"]) == 0:
            continue
        if kind not in ("frequency", "eigenmatrix_diagonal", *KIND):
            raise Refused(f"observables of the kind {kind}")
        if f"{group}/weight" not in data.tables:
            raise Refused(f"observables of the kind {kind} without weights (a set of weights by name)")
        if kind.startswith("eigenmatrix") and data.attribute(group, "basis") != "cartesian":
            raise Refused(f"{kind} in the basis of vibrations; q2mm has the Cartesian one")
        for m, molecule in enumerate(molecules):
            rows = data.rows(f"{group}/offset", m)
            given = data.tables.get(f"{group}/value")
            for number in range(rows.start, rows.stop):
                index, weight = (data.tables[f"{group}/{key}"][number].tolist() for key in ("index", "weight"))
                if kind == "frequency":
                    add_frequencies(data, reference, m, molecule, index[0], weight, forcefield, engine)
                    continue
                if -1 in index:
                    raise Refused(f"molecule {molecule.name}: all observables of the kind {kind} (-1); q2mm names each")
                unit = data.attribute(f"{group}/value", "unit")
                factor = UNIT[unit] if kind in GEOMETRY and given is not None else HESSIAN_UNIT.get(unit)
                value = observed(kind, molecule, index) if given is None else float(given[number]) * factor
                reference.values.append(reference_value(kind, m, tuple(index), value, weight))
    return reference


def reference_value(kind, m, index, value, weight):
    if kind == "eigenmatrix_diagonal":
        return ReferenceValue("eig_diagonal", value, weight, molecule_idx=m, data_idx=index[0])
    return ReferenceValue(KIND[kind], value, weight, molecule_idx=m, atom_indices=index)


def add_frequencies(data, reference, m, molecule, index, weight, forcefield, engine):
    minimum = data.attribute("/observables/frequency", "minimum", REAL_FREQUENCY_THRESHOLD)
    if index != -1 or minimum != REAL_FREQUENCY_THRESHOLD:
        raise Refused(f"molecule {molecule.name}: "
                      + (f"vibration {index} by its number" if index != -1 else f"vibrations above {minimum:g} cm-1")
                      + f"; q2mm takes all above {REAL_FREQUENCY_THRESHOLD:g} cm-1")
    if molecule.hessian is None:
        raise Refused(f"molecule {molecule.name}: vibrations are observed, and it has no Hessian")
    qm = hessian_to_frequencies(molecule.hessian, molecule.symbols)
    mm = qm if engine is None else engine.frequencies(molecule, forcefield)
    _build_frequency_reference(qm, mm, threshold=minimum, weight=weight, molecule_idx=m, ref=reference)


def observed(kind, molecule, index):
    """The QM value of an observable that the file gives none of."""
    if kind == "bond":
        return float(np.linalg.norm(molecule.geometry[index[0]] - molecule.geometry[index[1]]))
    if kind in GEOMETRY:
        return np.degrees(angle(molecule.geometry, *index)) if kind == "angle" else torsion_angle(molecule.geometry, *index)
    if kind == "hessian":
        return float(molecule.hessian[tuple(index)])
    matrix = transform_to_eigenmatrix(molecule.hessian, decompose(molecule.hessian)[1])
    return float(matrix[index[0], index[-1]])


if __name__ == "__main__":
    main()
