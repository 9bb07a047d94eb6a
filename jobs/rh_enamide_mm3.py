"""Turns a user's copy of q2mm's public examples/rh-enamide into input.h5 with the complete MM3* force field (docs/mm3star.md).

    python3 rh_enamide_mm3.py FOLDER input.h5 [--observables multi [--weights q2mm]] [--moments] [--as-printed]

FOLDER is q2mm's examples/rh-enamide itself, or any folder that holds, at any depth, the nine Jaguar inputs *.in (geometry in
angstrom, Hessian in hartree/bohr^2), rh_enamide_training_set.mmo (MacroModel's complete listing of the same nine structures)
and the force field mm3.fld that the listing was made with.

The listing says, term by term, which row of mm3.fld each bond, angle and torsion uses; this script takes its word. Torsions
whose constants are all zero are not listed: those that fit a row marked OPT (to be optimised) are added, the others left out.
Rows marked OPT are fitted, all others frozen.

Observables: every vibration (default), or, with `multi`, the diagonal of the eigenmatrix and the bond lengths and angles of the
relaxed geometry, weighted as q2mm does.
"""

import argparse
import itertools
import sys
from pathlib import Path

import numpy as np

import macromodel
from q2hpc_dataset import DataSet, joined, offsets, put_ragged, strings, write_tables
from q2hpc_topology import SYMBOLS, angle_values, bond_values
from rh_enamide import MASS, natural_order, read_jaguar

KILOJOULE = 1 / 4.184      # kcal
COULOMB = 332.063713       # kcal/mol angstrom / e^2, q2hpc's (CODATA 2018)
WEIGHT = 0.01
SEXTIC = 2.2e-8            # per degree^4
DEBYE = 4.803              # debye in an e angstrom, as MacroModel has it
CHARGE_DIGITS = 5          # MacroModel rounds the charge that a bond moment makes
REDUCTION = 0.923          # of the bond to a hydrogen whose row of the van der Waals table has an offset
SOFT_CUT = 1.0             # angstrom: it begins that much before the largest van der Waals distance and ends that much after
TORSION_STRETCH = -11.995  # kcal/mol/angstrom for a constant of 1
# What the listing must say of the equations in use: those of docs/mm3star.md.
EQUATIONS = {
    "Bond Length": "3: MM3 Anharmonic stretch", "Bond Angle": "3: MM3 Anharmonic bend",
    "Stretch-Bend": "1: Linear in distance and angle, one Ksb", "Bend-Bend": "1: MM3 Bend-bend",
    "Torsion-Stretch": "1: MM3 Stretch-torsion", "Torsional": "1: 1-3 Fold cosine function",
    "Out-of-plane (OPB)": "1: Cosine mimic of harmonic out-of-plane", "Van der Waals": "3: MM3 Softcut Buckingham",
    "Electrostatic (chg-chg)": "1: Point charge with constant dielectric"}
RHODIUM_ROW = "Z0"         # the listing gives Rh the radius and epsilon of this row, not those of RH
RHODIUM_CHARGE = 1.0       # e


def main():
    arguments = parse_arguments()
    model = Model(Path(arguments.folder), moments=arguments.moments, as_printed=arguments.as_printed)
    tables, attributes = model.tables()
    add_observables(model, tables, attributes, arguments.observables, arguments.weights)
    write_tables(arguments.output, tables, attributes)
    print(f"{arguments.output}: {len(model.data.molecules)} molecules, {len(model.data.parameters)} parameters")
    print(model.opt_summary())


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("output")
    parser.add_argument("--observables", choices=("frequencies", "multi"), default="frequencies")
    parser.add_argument("--weights", choices=("q2mm_classic", "q2mm"), default="q2mm_classic", help="of `multi` (docs/observables.md)")
    parser.add_argument("--moments", action="store_true", help="fit the bond moments of rows marked OPT too")
    parser.add_argument("--as-printed", action="store_true", help="the geometry of the listing (rounded to 1e-4 angstrom)")
    return parser.parse_args()


class Model:
    """The data set and the force field it is made from. `structures` are the listing's, in the order of data.molecules."""

    def __init__(self, folder, moments=False, as_printed=False):
        inputs = sorted(folder.rglob("*.in"), key=natural_order)
        listings, fields = list(folder.rglob("rh_enamide_training_set.mmo")), list(folder.rglob("mm3.fld"))
        if len(inputs) != 9 or not listings or not fields:
            sys.exit(f"{folder}: expected nine Jaguar inputs *.in, rh_enamide_training_set.mmo and mm3.fld, "
                     f"found {len(inputs)}, {len(listings)} and {len(fields)}")
        self.field = macromodel.read_fld(fields[0])
        self.structures = macromodel.read_mmo(listings[0])
        self.moments = moments
        self.energy_unit = {name: factor * KILOJOULE for name, factor in self.field.factors.items()}  # kcal/mol
        self.data = DataSet(title="rh-enamide, MM3*")
        self.used = set()       # lines of the rows in use
        self.divided = {}       # line of a row for all torsions about a bond: their number
        self.increments = []    # of each molecule: [(atoms, row, factor)]
        self.sites = []         # of each molecule: (parent or -1, reduction) of each atom
        self.types = []         # of each molecule: line in the van der Waals table of each atom
        for path, structure in zip(inputs, self.structures, strict=True):
            self.add_molecule(path, structure, as_printed)

    def add_molecule(self, path, structure, as_printed):
        symbols, positions, hessian = read_jaguar(path)
        printed = np.array(structure.positions)
        if len(symbols) != len(printed) or np.abs(positions - printed).max() > 1e-3:
            sys.exit(f"{path}: its geometry is not the one in the listing at the same place")
        for name, equation in EQUATIONS.items():
            if structure.equations.get(name) != equation:
                sys.exit(f"{structure.title}: {name} is by equation {structure.equations.get(name)}, expected {equation}")
        masses = np.array([MASS[s] for s in symbols])
        molecule = self.data.molecule(path.stem, [SYMBOLS.index(s) for s in symbols], printed if as_printed else positions,
                                      hessian=hessian, bonds=[b.atoms for b in structure.bonds], masses=masses, charge=1,
                                      method="B3LYP/LACVP**, Jaguar",
                                      imaginary_modes=int(np.sum(vibrations(positions, masses, hessian) < 0)))
        self.places = [self.field.places(s, structure) for s in self.field.substructures]
        self.types.append([self.atom_row(structure, i) for i in range(len(symbols))])
        self.sites.append([(structure.neighbours[i][0][0], 1 - REDUCTION) if row.values[2] != 0 else (-1, 0.0)
                           for i, row in enumerate(self.types[-1])])
        self.add_bonds(molecule, structure)
        self.add_angles(molecule, structure)
        self.add_bend_bends(molecule, structure)
        self.add_torsions(molecule, structure)
        self.add_zero_torsions(molecule, structure)

    # --- rows of the parameter table -----------------------------------------------------------------------------------------

    def parameter(self, row, kind, value, unit=None, label=None, frozen=False):
        """The row of the parameter table for a field of a row of the .fld; active if that is marked OPT."""
        label = label or self.label(row)
        self.used.add(row.line)
        known = self.data.parameter_row(kind, label)
        if known is None:
            return self.data.parameter(kind, label, value, unit=unit, active=self.is_optimised(row) and not frozen)
        if abs(self.data.parameters[known]["value"] - value) > 1e-12 * abs(value):
            sys.exit(f"{kind} {label}: {value} and {self.data.parameters[known]['value']}")
        return known

    def is_optimised(self, row):
        return row.substructure >= 0 and self.field.substructures[row.substructure].optimised

    def label(self, row):
        """1862 RH-PX a: the line, the types, the letter of an alternative."""
        types = self.field.substructures[row.substructure].types if row.substructure >= 0 else {}
        return " ".join([str(row.line), "-".join(types.get(a, a) for a in row.atoms), row.alternative]).strip()

    # --- who is who ----------------------------------------------------------------------------------------------------------

    def fits(self, row, atoms, structure):
        """Whether the atoms, in this order, are what the row's labels say."""
        def fit(label, atom):
            if row.substructure >= 0 and label in self.field.substructures[row.substructure].types:
                return atom in self.places[row.substructure].get(label, ())
            return self.field.matches(label, structure.types[atom])
        return all(fit(label, atom) for label, atom in zip(row.atoms, atoms, strict=True))

    def atom_row(self, structure, atom):
        """The row of the van der Waals table: the first of the atom's type whose condition (a type bonded to it) holds."""
        type_ = RHODIUM_ROW if structure.types[atom] == "RH" else structure.types[atom]
        bonded = [structure.types[n] for n, _ in structure.neighbours[atom]]
        for row in self.field.atom_rows:
            condition = row.conditions[:2]
            met = condition == "00" or any(self.field.matches(condition, other) for other in bonded)
            if met and self.field.matches(row.atoms[0], type_):
                return row
        sys.exit(f"atom {atom + 1} of {structure.title}: no van der Waals row for {type_}")

    def main_row(self, kind, atoms, structure, value):
        """The first row of the main block of a kind that fits the atoms and whose first value is `value`."""
        for row in self.field.rows.values():
            if row.kind == kind and row.substructure < 0 and abs(row.values[0] - value) < 1e-4 and (
                    self.fits(row, atoms, structure) or self.fits(row, atoms[::-1], structure)):
                return row
        sys.exit(f"{structure.title}: no row of kind {kind} with the value {value} fits atoms {[a + 1 for a in atoms]}")

    # --- terms ---------------------------------------------------------------------------------------------------------------

    def add_bonds(self, molecule, structure):
        """The bonds' terms and the charges that their moments make. The moment points so that a positive one makes the row's
        first atom positive; the charge is that of the moment over the ideal length."""
        self.increments.append([])
        for bond in structure.bonds:
            row = self.field.row(bond.line)
            self.data.term(molecule, "bond_mm3", bond.atoms, self.bond_parameters(row))
            moment = row.values[2] if len(row.values) > 2 else 0.0
            if moment == 0 and not (self.moments and self.is_optimised(row)):
                continue
            charge = round(moment / DEBYE / row.values[0], CHARGE_DIGITS)
            atoms = bond.atoms if self.fits(row, bond.atoms, structure) else bond.atoms[::-1]
            parameter = self.parameter(row, "bond_dipole", moment, "debye", frozen=not self.moments)
            self.increments[-1].append((atoms, parameter, charge / moment if moment else 1 / DEBYE / row.values[0]))

    def bond_parameters(self, row):
        return (self.parameter(row, "bond_k", 0.5 * self.energy_unit["STR"] * row.values[1]),
                self.parameter(row, "bond_eq", row.values[0]))

    def angle_parameters(self, row):
        return (self.parameter(row, "angle_k", 0.5 * self.energy_unit["BND"] * row.values[1]),
                self.parameter(row, "angle_eq", row.values[0]))

    def add_angles(self, molecule, structure):
        """Bends, and stretch-bends where the constant is not zero."""
        bonds = {frozenset(b.atoms): self.field.row(b.line) for b in structure.bonds}
        for angle in structure.angles:
            row, (i, j, k) = self.field.row(angle.line), angle.atoms
            self.data.term(molecule, "angle_mm3", angle.atoms, self.angle_parameters(row), (SEXTIC,))
            if angle.stretch_bend == 0:
                continue
            cross = self.main_row(macromodel.STRETCH_BEND, angle.atoms, structure, angle.stretch_bend)
            constant = self.parameter(cross, "stretch_bend_k", self.energy_unit["S-B"] * cross.values[0])
            lengths = [self.bond_parameters(bonds[frozenset(pair)])[1] for pair in ((i, j), (j, k))]
            self.data.term(molecule, "stretch_bend", angle.atoms, (constant, *lengths, self.angle_parameters(row)[1]))

    def add_bend_bends(self, molecule, structure):
        """Pairs of bends at one centre. The listing prints the product of the two rows' constants. Where a row of a
        substructure has none, constant and ideal angle are those of the main block's row for these types."""
        angles = {ends: a for a in structure.angles for ends in (a.atoms, a.atoms[::-1])}
        for pair in structure.bend_bends:
            centre, first, second = pair.atoms[0], pair.atoms[1:3], pair.atoms[3:5]
            sides = []
            for (i, k), ideal in ((first, pair.equilibrium), (second, pair.equilibrium2)):
                row = self.field.row(angles[i, centre, k].line)
                if row.substructure >= 0 and len(row.values) < 3:
                    row = self.main_row(macromodel.ANGLE, (i, centre, k), structure, ideal)
                sides.append((row, self.parameter(row, "angle_eq", row.values[0])))
            label = " x ".join(sorted(self.label(row).split()[0] for row, _ in sides))
            constant = self.parameter(sides[0][0], "bend_bend_k", -0.5 * self.energy_unit["BND"] * pair.k, label=label,
                                      frozen=True)
            self.data.term(molecule, *bend_bend_atoms(centre, first, second), (constant, sides[0][1], sides[1][1]))

    def add_torsions(self, molecule, structure):
        """Torsions, impropers (the out-of-plane bend as the cosine of a torsion) and torsion-stretches, as listed."""
        bonds = {frozenset(b.atoms): self.field.row(b.line) for b in structure.bonds}
        for torsion in structure.torsions:
            row = self.field.row(torsion.line)
            self.data.term(molecule, "torsion_mm3", torsion.atoms, self.torsion_parameters(row, torsion.atoms, structure))
        for improper in structure.impropers:
            row = self.field.row(improper.line)
            parameters = (self.parameter(row, "improper_k", self.energy_unit["IMP"] * row.values[1]),
                          self.parameter(row, "improper_phase", 180.0))
            self.data.term(molecule, "improper_fourier", improper.atoms, parameters, (2,))
        for cross in structure.torsion_stretches:
            row = self.main_row(macromodel.TORSION_STRETCH, cross.atoms, structure, cross.k)
            constants = [self.parameter(row, f"torsion_stretch_v{n}", TORSION_STRETCH * row.values[0] if n == 3 else 0.0)
                         for n in (1, 2, 3)]
            length = self.bond_parameters(bonds[frozenset(cross.atoms[1:3])])[1]
            self.data.term(molecule, "torsion_stretch", cross.atoms, (*constants, length))

    def torsion_parameters(self, row, atoms, structure):
        """V1 to V3. A row 00 a b 00 of a substructure holds the sum over all torsions about the bond."""
        share = 1
        if row.substructure >= 0 and row.atoms[0] == row.atoms[3] == "00":
            _, j, k, _ = atoms
            share = sum(1 for i, _ in structure.neighbours[j] for l, _ in structure.neighbours[k] if i != k and l not in (i, j))
            if self.divided.setdefault(row.line, share) != share:
                sys.exit(f"{structure.title}: {share} torsions share row {row.line}, {self.divided[row.line]} elsewhere")
        label = self.label(row) + (f" /{share}" if share > 1 and not self.is_optimised(row) else "")
        return tuple(self.parameter(row, f"torsion_v{n}", 2 * self.energy_unit["TOR"] * value / share, label=label)
                     for n, value in enumerate(row.values[:3], 1))

    def add_zero_torsions(self, molecule, structure):
        """Torsions that are not listed, as their constants are zero, but have a row marked OPT: the one with the fewest labels
        that are not numbers; of equals the last."""
        rows = [r for r in self.field.rows.values() if r.kind == macromodel.TORSION and self.is_optimised(r)]
        rows.sort(key=lambda row: sum(label in ("00", "C0", "H0") or not label.isdigit() for label in row.atoms))
        listed = {t.atoms for t in structure.torsions} | {t.atoms[::-1] for t in structure.torsions}
        for atoms in torsions_of(structure):
            row = next((r for r in rows if self.fits(r, atoms, structure) or self.fits(r, atoms[::-1], structure)), None)
            if row is None:
                continue
            if atoms in listed:
                sys.exit(f"{structure.title}: the listing has another row than {row.line} for atoms {[a + 1 for a in atoms]}")
            self.data.term(molecule, "torsion_mm3", atoms, self.torsion_parameters(row, atoms, structure))

    # --- the file ------------------------------------------------------------------------------------------------------------

    def tables(self):
        """The data set's tables and attributes, with the non-bonded part."""
        lines = sorted({row.line for rows in self.types for row in rows})
        by_line = {row.line: row for row in self.field.atom_rows}
        epsilon = [self.parameter(by_line[n], "vdw_epsilon", by_line[n].values[1], "kcal/mol") for n in lines]
        radius = [self.parameter(by_line[n], "vdw_radius", by_line[n].values[0], "angstrom") for n in lines]
        special = self.special_pairs([by_line[n] for n in lines])
        tables, attributes = self.data.tables()
        reach = self.structures[0].settings["Maximum van der Waals distance"]
        group = "/force_field/nonbonded"
        attributes[group] = dict(form="exp6_mm3", combining_rule="mm3", vdw_14=1.0, coulomb_14=1.0,
                                 dielectric=COULOMB / self.energy_unit["ELE"],
                                 soft_cut_begin=reach - SOFT_CUT, soft_cut_end=reach + SOFT_CUT)
        tables[group + "/label"] = strings([self.label(by_line[n]) for n in lines], 47)
        tables[group + "/epsilon"], tables[group + "/radius"] = np.array(epsilon, np.int32), np.array(radius, np.int32)
        tables[group + "/special/types"] = np.array([types for types, _ in special], np.int32).reshape(-1, 2)
        tables[group + "/special/form"] = strings(["exp6_mm3"] * len(special))
        tables[group + "/special/parameters"] = np.array([rows for _, rows in special], np.int32).reshape(-1, 2)
        tables["/atoms/type"] = joined([[lines.index(row.line) for row in rows] for rows in self.types], np.int32)
        tables["/atoms/charge"] = joined([[RHODIUM_CHARGE * (t == "RH") for t in s.types] for s in self.structures], float)
        attributes["/atoms/charge"] = {"unit": "e"}
        put_ragged(tables, "/force_field/charge_increments/", self.increments, ("atoms", np.int32, 2),
                   ("parameter", np.int32, 0), ("factor", float, 0))
        self.add_sites(tables)
        return tables, attributes

    def special_pairs(self, atom_rows):
        """[((type, type), (epsilon, distance))] of the rows for pairs of types; numbers of types are places in atom_rows."""
        special = []
        for row in self.field.rows.values():
            if row.kind != macromodel.VAN_DER_WAALS or row.substructure >= 0:
                continue
            for i, j in itertools.combinations_with_replacement(range(len(atom_rows)), 2):
                names = [atom_rows[i].atoms[0], atom_rows[j].atoms[0]]
                if names in (row.atoms, row.atoms[::-1]):
                    special.append(((i, j), (self.parameter(row, "vdw_epsilon", row.values[1], "kcal/mol"),
                                             self.parameter(row, "vdw_distance", row.values[0], "angstrom"))))
        return special

    def add_sites(self, tables):
        """Where MM3* puts hydrogens: /atoms/reduction of the way to /atoms/reduction_parent, and the terms that notice."""
        tables["/atoms/reduction_parent"] = joined([[p for p, _ in sites] for sites in self.sites], np.int32)
        tables["/atoms/reduction"] = joined([[r for _, r in sites] for sites in self.sites], float)
        for form in ("bond_mm3", "angle_mm3"):
            flags = []
            for molecule, sites in zip(self.data.molecules, self.sites):
                for atoms, _, _ in molecule.terms[form]:
                    flags.append(int(any(sites[a][0] >= 0 and self.notices(atoms, a, sites[a][0]) for a in atoms)))
            tables[f"/force_field/terms/{form}/at_sites"] = np.array(flags, np.int32)

    @staticmethod
    def notices(atoms, atom, parent):
        """Whether a bond or angle changes when `atom` moves towards `parent`: a bond to another atom, an angle whose middle the
        atom is, or whose middle is not the parent."""
        return parent not in atoms if len(atoms) == 2 else atom == atoms[1] or atoms[1] != parent

    def opt_summary(self):
        """How many parameters the rows marked OPT give, and how many of them have terms."""
        lines = []
        kinds = (macromodel.BOND, "bond", 2 + self.moments), (macromodel.ANGLE, "angle", 2), (macromodel.TORSION, "torsion", 3)
        for kind, name, fields in kinds:
            rows = [r for r in self.field.rows.values() if r.kind == kind and self.is_optimised(r)]
            unused = [self.label(r) for r in rows if r.line not in self.used]
            acting = fields * (len(rows) - len(unused))
            lines.append(f"OPT: {len(rows)} {name} rows, {fields * len(rows)} parameters, {acting} of them with terms"
                         + (f" (none: {', '.join(unused)})" if unused else ""))
        lines.append(f"active: {sum(p['active'] for p in self.data.parameters)}; rows in use: {len(self.used)}")
        return "\n".join(lines)


def bend_bend_atoms(centre, first, second):
    """The form and its atoms for the angles first[0]-centre-first[1] and second[0]-centre-second[1]."""
    shared = set(first) & set(second)
    if not shared:
        return "bend_bend_opposite", (first[0], centre, first[1], second[0], second[1])
    i = shared.pop()
    return "bend_bend", (i, centre, first[first[0] == i], second[second[0] == i])


def torsions_of(structure):
    """Every i-j-k-l along bonds, once."""
    adjacent = [[n for n, _ in neighbours] for neighbours in structure.neighbours]
    for bond in structure.bonds:
        j, k = bond.atoms
        for i, l in itertools.product(adjacent[j], adjacent[k]):
            if i != k and l not in (i, j):
                yield i, j, k, l


def vibrations(positions, masses, hessian):
    """Eigenvalues of the mass-weighted Hessian without rigid motions, ascending."""
    x = positions - masses @ positions / masses.sum()
    rigid = [np.tile(e, (len(x), 1)) for e in np.eye(3)] + [np.cross(e, x) for e in np.eye(3)]
    rigid = np.array([(r * np.sqrt(masses)[:, None]).ravel() for r in rigid])
    basis = np.linalg.svd(rigid)[2][6:]
    w = np.repeat(masses, 3) ** -0.5
    return np.linalg.eigvalsh(basis @ (hessian * np.outer(w, w)) @ basis.T)


def add_observables(model, tables, attributes, which, weights):
    """Every vibration by number, imaginary ones too; or the eigenmatrix' diagonal and the relaxed bonds and angles."""
    molecules = model.data.molecules
    if which == "frequencies":
        rows = [[([k], WEIGHT) for k in range(3 * len(m.elements) - 6)] for m in molecules]
        put_ragged(tables, "/observables/frequency/", rows, ("index", np.int32, 1), ("weight", float, 0))
        return
    tables["/observables/eigenmatrix_diagonal/offset"] = offsets([1] * len(molecules))
    tables["/observables/eigenmatrix_diagonal/index"] = np.full((len(molecules), 1), -1, np.int32)
    attributes["/observables/eigenmatrix_diagonal"] = {"basis": "vibrations"}
    attributes["/observables"] = {"weights": weights}
    for kind, form, unit, values in (("bond", "bond_mm3", "angstrom", bond_values),
                                     ("angle", "angle_mm3", "degree", lambda x, a: np.degrees(angle_values(x, a)))):
        atoms = [[t[0] for t in m.terms[form]] for m in molecules]
        rows = [list(zip(group, values(m.positions, group))) for m, group in zip(molecules, atoms)]
        put_ragged(tables, f"/observables/{kind}/", rows, ("index", np.int32, len(atoms[0][0])), ("value", float, 0))
        attributes[f"/observables/{kind}/value"] = {"unit": unit}


if __name__ == "__main__":
    main()
