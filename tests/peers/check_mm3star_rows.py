"""MM3* by rule (q2hpc's C, tests/write_mm3star.c) beside MacroModel's listing and beside the data set that jobs/rh_enamide_mm3.py
makes by taking the listing's word.

    python3 check_mm3star_rows.py FOLDER WRITE_MM3STAR

FOLDER: as for jobs/rh_enamide_mm3.py. For all nine complexes: every bond, angle, torsion and out-of-plane term has the row that
the listing names, and torsions that it does not list have constants of zero; both data sets have the same terms, with the same
parameters (kind, label, unit, value, active), term by term, the same atom types, special pairs, charges, sites and increments.
Parameters stand where the data set says; with values changed, the file that q2hpc puts them back into differs in the fields of
rows marked OPT alone, and read again gives those values.
"""

import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "jobs"))
import rh_enamide_mm3  # noqa: E402
from q2hpc_dataset import write_tables  # noqa: E402

LISTED = {"bond_mm3": "bonds", "angle_mm3": "angles", "torsion_mm3": "torsions", "improper_fourier": "impropers"}


def main():
    folder, program = Path(sys.argv[1]), sys.argv[2]
    field, listing = next(folder.rglob("mm3.fld")), next(folder.rglob("rh_enamide_training_set.mmo"))
    failures = 0
    with tempfile.TemporaryDirectory() as scratch:
        by_rule, by_listing, fitted, again = (Path(scratch) / name for name in ("rule.h5", "listing.h5", "fitted.fld", "again.h5"))
        subprocess.run([program, field, listing, by_rule, "marked", fitted], check=True)
        subprocess.run([program, fitted, listing, again], check=True)
        model = rh_enamide_mm3.Model(folder, as_printed=True)
        tables, attributes = model.tables()
        write_tables(str(by_listing), tables, attributes)
        failures += compare(by_rule, by_listing)
        with h5py.File(by_rule) as file, h5py.File(again) as second:
            failures += check_rows(file, model)
            failures += check_origin(file, field)
            failures += check_fitted(file, second, field, fitted)
    print("MM3* by rule:", "as listed" if not failures else f"{failures} differences")
    return failures > 0


def parameters(file):
    """[(kind, label, unit, value, active)]"""
    group = file["/force_field/parameters"]
    columns = [group[name][()] for name in ("kind", "label", "unit", "value", "active")]
    return [tuple(v.decode() if isinstance(v, bytes) else round(float(v), 9) for v in row) for row in zip(*columns)]


def turned(form, atoms, rows):
    """A term in the direction in which its atoms are the smaller tuple; `rows` turned with it."""
    atoms, rows = tuple(int(a) for a in atoms), list(rows)
    ways = [(atoms, rows)]
    if form == "stretch_bend":
        ways.append((atoms[::-1], [rows[0], rows[2], rows[1], rows[3]]))
    elif form == "bend_bend":
        i, j, k, l = atoms
        ways.append(((i, j, l, k), [rows[0], rows[2], rows[1]]))
    elif form == "bend_bend_opposite":
        i, j, k, l, m = atoms
        for a, b in (((i, k), (l, m)), ((l, m), (i, k))):
            values = rows if a == (i, k) else [rows[0], rows[2], rows[1]]
            for p in (a, a[::-1]):
                for q in (b, b[::-1]):
                    ways.append(((p[0], j, p[1], q[0], q[1]), values))
    elif form != "improper_fourier":
        ways.append((atoms[::-1], rows))
    return min(ways)


def terms(file, form):
    """Per molecule a Counter of (atoms, parameters, constants, at_sites)."""
    group, table = file[f"/force_field/terms/{form}"], parameters(file)
    offset, atoms, rows = group["offset"][()], group["atoms"][()], group["parameters"][()]
    constants = group["constants"][()] if "constants" in group else np.zeros((len(atoms), 0))
    at_sites = group["at_sites"][()] if "at_sites" in group else np.zeros(len(atoms), int)
    found = []
    for begin, end in zip(offset[:-1], offset[1:]):
        found.append(Counter())
        for t in range(begin, end):
            key, values = turned(form, atoms[t], [table[r] for r in rows[t]])
            found[-1][key, tuple(values), tuple(constants[t]), int(at_sites[t])] += 1
    return found


def compare(by_rule, by_listing):
    failures = 0
    with h5py.File(by_rule) as a, h5py.File(by_listing) as b:
        failures += differ("parameters", Counter(parameters(a)), Counter(parameters(b)))
        failures += differ("forms", Counter(list(a["/force_field/terms"])), Counter(list(b["/force_field/terms"])))
        for form in b["/force_field/terms"]:
            mine, theirs = terms(a, form), terms(b, form)
            print(f"{form}: {sum(sum(c.values()) for c in mine)} terms")
            for molecule, (x, y) in enumerate(zip(mine, theirs, strict=True), 1):
                failures += differ(f"{form} of molecule {molecule}", x, y)
        failures += compare_nonbonded(a, b)
    return failures


def compare_nonbonded(a, b):
    """Types, special pairs, charges, sites, increments, rules."""
    failures = 0
    rules, types, pairs, increments = [], [], [], []
    for file in (a, b):
        table, group = parameters(file), file["/force_field/nonbonded"]
        rules.append(Counter((name, value.decode() if isinstance(value, bytes) else value if isinstance(value, str)
                              else round(float(value), 12)) for name, value in group.attrs.items()))
        kinds = [(label.decode(), table[e], table[r]) for label, e, r in
                 zip(group["label"][()], group["epsilon"][()], group["radius"][()])]
        types.append([kinds[t] for t in file["/atoms/type"][()]])
        special = group["special"]
        pairs.append(Counter((tuple(sorted(kinds[t][0] for t in pair)), form.decode(), tuple(table[r] for r in rows))
                             for pair, form, rows in zip(special["types"][()], special["form"][()], special["parameters"][()])))
        charges = file["/force_field/charge_increments"]
        molecule = np.repeat(np.arange(len(charges["offset"]) - 1), np.diff(charges["offset"][()]))
        increments.append(Counter((int(m), tuple(int(x) for x in atoms), table[r], round(float(f), 12)) for m, atoms, r, f in
                                  zip(molecule, charges["atoms"][()], charges["parameter"][()], charges["factor"][()])))
    failures += differ("non-bonded rules", *rules) + differ("special pairs", *pairs) + differ("increments", *increments)
    failures += sum(x != y for x, y in zip(*types, strict=True))
    for name in ("charge", "reduction", "reduction_parent"):
        gap = np.abs(a[f"/atoms/{name}"][()] - b[f"/atoms/{name}"][()]).max()
        if gap > 1e-12:
            print(f"/atoms/{name} differs by {gap}")
            failures += 1
    print(f"{len(types[0])} atoms, {sum(increments[0].values())} increments")
    return failures


def differ(what, mine, theirs):
    for text, extra in (("only by rule", mine - theirs), ("only by the listing", theirs - mine)):
        for entry, _ in list(extra.items())[:3]:
            print(f"{what}, {text}: {entry}")
    return sum((mine - theirs).values()) + sum((theirs - mine).values())


def check_rows(file, model):
    """The line in each term's label beside the one that the listing names."""
    failures = 0
    for form, name in LISTED.items():
        equal = 0
        for found, structure in zip(terms(file, form), model.structures, strict=True):
            listed = {turned(form, row.atoms, [])[0]: model.field.row(row.line).line for row in getattr(structure, name)}
            for atoms, rows, _, _ in found:
                line = int(rows[0][1].split()[0])
                if atoms in listed:
                    good = listed.pop(atoms) == line
                else:  # torsions whose constants are zero are not listed
                    good = form == "torsion_mm3" and all(row[3] == 0 for row in rows)
                equal += good
                if not good:
                    print(f"{structure.title}: {form} of atoms {[a + 1 for a in atoms]} has row {line}, not as listed")
                failures += not good
            for atoms in listed:
                print(f"{structure.title}: no {form} of atoms {[a + 1 for a in atoms]}")
            failures += len(listed)
        print(f"{form}: {equal} rows as listed")
    return failures


def check_origin(file, field):
    """Every parameter's place in the .fld holds its number."""
    lines, failures = field.read_text().splitlines(), 0
    if bytes(file["/force_field/origin/text"][()]) != field.read_bytes():
        print("/force_field/origin is another file")
        failures += 1
    origin = [file[f"/force_field/origin/{name}"][()] for name in ("line", "column", "width", "multiplier")]
    for row, line, column, width, multiplier in zip(parameters(file), *origin):
        if line > 0 and abs(float(lines[line - 1][column:column + width]) * multiplier - row[3]) > 1e-9 * abs(row[3]) + 1e-9:
            print(f"{row}: line {line}, columns {column + 1} to {column + width} hold something else")
            failures += 1
    return failures


def check_fitted(file, again, field, fitted):
    """Changed values: in the file, in its places alone, and read again."""
    before, after, failures = field.read_bytes(), fitted.read_bytes(), 0
    fields = np.zeros(len(before), bool)
    starts = np.cumsum([0, *(len(line) for line in before.splitlines(keepends=True))])
    origin = [file[f"/force_field/origin/{name}"][()] for name in ("line", "column", "width", "multiplier")]
    for row, line, column, width, _ in zip(parameters(file), *origin):
        if row[4]:
            fields[starts[line - 1] + column:starts[line - 1] + column + width] = True
    changed = np.array([a != b for a, b in zip(before, after, strict=True)])
    if (changed & ~fields).any() or not changed.any():
        print(f"{(changed & ~fields).sum()} bytes outside of the fitted fields have changed, {changed.sum()} in all")
        failures += 1
    for old, new, multiplier in zip(parameters(file), parameters(again), origin[3], strict=True):
        expected = old[3] * 1.01 + 0.001 * multiplier if old[4] else old[3]
        if old[:3] != new[:3] or abs(new[3] - expected) > 1e-6 * max(abs(expected), abs(multiplier)):
            print(f"{old} became {new}, expected {expected}")
            failures += 1
    print(f"put back: {changed.sum()} bytes changed in {sum(int(row[4]) for row in parameters(file))} fields")
    return failures


if __name__ == "__main__":
    sys.exit(main())
