"""Checks force fields exported to Tinker: its programs analyze and testgrad run them, and their energies and gradients are q2hpc's.

    python3 check_tinker.py Q2HPC WRITE_ASSIGNED FOLDER organic_dft.h5     FOLDER has analyze and testgrad

Force fields are made up, with rows for all that occurs. Molecules are the bundled set's, their atoms moved by some 0.05 angstrom off planes and
symmetry, those with an angle above 170 degrees left out. Types come from files: q2hpc reads them with the force field, and exports -to tinker.
    MM3        series of MM3, out-of-plane bends, stretch-bends, torsion-stretches, exp-6 pairs with reductions and pairs of types of their own
    OPLS       Lennard-Jones pairs by geometric means, charges, improper torsions in all orders, harmonic out-of-plane bends
    CHARMM     Lennard-Jones pairs by arithmetic means, charges, Urey-Bradley terms, harmonic impropers
    AMBER      of a frcmod, whose types are names: they get numbers by the alphabet

Claims, for each molecule: |energy - energy| <= 1e-7 kcal/mol, every component of the gradients within 1e-7 kcal/mol/angstrom (Tinker prints eight
decimals); each form that is meant to be there is. Exit status: 0 all within, 1 a claim failed, 77 a peer is missing, 2 a program failed.
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
    from check_assigned import Rows, by_q2hpc, distinct, read_molecules, write_frcmod
    from evaluate_in_tinker import TinkerField
    from q2hpc_topology import SYMBOLS
    import evaluated
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

TOLERANCE = 1e-7  # kcal/mol, kcal/mol/angstrom
TRIGONAL = 3  # neighbours

HEADS = {
    "MM3": "bondunit 71.94\nbond-cubic -2.55\nbond-quartic 3.793125\nangleunit 0.02191418\nangle-cubic -0.014\nangle-quartic 0.000056\n"
           "angle-pentic -0.0000007\nangle-sextic 0.000000022\nstrbndunit 2.51118\nopbendtype ALLINGER\nopbendunit 0.02191418\nopbend-cubic -0.014\n"
           "opbend-quartic 0.000056\nopbend-pentic -0.0000007\nopbend-sextic 0.000000022\ntorsionunit 0.5\nstrtorunit -5.9975\nvdwtype MM3-HBOND\n"
           "radiustype R-MIN\nradiussize RADIUS\nradiusrule ARITHMETIC\nepsilonrule GEOMETRIC\na-expterm 184000.0\nb-expterm 12.0\nc-expterm 2.25\n",
    "OPLS": "vdwtype LENNARD-JONES\nradiustype SIGMA\nradiussize DIAMETER\nradiusrule GEOMETRIC\nepsilonrule GEOMETRIC\nopbendtype ALLINGER\n"
            "vdw-14-scale 2.0\nchg-14-scale 2.0\nelectric 332.063713\ndielectric 1.5\nimptorunit 0.5\ntorsionunit 0.5\n",
    "CHARMM": "vdwtype LENNARD-JONES\nradiustype R-MIN\nradiussize RADIUS\nradiusrule ARITHMETIC\nepsilonrule GEOMETRIC\n"
              "vdw-14-scale 1.0\nchg-14-scale 1.0\nelectric 332.0716\ndielectric 1.0\n"}

FORMS = {
    "MM3": {"bond_mm3", "angle_mm3", "stretch_bend", "out_of_plane_mm3", "torsion_mm3", "torsion_stretch"},
    "OPLS": {"bond_harmonic", "angle_harmonic", "out_of_plane_harmonic", "improper_fourier", "torsion_fourier"},
    "CHARMM": {"bond_harmonic", "angle_harmonic", "urey_bradley", "improper_harmonic", "torsion_fourier"},
    "AMBER": {"bond_harmonic", "angle_harmonic", "torsion_fourier"}}


def give_numbers(molecules):
    """Classes by element and number of neighbours, several types a class by an atom's neighbours; both are numbers, not in the order of one another."""
    classes = lambda m, k: (int(m.elements[k]), len(m.neighbours[k]))
    types = lambda m, k: (*classes(m, k), *sorted(int(m.elements[n]) for n in m.neighbours[k]))  # hydrogens decide about angles
    of_class = {c: k + 1 for k, c in enumerate(sorted({classes(m, k) for m in molecules for k in range(len(m.elements))}))}
    of_type = {t: 500 - 7 * k for k, t in enumerate(sorted({types(m, k) for m in molecules for k in range(len(m.elements))}))}
    for m in molecules:
        m.classes = [str(of_class[classes(m, k)]) for k in range(len(m.elements))]
        m.types = [str(of_type[types(m, k)]) for k in range(len(m.elements))]


# --- made-up parameters of Tinker --------------------------------------------------------------------------------------------

def chains_of_classes(molecules, chains):
    return sorted({min(classes, classes[::-1]) for _, classes in distinct(molecules, chains)})


def write_prm(path, kind, molecules, random):
    """Rows for every bond and angle, and for most of the rest."""
    u = random.uniform
    types = sorted({(int(t), int(c), int(e), len(n)) for m in molecules for t, c, e, n in zip(m.types, m.classes, m.elements, m.neighbours)})
    out = [f"forcefield MADE-UP-{kind}", *HEADS[kind].split("\n")]
    out += [f'atom {t} {c} {SYMBOLS[e]} "{SYMBOLS[e]} with {n} neighbours" {e} {2.0 * e} {n}' for t, c, e, n in types]
    bonds = chains_of_classes(molecules, lambda m: m.bonds)
    angles = chains_of_classes(molecules, lambda m: m.angles)
    torsions = chains_of_classes(molecules, lambda m: m.torsions)
    one_way = lambda names: " ".join(names if u(0, 1) < 0.5 else names[::-1])
    mm3 = kind == "MM3"
    out += [f"bond {one_way(b)} {u(2, 6) if mm3 else u(200, 500):.4f} {u(0.9, 1.6):.5f}" for b in bonds]
    for a in angles:
        values = [f"{u(95, 130):.3f}" for _ in range(random.choice([1, 3]) if mm3 else 1)]  # by hydrogens on the middle atom
        out.append(f"angle {one_way(a)} {u(0.3, 0.9) if mm3 else u(20, 80):.4f} {' '.join(values)}")
    out += [f"torsion {one_way(t)} {mm3_series(u) if mm3 else series(random)}" for t in torsions if u(0, 1) < 0.7]
    out.append(f"torsion 0 {torsions[0][1]} {torsions[0][2]} 0 {mm3_series(u) if mm3 else series(random)}")
    if mm3:
        out += [f"strbnd {one_way(a)} {k} {k}" for a in angles for k in [f"{u(0.05, 0.2):.4f}"] if u(0, 1) < 0.8]
        out += [f"strtors {one_way(t)} {u(-0.3, 0.3):.4f} {u(-0.3, 0.3):.4f} {u(-0.3, 0.3):.4f}" for t in torsions if u(0, 1) < 0.5]
    if kind == "CHARMM":
        out += [f"ureybrad {one_way(a)} {u(5, 40):.3f} {u(1.8, 2.6):.4f}" for a in angles if u(0, 1) < 0.5]
    out += centres(kind, molecules, random) + pairs(kind, types, random)
    Path(path).write_text("\n".join(out) + "\n")


def mm3_series(u):
    return f"{u(-1, 1):.3f} 0.0 1 {u(-1, 1):.3f} 180.0 2 {u(-1, 1):.3f} 0.0 3"


def series(random):
    return " ".join(f"{random.uniform(-2, 2):.3f} {random.choice([0.0, 180.0, 37.0])} {n}" for n in sorted(random.permutation(6)[:random.integers(1, 4)] + 1))


def centres(kind, molecules, random):
    """Of those with three neighbours."""
    u, rows = random.uniform, {}
    for m in molecules:
        for c, *near in m.centres:
            if len(m.neighbours[c]) == TRIGONAL:
                rows.setdefault((m.classes[c], tuple(sorted(m.classes[n] for n in near))))
    out = []
    for (centre, near), _ in sorted(rows.items()):
        if kind in ("MM3", "OPLS"):
            k = 0.4 if kind == "MM3" else 20.0
            out += [f"opbend {n} {centre} 0 0 {u(0.5, 1.5) * k:.4f}" for n in sorted(set(near)) if f"opbend {n} {centre} " not in " ".join(out)]
        if kind == "OPLS":
            i, j, l = random.permutation(near)
            out.append(f"imptors {i} {j} {centre} {l} {u(1, 10):.3f} 180.0 2")
        if kind == "CHARMM":
            i, j, l = random.permutation(near)
            out.append(f"improper {centre} {i} {j} {l} {u(5, 40):.3f} 0.0")
    return out


def pairs(kind, types, random):
    """By class; hydrogens of MM3 are moved towards their neighbours."""
    u, out = random.uniform, []
    classes = {c: (e, n) for _, c, e, n in types}
    for c, (e, n) in sorted(classes.items()):
        size = u(2.2, 3.2) if kind == "OPLS" else u(1.2, 1.9)
        out.append(f"vdw {c} {size:.4f} {u(0.02, 0.2):.4f}" + (" 0.923" if kind == "MM3" and e == 1 and n == 1 else ""))
    for c, d in itertools.combinations(sorted(classes), 2):
        if u(0, 1) < 0.1:
            out.append(f"vdwpr {c} {d} {u(2.5, 3.5):.4f} {u(0.02, 0.2):.4f}")
    if kind != "MM3":
        out += [f"charge {t} {u(-0.4, 0.4):.4f}" for t, *_ in types]
    return out


# --- the comparison ----------------------------------------------------------------------------------------------------------

def compare(kind, programs, tinker, folder, molecules, fields):
    """Failures."""
    found = by_q2hpc(programs, folder, molecules, fields)
    exported = folder / f"{kind}.exported.prm"
    run = subprocess.run([programs[0], "export", folder / "made.h5", "-to", "tinker", "-o", exported], capture_output=True, text=True)
    if run.returncode != 0:
        print(f"FAILED {kind}: export ended with status {run.returncode}:\n{run.stdout}{run.stderr}")
        return 1
    field, worst, failed = TinkerField(exported, tinker), np.zeros(2), 0
    for m, energy, forces in zip(evaluated.read_molecules(folder / "made.h5"), *found):
        expected = field.evaluate(m)
        off = np.array([abs(energy - expected[0]), np.abs(-forces - expected[1]).max()])
        worst = np.maximum(worst, off)
        if not (off <= TOLERANCE).all():
            failed += 1
            print(f"FAILED {kind}: {m.name}: energy {energy:.8f}, Tinker's {expected[0]:.8f}; gradients off by {off[1]:.2e}")
    print(f"{kind}: {len(molecules)} molecules, energies off by {worst[0]:.1e} kcal/mol, gradients by {worst[1]:.1e} kcal/mol/angstrom")
    return failed + lacks_forms(kind, folder / "made.h5")


def lacks_forms(kind, path):
    with h5py.File(path) as file:
        lacking = FORMS[kind] - set(file["force_field/terms"])
    if lacking:
        print(f"FAILED {kind}: no {', '.join(sorted(lacking))} in the data set")
    return len(lacking)


def main():
    programs, tinker, path = sys.argv[1:3], sys.argv[3], sys.argv[4]
    failed = compared = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed, kind in enumerate(FORMS):
            random = np.random.default_rng(seed)
            molecules = read_molecules(path, random)
            if kind == "AMBER":
                rows = Rows(molecules, random, "X", by_class=False)
                rows.impropers = []  # orders of AMBER's: Tinker has others
                write_frcmod(folder / "made.frcmod", molecules, rows)
                fields = [folder / "made.frcmod"]
            else:
                give_numbers(molecules)
                write_prm(folder / "made.prm", kind, molecules, random)
                fields = [folder / "made.prm"]
            failed += compare(kind, programs, tinker, folder, molecules, fields)
            compared += len(molecules)
    print(f"{compared} comparisons, {failed} failures")
    sys.exit(1 if failed or compared < 90 else 0)


if __name__ == "__main__":
    main()
