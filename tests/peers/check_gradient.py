"""Checks q2hpc's parameter gradient against an independent one.

    python3 check_gradient.py Q2HPC input.h5 [more.h5 ...] [--every N]

The independent one: numpy's eigenvectors of JAX's Hessians give the cotangent W of each Hessian, and dL/dp = sum of W : dH/dp, where dH/dp is taken over
the terms of parameter p alone, or over all pairs where p is a non-bonded parameter (of a type, of a pair of types, of a charge), by extrapolated
central differences (H is linear, or a smooth function without eigen-decomposition, in every parameter, so that these are accurate to rounding). Of
the parameters that vary: every non-bonded one, and of the others every N-th (default 1).

Claim: |difference| <= 1e-9 x the norm of the gradient in scaled units; relative error <= 1e-7 of every component that is not tiny. Exit status as
check_hessian.py's.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import h5py
    import numpy as np
    from reference import WAVENUMBER, Reference, text, vibrational_basis, wavenumber
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

# about the default scales: makes components comparable
SCALE = {"k": 50.0, "eq": 0.1, "phase": 0.5, "epsilon": 0.02, "sigma": 0.3, "radius": 0.2, "distance": 0.4, "hydrogen_c": 1000.0,
         "hydrogen_d": 300.0, "increment": 0.1, "dipole": 0.5}
NONBONDED = ("lj_", "vdw_", "hydrogen_", "charge_increment", "bond_dipole")
STEP = 1e-3


def cotangents(reference, hessians):
    """dL/dH of each molecule, and the loss, by q2hpc's rule (position)."""
    w = [np.zeros_like(h) for h in hessians]
    loss = 0.0
    for m in sorted(set(reference.observed_molecule)):
        basis = vibrational_basis(reference.positions[reference.atoms(m)], reference.masses[reference.atoms(m)])
        lam, vectors = np.linalg.eigh(basis.T @ reference.weighted(m, hessians[m]) @ basis)
        nu, qm = wavenumber(lam), reference.vibrations(m, reference.qm_hessians[m])
        slope = WAVENUMBER / (2 * np.sqrt(np.abs(lam)))
        weight = np.zeros_like(nu)
        for row in np.flatnonzero(reference.observed_molecule == m):
            index = reference.observed_index[row]
            weight[qm > reference.minimum if index < 0 else index] = reference.observed_weight[row]
        loss += np.sum((weight * (qm - nu)) ** 2)
        u = (np.repeat(reference.masses[reference.atoms(m)], 3) ** -0.5)[:, None] * (basis @ vectors)
        w[m] = (u * (-2 * weight**2 * (qm - nu) * slope)) @ u.T
    return w, loss


def derivative(reference, rows, parameter, w):
    """dL/dp from the terms that name the parameter."""
    terms, total = reference.terms, [0.0, 0.0]
    kept, columns = {}, {}
    for form, table in rows.items():
        chosen = np.flatnonzero((table == parameter).any(axis=1))
        if len(chosen):
            kept[form] = tuple(column[chosen] for column in terms[form])
            columns[form] = table[chosen] == parameter
    if not kept:
        return None
    molecules = sorted({int(m) for form in kept for m in kept[form][0]})
    for k, h in enumerate((STEP, STEP / 2)):
        for sign in (1, -1):
            reference.terms = {form: (t[0], t[1], t[2] + sign * h * scale_of(reference.kinds[parameter]) * columns[form], t[3])
                               for form, t in kept.items()}
            for m, hessian in zip(molecules, reference.mm_hessians(molecules)):
                total[k] += sign * np.sum(w[m] * hessian) / (2 * h)
    reference.terms = terms
    return (4 * total[1] - total[0]) / 3  # in scaled units


def pair_derivative(reference, file, parameter, w):
    """dL/dp from all pairs."""
    terms, at, total = reference.terms, reference.value[parameter], [0.0, 0.0]
    for k, h in enumerate((STEP, STEP / 2)):
        for sign in (1, -1):
            reference.value[parameter] = at + sign * h * scale_of(reference.kinds[parameter])
            reference.terms = reference.read_pairs(file)
            total[k] += sign * sum(np.sum(a * b) for a, b in zip(w, reference.mm_hessians())) / (2 * h)
    reference.terms, reference.value[parameter] = terms, at
    return (4 * total[1] - total[0]) / 3  # in scaled units


def scale_of(kind):
    return SCALE.get(kind, SCALE.get(kind.rsplit("_", 1)[-1], 1.0))


def independent(reference, path, every, w):
    """(row, derivative in scaled units) of the parameters to check."""
    with h5py.File(path) as file:
        link, active = (file[f"force_field/parameters/{name}"][()] for name in ("link", "active"))
        rows = {form: file[f"force_field/terms/{form}/parameters"][()] for form in file["force_field/terms"]}
        candidates = [p for p in range(len(link)) if link[p] < 0 and active[p]]
        pairs = [p for p in candidates if reference.kinds[p].startswith(NONBONDED)]
        found = [(p, pair_derivative(reference, file, p, w)) for p in pairs]
    found += [(p, derivative(reference, rows, p, w)) for p in sorted(set(candidates) - set(pairs))[::every]]
    return [(p, value) for p, value in found if value is not None]


def check(program, path, every, scratch):
    output = scratch / "gradient.h5"
    run = subprocess.run([program, "eval", str(path), "-hessians", str(output), "-quiet"], capture_output=True, text=True)
    if run.returncode != 0:
        print(run.stdout, run.stderr)
        return 2
    reference = Reference(path)
    with h5py.File(output) as file:
        gradient = file["gradient"][()]
    w, _ = cotangents(reference, reference.mm_hessians())
    ours, theirs, labels = [], [], []
    for p, value in independent(reference, path, every, w):
        theirs.append(value)
        ours.append(gradient[p] * scale_of(reference.kinds[p]))
        labels.append(f"{reference.kinds[p]} {reference.labels[p]}")
    ours, theirs = np.array(ours), np.array(theirs)
    norm = np.linalg.norm(theirs)
    wrong = np.abs(ours - theirs) / norm
    relative = np.abs(ours - theirs) / (np.abs(theirs) + 1e-3 * norm / np.sqrt(len(theirs)))
    worst = int(np.argmax(relative))
    print(f"{path}: {len(ours)} parameters, largest difference {wrong.max():.1e} of the gradient's norm, {relative[worst]:.1e} relative ({labels[worst]})")
    return int(wrong.max() > 1e-9 or relative.max() > 1e-7)


def main():
    arguments = sys.argv[1:]
    every = 1
    if "--every" in arguments:
        at = arguments.index("--every")
        every = int(arguments[at + 1])
        del arguments[at:at + 2]
    program, *paths = arguments
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(max([check(program, path, every, Path(scratch)) for path in paths]))


if __name__ == "__main__":
    main()
