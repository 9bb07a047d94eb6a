"""Writes q2hpc data sets (input.h5) from Python; docs/format.md is the format, this module its reference writer.

Needs numpy and h5py. An example, from QM arrays to a file that `mpirun q2hpc input.h5` fits:

    from q2hpc_dataset import DataSet

    data = DataSet(title="water")
    water = data.molecule("water", elements=[8, 1, 1], positions=xyz, hessian=hessian,   # angstrom, hartree/bohr^2
                          bonds=[(0, 1), (0, 2)], energy=-76.4, method="B3LYP/6-31G*, PySCF 2.14.0")
    k = data.parameter("bond_k", "O2-H1", 500.0, lower=0.0)                                # kcal/mol/angstrom^2
    r = data.parameter("bond_eq", "O2-H1", 0.96, lower=0.5, upper=1.5)                     # angstrom
    for bond in water.bonds:
        data.term(water, "bond_harmonic", bond, (k, r))
    data.observable(water, "frequency", -1, weight=0.01)                                   # every vibration above 50 cm-1
    data.write("input.h5")

Molecules and parameters may be added in any order; rows of a parameter never change once given out. q2hpc_topology.py finds
bonds, types and terms; here nothing is guessed.
"""

from dataclasses import dataclass, field

import h5py
import numpy as np

NO_BOUND = 1e300  # what the format takes as "no bound"

# Units in which this module writes: those q2hpc works in, degrees where people think in degrees.
DEFAULT_UNIT = {
    "bond_k": "kcal/mol/angstrom^2", "bond_eq": "angstrom",
    "urey_bradley_k": "kcal/mol/angstrom^2", "urey_bradley_eq": "angstrom",
    "angle_k": "kcal/mol/rad^2", "angle_eq": "degree",
    "torsion_k": "kcal/mol", "torsion_phase": "degree",
    "improper_k": "kcal/mol", "improper_phase": "degree",
    "lj_epsilon": "kcal/mol", "lj_sigma": "angstrom",
    "vdw_epsilon": "kcal/mol", "vdw_radius": "angstrom", "vdw_distance": "angstrom",
    "hydrogen_c": "kcal/mol*angstrom^12", "hydrogen_d": "kcal/mol*angstrom^10",
    "charge_increment": "e", "bond_dipole": "debye",
    "morse_d": "kcal/mol", "morse_a": "1/angstrom", "angle_cosine_k": "kcal/mol",
    "torsion_v1": "kcal/mol", "torsion_v2": "kcal/mol", "torsion_v3": "kcal/mol",
    "improper_harmonic_k": "kcal/mol/rad^2", "improper_eq": "degree", "out_of_plane_k": "kcal/mol/rad^2",
    "stretch_bend_k": "kcal/mol/angstrom/rad", "bend_bend_k": "kcal/mol/rad^2",
    "torsion_stretch_v1": "kcal/mol/angstrom", "torsion_stretch_v2": "kcal/mol/angstrom",
    "torsion_stretch_v3": "kcal/mol/angstrom", "cmap_scale": "1",
}

# form: (atoms, kinds of its parameters, constants)
FORMS = {
    "bond_harmonic": (2, ("bond_k", "bond_eq"), 0),
    "angle_harmonic": (3, ("angle_k", "angle_eq"), 0),
    "urey_bradley": (2, ("urey_bradley_k", "urey_bradley_eq"), 0),
    "torsion_fourier": (4, ("torsion_k", "torsion_phase"), 1),
    "torsion_fourier_unfaded": (4, ("torsion_k", "torsion_phase"), 1),
    "improper_fourier": (4, ("improper_k", "improper_phase"), 1),
    "bond_mm3": (2, ("bond_k", "bond_eq"), 0),
    "bond_morse": (2, ("morse_d", "morse_a", "bond_eq"), 0),
    "angle_mm3": (3, ("angle_k", "angle_eq"), 1),
    "angle_cosine": (3, ("angle_cosine_k", "angle_eq"), 0),
    "torsion_mm3": (4, ("torsion_v1", "torsion_v2", "torsion_v3"), 0),
    "improper_harmonic": (4, ("improper_harmonic_k", "improper_eq"), 0),
    "out_of_plane_harmonic": (4, ("out_of_plane_k",), 0),
    "out_of_plane_mm3": (4, ("out_of_plane_k",), 1),
    "stretch_bend": (3, ("stretch_bend_k", "bond_eq", "bond_eq", "angle_eq"), 0),
    "bend_bend": (4, ("bend_bend_k", "angle_eq", "angle_eq"), 0),
    "bend_bend_opposite": (5, ("bend_bend_k", "angle_eq", "angle_eq"), 0),
    "torsion_stretch": (4, ("torsion_stretch_v1", "torsion_stretch_v2", "torsion_stretch_v3", "bond_eq"), 0),
    "cmap": (5, ("cmap_scale",), 1),
}

# form of non-bonded pairs: (kinds of an atom type's two parameters, or None; name of the second; kinds of a row for one pair)
PAIR_FORMS = {
    "lennard_jones": (("lj_epsilon", "lj_sigma"), "sigma", ("lj_epsilon", "lj_sigma")),
    "exp6_mm3": (("vdw_epsilon", "vdw_radius"), "radius", ("vdw_epsilon", "vdw_distance")),
    "exp6_q2mm": (("vdw_epsilon", "vdw_radius"), "radius", ("vdw_epsilon", "vdw_distance")),
    "hydrogen_12_10": (None, None, ("hydrogen_c", "hydrogen_d")),
}
DEBYE = 1.602176634e-19 * 1e-10 * 299792458.0 * 1e21  # debye in 1 e angstrom, CODATA 2018

# kind: (columns of its index, unit of its values, attributes of its group; DataSet.observable_attributes overrides these)
OBSERVABLES = {
    "frequency": (1, "cm-1", {"minimum": 50.0}),
    "eigenmatrix_diagonal": (1, "hartree/bohr^2/amu", {"basis": "vibrations"}),
    "eigenmatrix_off_diagonal": (2, "hartree/bohr^2/amu", {"basis": "vibrations"}),
    "hessian": (2, "hartree/bohr^2", {}),
    "energy": (1, "kcal/mol", {}),
    "gradient": (1, "kcal/mol/angstrom", {}),
    "bond": (2, "angstrom", {}),
    "angle": (3, "degree", {}),
    "torsion": (4, "degree", {}),
    "relaxed_frequency": (1, "cm-1", {"minimum": 50.0}),
    "relaxed_energy": (1, "kcal/mol", {}),
}

LONGEST = {"name": 63, "label": 47, "kind": 31, "unit": 31}  # bytes; io/dataset.h


@dataclass
class Molecule:
    """One molecule as DataSet.molecule took it. `terms` and `observables` are filled by DataSet.term and DataSet.observable."""

    name: str
    elements: np.ndarray          # [N] atomic numbers
    positions: np.ndarray         # [N, 3] angstrom
    hessian: np.ndarray = None    # [3N, 3N] in the data set's Hessian unit, or None
    masses: np.ndarray = None     # [N] amu, or None: most abundant isotopes
    gradient: np.ndarray = None   # [N, 3] hartree/bohr, or None
    bonds: np.ndarray = None      # [B, 2]
    charges: np.ndarray = None    # [N] e, fixed charges of the force field, or None
    types: np.ndarray = None      # [N] rows of the non-bonded table, or None
    energy: float = 0.0           # hartree
    charge: int = 0
    multiplicity: int = 1
    method: str = "unknown"
    group: int = -1
    stationary: int = 1
    imaginary_modes: int = 0
    validation: int = 0           # 1: out of the fit, reported only
    terms: dict = field(default_factory=dict)        # form: [(atoms, parameters, constants)]
    observables: dict = field(default_factory=dict)  # kind: [(index, weight, value)]
    increments: list = field(default_factory=list)   # [(atoms, parameter, factor)] by DataSet.charge_increment


class DataSet:
    """Molecules, a force field and observables, collected in memory and written as one file."""

    def __init__(self, title="", hessian_unit="hartree/bohr^2"):
        self.title = title
        self.hessian_unit = hessian_unit
        self.molecules = []
        self.parameters = []     # dicts, one a row
        self._parameter_row = {}  # (kind, label): row
        self.equalities = []     # ([(row, coefficient)], value, label)
        self.prior_weight = {}   # {kind: weight}
        self.nonbonded = None
        self.grids = []          # [n, n] each, of one n
        self.extra = {}  # {group: (unit, one array of numbers a molecule)}: ragged tables that q2hpc does not read
        self.observable_attributes = {kind: dict(attributes) for kind, (_, _, attributes) in OBSERVABLES.items()}
        self.weights = None            # "q2mm_classic" or "q2mm": the set that weighs observables without a weight
        self.transition_states = None  # "C" or "D" (the default)

    # --- force field ---------------------------------------------------------------------------------------------------------

    def parameter(self, kind, label, value, lower=-NO_BOUND, upper=NO_BOUND, active=True, unit=None, scale=None, link=-1):
        """Adds a row of the parameter table and returns it. (kind, label) must be new; `unit` is that of value, bounds
        and scale."""
        if (kind, label) in self._parameter_row:
            raise ValueError(f"parameter {kind} {label} exists already")
        if not lower <= value <= upper:
            raise ValueError(f"parameter {kind} {label}: {lower} <= {value} <= {upper} does not hold")
        unit = unit or DEFAULT_UNIT[kind]
        row = self._parameter_row[kind, label] = len(self.parameters)
        self.parameters.append(dict(kind=kind, label=label, value=float(value), unit=unit, lower=float(lower),
                                    upper=float(upper), scale=scale, active=int(active), link=link))
        return row

    def parameter_row(self, kind, label):
        """The row of a parameter, or None."""
        return self._parameter_row.get((kind, label))

    def equality(self, rows, value=None, label=""):
        """Adds a linear equality, sum of coefficient x p[row] = value, with `rows` [(row, coefficient)] and every p in its row's
        unit. It must hold at the starting values; `value` None: what they give."""
        start = lambda row: self.parameters[row]["value"]
        if value is None:
            if any(self.parameters[row]["link"] >= 0 for row, _ in rows):
                raise ValueError(f"equality {label}: give its value, or the rows that its linked ones follow")
            value = sum(coefficient * start(row) for row, coefficient in rows)
        self.equalities.append((list(rows), float(value), label))

    def prior(self, kind, weight):
        """Expects the active parameters of a kind to stay near their values: a residual weight x (p - value) / scale for each."""
        self.prior_weight[kind] = float(weight)

    def term(self, molecule, form, atoms, parameters, constants=()):
        """Adds a term of `form` on `atoms` (within the molecule), with rows of the parameter table and the form's constants."""
        atom_count, kinds, constant_count = FORMS[form]
        if len(atoms) != atom_count or len(constants) != constant_count:
            raise ValueError(f"{form} in {molecule.name}: takes {atom_count} atoms and {constant_count} constants")
        self._check_kinds(f"{form} in {molecule.name}", parameters, kinds)
        molecule.terms.setdefault(form, []).append((tuple(atoms), tuple(parameters), tuple(constants)))

    def nonbonded_rules(self, combining_rule, form="lennard_jones", vdw_14=1.0, coulomb_14=1.0, dielectric=1.0):
        """Switches non-bonded pairs on; then every molecule needs `types`. Factors scale the pairs three bonds apart."""
        self.nonbonded = dict(form=form, combining_rule=combining_rule, vdw_14=vdw_14, coulomb_14=coulomb_14,
                              dielectric=dielectric, label=[], epsilon=[], size=[], special=[])

    def nonbonded_type(self, label, epsilon_row, size_row):
        """Adds an atom type of the non-bonded table and returns its row. size_row: sigma, or the radius of an exp-6 form."""
        form = self.nonbonded["form"]
        self._check_kinds(f"type {label} of {form}", (epsilon_row, size_row), PAIR_FORMS[form][0])
        self.nonbonded["label"].append(label)
        self.nonbonded["epsilon"].append(epsilon_row)
        self.nonbonded["size"].append(size_row)
        return len(self.nonbonded["label"]) - 1

    def nonbonded_special(self, types, form, parameters):
        """Gives a pair of atom types a form and two parameters of its own."""
        self._check_kinds(f"{form} of types {tuple(types)}", parameters, PAIR_FORMS[form][2])
        self.nonbonded["special"].append((tuple(types), form, tuple(parameters)))

    def charge_increment(self, molecule, atoms, parameter, factor=None):
        """Adds factor x parameter to the charge of the first atom and takes it from the second. Without a factor it is 1, or
        makes the charges of a bond dipole at the molecule's geometry, positive on the first atom."""
        kind = self.parameters[parameter]["kind"]
        if kind not in ("charge_increment", "bond_dipole"):
            raise ValueError(f"charge increment in {molecule.name}: takes a charge_increment or a bond_dipole, not {kind}")
        if factor is None:
            i, j = atoms
            length = np.linalg.norm(molecule.positions[i] - molecule.positions[j])
            factor = 1.0 if kind == "charge_increment" else 1 / (DEBYE * length)
        molecule.increments.append((tuple(atoms), parameter, float(factor)))

    def _check_kinds(self, what, rows, kinds):
        if tuple(self.parameters[row]["kind"] for row in rows) != kinds:
            raise ValueError(f"{what}: takes parameters of the kinds {kinds}")

    def cmap_grid(self, energies):
        """Adds a grid of [n, n] energies in kcal/mol, from -180 degrees on, phi by row, and returns its number: the constant of
        cmap terms."""
        energies = np.asarray(energies, dtype=float)
        if energies.ndim != 2 or len(set(energies.shape) | {len(g) for g in self.grids}) != 1:
            raise ValueError(f"grid of shape {energies.shape}: all grids have n x n points, of one n")
        self.grids.append(energies)
        return len(self.grids) - 1

    # --- molecules -----------------------------------------------------------------------------------------------------------

    def molecule(self, name, elements, positions, **rest):
        """Adds a molecule and returns it; `rest` are the other fields of Molecule."""
        elements = np.asarray(elements, dtype=np.int32)
        positions = np.asarray(positions, dtype=float).reshape(len(elements), 3)
        molecule = Molecule(name, elements, positions, **rest)
        molecule.bonds = np.asarray([] if molecule.bonds is None else molecule.bonds, dtype=np.int32).reshape(-1, 2)
        self.molecules.append(molecule)
        return molecule

    def observable(self, molecule, kind, index, weight=None, value=None):
        """Adds an observable. `index`: a number or one for each column; -1 alone stands for all. For energies it is another
        molecule, whose energy this one's is compared with. `weight` None: that of the set named by DataSet.weights; `value`
        None: q2hpc derives it from the QM data. What one observable of a kind has, all of that kind must have."""
        columns, _, _ = OBSERVABLES[kind]
        if isinstance(index, Molecule):
            index = next(number for number, other in enumerate(self.molecules) if other is index)
        index = np.atleast_1d(index)
        if len(index) == 1 and index[0] == -1:
            index = np.full(columns, -1)
        if len(index) != columns:
            raise ValueError(f"observable {kind} in {molecule.name}: takes {columns} indices")
        weight = None if weight is None else float(weight)
        molecule.observables.setdefault(kind, []).append((tuple(index), weight, value))

    # --- writing -------------------------------------------------------------------------------------------------------------

    def tables(self):
        """The file's content: {dataset path: array} and {path: {attribute: value}}, as docs/format.md lays it out."""
        tables, attributes = {}, {"/": {"format": "q2hpc", "version": 1}}
        if self.title:
            attributes["/"]["title"] = self.title
        self._molecule_tables(tables, attributes)
        self._parameter_tables(tables)
        self._guidance_tables(tables)
        self._term_tables(tables)
        self._nonbonded_tables(tables, attributes)
        if self.grids:
            tables["/force_field/cmap/grid"] = np.array([grid.ravel() for grid in self.grids])
            attributes["/force_field/cmap/grid"] = {"unit": "kcal/mol"}
        self._observable_tables(tables, attributes)
        for group, (unit, rows) in self.extra.items():
            tables[f"/{group}/offset"] = offsets([len(r) for r in rows])
            tables[f"/{group}/value"] = joined(rows, float)
            attributes[f"/{group}/value"] = {"unit": unit}
        return tables, attributes

    def write(self, path, compress=False):
        """Writes the file. compress: gzip with byte shuffling, readable by every HDF5."""
        write_tables(path, *self.tables(), compress=compress)

    def _column(self, key):
        return [getattr(molecule, key) for molecule in self.molecules]

    def _molecule_tables(self, tables, attributes):
        methods = sorted(set(self._column("method")))
        tables["/methods"] = strings(methods)
        tables["/molecules/name"] = strings(self._column("name"), LONGEST["name"])
        for key in ("charge", "multiplicity", "group", "stationary", "imaginary_modes"):
            tables[f"/molecules/{key}"] = np.array(self._column(key), dtype=np.int32)
        if any(self._column("validation")):
            tables["/molecules/validation"] = np.array(self._column("validation"), dtype=np.int32)
        tables["/molecules/method"] = np.array([methods.index(m) for m in self._column("method")], dtype=np.int32)
        tables["/molecules/energy"] = np.array(self._column("energy"), dtype=float)
        attributes["/molecules/energy"] = {"unit": "hartree"}

        tables["/molecules/atom_offset"] = offsets([len(m.elements) for m in self.molecules])
        tables["/atoms/element"] = joined(self._column("elements"), np.int32)
        tables["/atoms/position"] = joined(self._column("positions"), float, (3,))
        attributes["/atoms/position"] = {"unit": "angstrom"}
        self._atom_column(tables, attributes, "masses", "/atoms/mass", "amu")
        self._atom_column(tables, attributes, "gradient", "/atoms/gradient", "hartree/bohr", (3,))
        self._atom_column(tables, attributes, "charges", "/atoms/charge", "e")

        packed = [lower_triangle(m) for m in self.molecules]
        tables["/molecules/hessian_offset"] = offsets([len(p) for p in packed])
        tables["/hessian"] = joined(packed, float)
        attributes["/hessian"] = {"unit": self.hessian_unit}

        tables["/bonds/offset"] = offsets([len(m.bonds) for m in self.molecules])
        tables["/bonds/atoms"] = joined(self._column("bonds"), np.int32, (2,))

    def _atom_column(self, tables, attributes, key, path, unit, shape=()):
        """An optional column of /atoms: every molecule has it, or none."""
        values = self._column(key)
        if all(v is None for v in values):
            return
        for molecule, value in zip(self.molecules, values):
            if value is None:
                raise ValueError(f"{path}: given for some molecules, missing for {molecule.name}")
        tables[path] = joined(values, float, shape)
        attributes[path] = {"unit": unit}

    def _parameter_tables(self, tables):
        column = lambda key: [p[key] for p in self.parameters]
        group = "/force_field/parameters/"
        for key in ("kind", "label", "unit"):
            tables[group + key] = strings(column(key), LONGEST[key])
        for key in ("value", "lower", "upper"):
            tables[group + key] = np.array(column(key), dtype=float)
        for key in ("active", "link"):
            tables[group + key] = np.array(column(key), dtype=np.int32)
        given = [s is not None for s in column("scale")]
        if any(given):
            if not all(given):
                raise ValueError("scale: give it for every parameter or for none")
            tables[group + "scale"] = np.array(column("scale"), dtype=float)

    def _guidance_tables(self, tables):
        """Equalities and prior."""
        if self.equalities:
            group = "/force_field/equalities/"
            rows, values, labels = zip(*self.equalities)
            put_ragged(tables, group, rows, ("row", np.int32, 0), ("coefficient", float, 0))
            tables[group + "value"] = np.array(values)
            if any(labels):
                names = [label or f"equality {number}" for number, label in enumerate(labels)]
                tables[group + "label"] = strings(names, LONGEST["label"])
        if self.prior_weight:
            tables["/force_field/prior/kind"] = strings(self.prior_weight, LONGEST["kind"])
            tables["/force_field/prior/weight"] = np.array(list(self.prior_weight.values()))

    def _term_tables(self, tables):
        for form in FORMS:
            if any(form in m.terms for m in self.molecules):
                rows = [m.terms.get(form, []) for m in self.molecules]
                put_ragged(tables, f"/force_field/terms/{form}/", rows,
                           ("atoms", np.int32, FORMS[form][0]), ("parameters", np.int32, len(FORMS[form][1])),
                           ("constants", float, FORMS[form][2]))

    def _nonbonded_tables(self, tables, attributes):
        if self.nonbonded is None:
            return
        missing = [m.name for m in self.molecules if m.types is None]
        if missing:
            raise ValueError(f"/atoms/type: molecule {missing[0]} has no types")
        tables["/atoms/type"] = joined(self._column("types"), np.int32)
        group, rules = "/force_field/nonbonded", self.nonbonded
        tables[group + "/label"] = strings(rules["label"], LONGEST["label"])
        tables[group + "/epsilon"] = np.array(rules["epsilon"], dtype=np.int32)
        tables[f"{group}/{PAIR_FORMS[rules['form']][1]}"] = np.array(rules["size"], dtype=np.int32)
        attributes[group] = {key: rules[key] for key in ("form", "combining_rule", "vdw_14", "coulomb_14", "dielectric")}
        if rules["special"]:
            types, forms, parameters = zip(*rules["special"])
            tables[group + "/special/types"] = np.array(types, dtype=np.int32)
            tables[group + "/special/form"] = strings(forms, LONGEST["kind"])
            tables[group + "/special/parameters"] = np.array(parameters, dtype=np.int32)
        if any(m.increments for m in self.molecules):
            put_ragged(tables, "/force_field/charge_increments/", self._column("increments"),
                       ("atoms", np.int32, 2), ("parameter", np.int32, 0), ("factor", float, 0))

    def _observable_tables(self, tables, attributes):
        for kind, (columns, unit, _) in OBSERVABLES.items():
            rows = [m.observables.get(kind, []) for m in self.molecules]
            flat = [row for molecule in rows for row in molecule]
            if not flat:
                continue
            group = f"/observables/{kind}"
            with_weight, with_value = ([row[column] is not None for row in flat] for column in (1, 2))
            for name, given in (("weight", with_weight), ("value", with_value)):
                if any(given) and not all(given):
                    raise ValueError(f"{group}: give a {name} to every row or to none")
            if not any(with_weight) and self.weights is None:
                raise ValueError(f"{group}: give weights, or set DataSet.weights to the name of a set")
            named = [("index", np.int32, columns), ("weight", float, 0), ("value", float, 0)]
            kept = [0] + [column for column, given in ((1, with_weight), (2, with_value)) if any(given)]
            rows = [[[row[column] for column in kept] for row in molecule] for molecule in rows]
            put_ragged(tables, group + "/", rows, *(named[column] for column in kept))
            attributes[group] = dict(self.observable_attributes[kind])
            if any(with_value):
                cartesian = attributes[group].get("basis") == "cartesian"
                attributes[group + "/value"] = {"unit": "hartree/bohr^2" if cartesian else unit}
        attributes["/observables"] = {key: value for key, value in (("weights", self.weights),
                                                                    ("transition_states", self.transition_states)) if value}


# --- arrays ------------------------------------------------------------------------------------------------------------------

def offsets(counts):
    """[M + 1] int64: where each molecule's rows begin, and the total."""
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int64)


def joined(arrays, dtype, shape=()):
    """All molecules' rows one after another; right also where there are none."""
    arrays = [np.asarray(a, dtype=dtype).reshape(-1, *shape) for a in arrays]
    return np.concatenate(arrays) if arrays else np.zeros((0, *shape), dtype)


def put_ragged(tables, group, rows, *columns):
    """Adds offset and columns (name, dtype, width; width 0: a vector, or left out for constants) of
    rows[molecule][row][column]."""
    tables[group + "offset"] = offsets([len(r) for r in rows])
    flat = [row for molecule in rows for row in molecule]
    for number, (name, dtype, width) in enumerate(columns):
        values = np.array([row[number] for row in flat], dtype=dtype)
        if width > 0:
            tables[group + name] = values.reshape(len(flat), width)
        elif name != "constants":
            tables[group + name] = values


def lower_triangle(molecule):
    """A Hessian's packed lower triangle, (0,0), (1,0), (1,1), ...; empty where there is none. Asymmetric ones are refused."""
    if molecule.hessian is None:
        return np.zeros(0)
    hessian = np.asarray(molecule.hessian, dtype=float)
    n = 3 * len(molecule.elements)
    if hessian.shape != (n, n):
        raise ValueError(f"{molecule.name}: Hessian is {hessian.shape}, expected {(n, n)}")
    asymmetry = np.linalg.norm(hessian - hessian.T) / np.linalg.norm(hessian)
    if asymmetry > 1e-8:
        raise ValueError(f"{molecule.name}: Hessian is not symmetric, |H - H'| = {asymmetry:.1e} |H|")
    return (0.5 * (hessian + hessian.T))[np.tril_indices(n)]


def strings(values, longest=255):
    """An array of fixed-length UTF-8 strings, null-padded."""
    encoded = [str(v).encode("utf-8") for v in values]
    for text in encoded:
        if not 0 < len(text) <= longest:
            raise ValueError(f"'{text.decode()}': 1 to {longest} bytes expected")
    length = max((len(text) for text in encoded), default=1)
    return np.array(encoded, dtype=h5py.string_dtype("utf-8", length))


# --- files -------------------------------------------------------------------------------------------------------------------

def write_tables(path, tables, attributes, compress=False):
    """Writes {dataset path: array} and {path: {attribute: value}}; text attributes become fixed-length UTF-8 strings."""
    with h5py.File(path, "w", libver=("earliest", "v110")) as file:  # readable by HDF5 1.10
        for name, array in tables.items():
            # Small tables gain nothing, empty ones cannot be chunked.
            filtered = dict(compression="gzip", compression_opts=6, shuffle=True) if compress and array.nbytes > 4096 else {}
            file.create_dataset(name, data=array, dtype=array.dtype, **filtered)
        for name, values in attributes.items():
            for key, value in values.items():
                if isinstance(value, str):
                    value = strings([value])[0:1].reshape(())
                    file[name].attrs.create(key, value, dtype=value.dtype)
                else:
                    file[name].attrs[key] = value


def read_tables(path):
    """The inverse of write_tables: ({dataset path: array}, {path: {attribute: value}}), text attributes as str."""
    tables, attributes = {}, {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            tables["/" + name] = item[()]
        _keep_attributes("/" + name, item, attributes)

    with h5py.File(path, "r") as file:
        _keep_attributes("/", file, attributes)
        file.visititems(visit)
    return tables, attributes


def _keep_attributes(name, item, attributes):
    text = lambda v: v.decode() if isinstance(v, bytes) else v
    if len(item.attrs):
        attributes[name] = {key: text(value) for key, value in item.attrs.items()}
