"""Compares q2hpc with q2mm itself (its JAX engine, float64) on q2mm's benchmark rh-enamide, brought over by
jobs/q2mm_to_q2hpc.py.

    python3 check_q2mm.py Q2HPC Q2MM FOLDER     Q2MM: a checkout of ericchansen/q2mm at 0c79572; FOLDER: a copy of its
                                                examples/rh-enamide

Claims, for both forms of q2mm (MM3 and harmonic), at its starting parameters and at two random ones where every term acts:
    Hessians       |H - H_q2mm| <= 1e-9 |H_q2mm|, each molecule, in kcal/mol/angstrom^2, before q2mm converts them
    frequencies    all 3N of each molecule within 0.01 cm-1
    loss           -match q2mm: as many pairs, and equal to 1e-6 of itself. q2mm converts with a hartree of 627.50956 kcal/mol one
                   way and of 4.35974465e-18 J the other, which together scale its eigenvalues by 1 - 1.5e-7
    eigenmatrix    the loss of all its elements, diagonal and off-diagonal, in q2mm's basis and with its weights: the same
    parameters     q2mm's vector comes back out of a result as it went in
Exit status: 0 all within, 1 a claim failed, 77 something is missing (CTest: skipped), 2 the program failed.
"""

import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

program, checkout, folder = sys.argv[1:]
os.environ["JAX_PLATFORMS"] = "cpu"
sys.path[:0] = [checkout, str(Path(__file__).resolve().parents[2] / "jobs")]
try:
    import h5py
    import numpy as np
    import q2mm_to_q2hpc as bridge
    from q2mm.backends.mm.jax_engine import JaxEngine
    from q2mm.diagnostics.systems import _build_frequency_reference
    from q2mm.models.hessian import hessian_to_frequencies
    from q2mm.models.units import KCALMOLA2_TO_HESSIAN_AU
    from q2mm.optimizers.objective import ObjectiveFunction, ReferenceData
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

HESSIAN_TOLERANCE, FREQUENCY_TOLERANCE, LOSS_TOLERANCE = 1e-9, 0.01, 1e-6
VECTORS = 3


def main():
    logging.disable(logging.WARNING)
    engine, failed = JaxEngine(), 0
    for form in ("mm3", "harmonic"):
        forcefield, molecules = bridge.rh_enamide(Path(folder), form)
        objective = ObjectiveFunction(forcefield, engine, molecules, ReferenceData())
        # Each molecule's own: a first evaluation gives molecules of one topology a handle with the geometry of one of them.
        handles = [objective._get_structure(m) for m in range(len(molecules))]
        for number, values in enumerate(vectors(forcefield)):
            forcefield.set_param_vector(values)
            failed += compare(objective, handles, values, f"{form}, vector {number}")
            failed += compare_eigenmatrix(objective, values, f"{form}, vector {number}")
        failed += vector_returns(molecules, forcefield, form)
    print(f"{failed} failures")
    sys.exit(1 if failed else 0)


def vectors(forcefield):
    """q2mm's start, and random ones near it with torsions that act."""
    start, labels, random = forcefield.get_param_vector().copy(), forcefield.get_param_type_labels(), np.random.default_rng(5)
    torsion = np.array([label == "torsion_k" for label in labels])
    yield start
    for _ in range(VECTORS - 1):
        yield start * random.uniform(0.9, 1.1, len(start)) + torsion * random.uniform(-2, 2, len(start))


def run(arguments):
    outcome = subprocess.run([program, *arguments], capture_output=True, text=True)
    if outcome.returncode != 0:
        print(f"{program} {' '.join(arguments)} ended with status {outcome.returncode}:\n{outcome.stdout}{outcome.stderr}")
        sys.exit(2)
    return outcome.stdout


def compare(objective, handles, values, title):
    engine, molecules, forcefield = objective.engine, objective.molecules, objective.forcefield
    with tempfile.TemporaryDirectory() as scratch:
        path, output = f"{scratch}/input.h5", f"{scratch}/hessians.h5"
        bridge.write(forcefield, molecules, None, path, as_q2mm=True)
        text = run(["eval", path, "-match", "q2mm", "-hessians", output])
        with h5py.File(output, "r") as file:
            packed = np.split(file["hessian/value"][()], file["hessian/offset"][1:-1])
    loss, pairs = loss_in(text)
    worst, shift, reference = 0.0, 0.0, None
    for m, (molecule, handle) in enumerate(zip(molecules, handles)):
        hartree = engine.hessian(handle, forcefield)  # as q2mm converts it
        n = len(hartree)
        ours, theirs = packed[m].reshape(n, n), hartree / KCALMOLA2_TO_HESSIAN_AU
        worst = max(worst, not_finite_is_large(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)))
        frequencies = engine.frequencies(handle, forcefield)
        shift = max(shift, not_finite_is_large(np.abs(wavenumbers(ours, molecule) - np.sort(frequencies)).max()))
        reference, _ = _build_frequency_reference(hessian_to_frequencies(molecule.hessian, molecule.symbols), frequencies,
                                                  molecule_idx=m, ref=reference)
    objective.reference = reference
    expected = objective(values)
    error = not_finite_is_large(abs(loss / expected - 1))
    wrong = not (worst <= HESSIAN_TOLERANCE and shift <= FREQUENCY_TOLERANCE and error <= LOSS_TOLERANCE
                 and pairs == reference.n_observations)
    print(f"{'FAILED ' if wrong else ''}{title}: Hessians {worst:.1e}, frequencies {shift:.1e} cm-1, {pairs} pairs, "
          f"loss {loss:.9g}, q2mm's {reference.n_observations} and {expected:.9g} ({error:.1e})")
    return wrong


def loss_in(text):
    """The loss that `q2hpc eval` prints, and the number of its residuals."""
    line = next(line.split() for line in text.splitlines() if line.startswith("loss "))
    return float(line[1]), int(line[3])


def compare_eigenmatrix(objective, values, title):
    reference = ReferenceData()
    for m, molecule in enumerate(objective.molecules):
        reference.add_eigenmatrix_from_hessian(molecule.hessian, molecule_idx=m)
    objective.reference = reference
    expected = objective(values)
    with tempfile.TemporaryDirectory() as scratch:
        path = f"{scratch}/input.h5"
        bridge.write(objective.forcefield, objective.molecules, reference, path, as_q2mm=True)
        loss, count = loss_in(run(["eval", path]))
    error = not_finite_is_large(abs(loss / expected - 1))
    wrong = not error <= LOSS_TOLERANCE
    print(f"{'FAILED ' if wrong else ''}{title}: eigenmatrix, {count} elements, loss {loss:.9g}, q2mm's {expected:.9g} "
          f"({error:.1e})")
    return wrong


# CODATA 2018: cm-1 of the root of a kcal/mol/angstrom^2/amu
WAVENUMBER = np.sqrt(4184e20 / (6.02214076e23 * 1.66053906660e-27)) / (2 * np.pi * 299792458.0 * 100.0)


def wavenumbers(hessian, molecule):
    """Of all 3N eigenvalues, ascending. (The program's own list holds the pairs of the fit.)"""
    root = np.repeat([bridge.MASSES[s] for s in molecule.symbols], 3) ** -0.5
    values = np.linalg.eigvalsh(hessian * np.outer(root, root))
    return np.sign(values) * np.sqrt(np.abs(values)) * WAVENUMBER


def not_finite_is_large(value):
    return value if np.isfinite(value) else np.inf


def vector_returns(molecules, forcefield, form):
    with tempfile.TemporaryDirectory() as scratch:
        path, result = f"{scratch}/input.h5", f"{scratch}/result.h5"
        bridge.write(forcefield, molecules, None, path)
        run([path, "-match", "q2mm", "-tao_max_it", "0", "-o", result])
        difference = np.abs(bridge.vector(result, forcefield) - forcefield.get_param_vector()).max()
    wrong = not difference <= 1e-12
    print(f"{'FAILED ' if wrong else ''}{form}: parameters come back within {difference:.1e}")
    return wrong


if __name__ == "__main__":
    main()
