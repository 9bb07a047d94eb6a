"""Reads what MacroModel writes and uses: complete listings of a structure's terms (.mmo) and force fields (.fld).

Numbers stay in the files' own units (angstrom, degree, kJ/mol in a .mmo; those of each kind of row in a .fld). Atoms count
from 0, lines from 1.
"""

import re
from dataclasses import dataclass, field
from types import SimpleNamespace

# The first number of a .fld row: what it describes.
BOND, ANGLE, STRETCH_BEND, TORSION, OUT_OF_PLANE, VAN_DER_WAALS, HYDROGEN_BOND, TORSION_STRETCH = range(1, 9)


# --- .mmo --------------------------------------------------------------------------------------------------------------------

@dataclass
class Structure:
    """One structure of a .mmo. Each list holds SimpleNamespace rows with `atoms`, the constants, `energy`, and `line` (that
    of the .fld row in use, from 1; 0: none) as far as the listing prints them."""
    title: str = ""
    types: list = field(default_factory=list)
    charges: list = field(default_factory=list)
    positions: list = field(default_factory=list)
    neighbours: list = field(default_factory=list)  # of each atom: [(atom, character of the bond: - = % or a blank)]
    bonds: list = field(default_factory=list)
    angles: list = field(default_factory=list)
    bend_bends: list = field(default_factory=list)
    torsions: list = field(default_factory=list)
    impropers: list = field(default_factory=list)
    torsion_stretches: list = field(default_factory=list)
    pairs: list = field(default_factory=list)
    totals: dict = field(default_factory=dict)      # as printed: {"Stretch": kJ/mol, ...}
    equations: dict = field(default_factory=dict)   # {"Bond Length": "3: MM3 Anharmonic stretch", ...}
    settings: dict = field(default_factory=dict)    # {"Maximum van der Waals distance": 7.0, ...}


# Each table: a piece of its heading, the list it fills, the number of atoms, the columns after them, whether each row ends with
# the line in the .fld.
TABLES = [
    ("BOND LENGTHS AND STRETCH ENERGIES", "bonds", 2, "k equilibrium value energy", True),
    ("ANGLES, BEND AND STRETCH BEND ENERGIES", "angles", 3,
     "k stretch_bend equilibrium value energy stretch_bend_energy", True),
    ("BEND-BEND ANGLES AND ENERGIES", "bend_bends", 5, "k equilibrium value equilibrium2 value2 energy", False),
    ("DIHEDRAL ANGLES AND TORSIONAL ENERGIES", "torsions", 4, "v1 v2 v3 value energy", True),
    ("Improper torsion interactions present", "impropers", 4, "v1 v2 v3 value energy", True),
    ("DIHEDRAL ANGLES AND TORSIONAL CROSS-TERMS", "torsion_stretches", 4, "k k_bend k_torsion value energy", False),
    ("NONBONDED DISTANCES AND ENERGIES", "pairs", 2, "radius epsilon charges value energy charge_energy", False),
]
ATOM = re.compile(r" (\w\w) \( *(\d+)\) +(\S+) +\S+ +(\S+) +(\S+) +(\S+)\s+\S+ +\d+ (.*)$")
NEIGHBOUR = re.compile(r" *(\d+)(.?)")
NUMBERS = re.compile(r"\s*-?\d")
TOTAL = re.compile(r" *([A-Z][A-Za-z -]*): +(-?\d+\.\d+) kJ/mol")
EQUATION = re.compile(r"([A-Z].*\S) *- (\d: .*\S) *$")
SETTING = re.compile(r" ([A-Z][A-Za-z ]*\S) *= +(-?[\d.]+)")


def read_mmo(path):
    """[Structure] of a .mmo with complete listings."""
    structures, table, structure = [], None, None
    for line in path.read_text().splitlines():
        if TABLES[0][0] in line:
            structure = Structure()
            structures.append(structure)
        if structure is None:
            continue
        heading = next((t for t in TABLES if t[0] in line), None)
        if heading:
            table = heading
        elif line[:1] in ("1", "*") or line.startswith(" **"):
            table = None
        elif table and NUMBERS.match(line):
            getattr(structure, table[1]).append(row_of(table, line))
        elif not table:
            read_summary(structure, line)
    return structures


def row_of(table, line):
    _, _, count, columns, has_line = table
    words, columns = line.split(), columns.split()
    values = dict(zip(columns, (float(w) for w in words[count:count + len(columns)]), strict=True))
    return SimpleNamespace(atoms=tuple(int(w) - 1 for w in words[:count]), line=int(words[-1]) if has_line else 0, **values)


def read_summary(structure, line):
    """What stands outside the tables: the title, the energies' sums, the equations and cut-offs, the atoms."""
    if match := ATOM.match(line):
        structure.types.append(match[1])
        structure.charges.append(float(match[3]))
        structure.positions.append([float(match[i]) for i in (4, 5, 6)])
        attached = match[7]
        structure.neighbours.append([(int(m[1]) - 1, m[2] or " ") for m in NEIGHBOUR.finditer(attached)])
    elif match := TOTAL.match(line):
        structure.totals[match[1]] = float(match[2])
    elif match := SETTING.match(line):
        structure.settings[match[1]] = float(match[2])
    elif match := EQUATION.match(line):
        structure.equations[" ".join(match[1].split())] = match[2]
    elif "Input Structure Name" in structure.title:  # the line before this one
        structure.title = line.strip(" *")
    elif not structure.title and "Input Structure Name" in line:
        structure.title = line


# --- .fld --------------------------------------------------------------------------------------------------------------------

@dataclass
class Row:
    line: int            # in the file, from 1
    kind: int            # BOND, ...
    atoms: list          # ["C3", "H1"], without the characters of the bonds; in a substructure numbers or types: ["1", "H1"]
    values: list         # up to three
    conditions: str      # the "Opt. Descriptor": what else must be bonded to each atom
    alternative: str     # the letter in the first column, or ""
    substructure: int    # number of its Substructure, or -1: the main block
    comment: str


@dataclass
class Substructure:
    title: str           # the comment before it
    pattern: str         # "HX-RH(-PX)-HX.C2*C2(.2)-N2-C2=O2.2": its rows number these atoms from 1

    @property
    def optimised(self):
        """Marked for optimisation, as Q2MM does."""
        return self.title.split()[-1:] == ["OPT"]

    @property
    def types(self):
        """{"1": "HX", "2": "RH", ...}"""
        return {str(n): name for n, name in enumerate(re.findall(TYPE, self.pattern), 1)}

    @property
    def bonds(self):
        """[(1, 2), ...] by number: each atom is bonded to the one before it, before the bracket that it opens, and to those
        whose numbers follow it."""
        bonds, branches, last, count = [], [], None, 0
        for word in re.findall(TYPE + r"|\d+|[()]", self.pattern):
            if word == "(":
                branches.append(last)
            elif word == ")":
                last = branches.pop()
            elif word.isdigit():
                bonds.append((last, int(word)))
            else:
                count += 1
                if last:
                    bonds.append((last, count))
                last = count
        return bonds


@dataclass
class ForceField:
    factors: dict        # {"STR": 601.99392, ...}
    equivalents: dict    # {"PX": {"P0", ...}}
    rows: dict           # {line: Row}
    atom_rows: list      # Row of each line of the van der Waals table; values: radius, epsilon, offset (, charge)
    substructures: list

    def row(self, line):
        """The row that a .mmo names by `line`. A row that continues on the next line is named by its last line."""
        while line not in self.rows:
            line -= 1
        return self.rows[line]

    def matches(self, label, type_):
        """Whether an atom of `type_` fits a label of a row: a type, a class of types, C0 or H0 (any carbon, any hydrogen) or 00
        (any atom)."""
        return (label in ("00", type_) or type_ in self.equivalents.get(label, ())
                or label in ("C0", "H0") and label[0] == type_[0] and type_[1].isdigit())


    def places(self, substructure, structure):
        """{number: set of atoms}: what the numbers of a substructure stand for, over all the ways in which it lies in a
        structure; {} where it does not. Types and bonds decide, whatever the bonds' orders."""
        types, bonds, found = list(substructure.types.values()), substructure.bonds, {}
        adjacent = [{n for n, _ in neighbours} for neighbours in structure.neighbours]

        def extend(atoms):
            if len(atoms) == len(types):
                for number, atom in enumerate(atoms, 1):
                    found.setdefault(str(number), set()).add(atom)
                return
            for atom, type_ in enumerate(structure.types):
                chosen = (*atoms, atom)
                if atom not in atoms and self.matches(types[len(atoms)], type_) and all(
                        chosen[i - 1] in adjacent[chosen[j - 1]] for i, j in bonds if max(i, j) == len(chosen)):
                    extend(chosen)

        extend(())
        return found


FACTOR = re.compile(r" 0 +(\w\S+) +(\d+) +(\d+\.\d+)")
TYPE = "(?:[A-Z][A-Za-z0-9]?|00)"
EQUIVALENT = re.compile(r" \d  (\w\w)  ((?:\w\w ?)+)$")
NUMBER = re.compile(r"-?\d+\.\d+")
PARAMETERS = re.compile(r"(.)(\d) (.*)$")
BONDS = "-=%*."
VALUES_END, CONDITIONS_END = 55, 76  # columns


def read_fld(path):
    """A ForceField."""
    force_field = ForceField({}, {}, {}, [], [])
    title, table = "", ""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("-"):
            table = line.strip()
        elif line.startswith(" C"):
            title = line[3:].strip()
        elif line.startswith(" 9"):
            force_field.substructures.append(Substructure(title, line.split()[1]))
        elif match := FACTOR.match(line):
            force_field.factors[match[1]] = float(match[3])
        elif table == "-5" and (match := EQUIVALENT.match(line)):
            force_field.equivalents[match[1]] = set(match[2].split())
        elif table == "-6" and NUMBER.search(line):
            name, *words = line.split()
            values = [float(w) for w in words if "." in w]
            conditions, *comment = words[len(values):]
            force_field.atom_rows.append(Row(number, VAN_DER_WAALS, [name], values, conditions, "", -1, " ".join(comment)))
        elif table == "-2" and (match := PARAMETERS.match(line)) and NUMBER.search(line):
            force_field.rows[number] = fld_row(force_field, number, match[1].strip(), int(match[2]), match[3])
    return force_field


def fld_row(force_field, number, alternative, kind, text):
    head = text[:VALUES_END - 3]
    first = NUMBER.search(head)
    values = [float(v) for v in NUMBER.findall(head)]
    atoms = [w for w in head[:first.start()].split() if w not in BONDS]
    conditions = text[VALUES_END - 3:CONDITIONS_END - 3].strip()
    return Row(number, kind, atoms, values, conditions, alternative, len(force_field.substructures) - 1,
               text[CONDITIONS_END:].strip())
