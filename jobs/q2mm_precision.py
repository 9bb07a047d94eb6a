"""Measures q2mm's own error in float32 on its benchmark rh-enamide, beside q2hpc's, on the same molecules and parameters.

    python3 q2mm_precision.py Q2HPC Q2MM FOLDER [--form mm3|harmonic | --as-published] [--molecules N] [-o TRACE]

Q2HPC: the program; Q2MM: a checkout of ericchansen/q2mm at 0c79572; FOLDER: a copy of its examples/rh-enamide. With
--as-published, Q2MM is a checkout at 6dd975f, where q2mm published its study of float32: the model is the one that it loads
there, and q2hpc does not run. q2mm's Hessians come from JAX on the CPU, with JAX_ENABLE_X64=1 and =0 in two processes; in float32 they are decomposed in float64 and in float32
(numpy), as in its own study. Prints the shifts of real modes (above 50 cm-1 in float64), in cm-1, then what q2hpc precision says;
-o keeps its trace. --molecules takes the first N complexes only. tests/peers/check_q2mm_precision.py is the test of it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

REAL_MODE = 50.0  # cm-1


def main():
    arguments = parse_arguments()
    if arguments.child:
        return child(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        hessians = [run_child(arguments, x64, f"{scratch}/{x64}.npz") for x64 in "10"]
        compare(*hessians)
        if arguments.as_published:
            return 0
        trace = arguments.output or f"{scratch}/precision.h5"
        subprocess.run([arguments.program, "precision", f"{scratch}/1.npz.h5", "-o", trace, "-quiet"], check=True)
    return 0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("checkout")
    parser.add_argument("folder")
    parser.add_argument("--form", choices=("mm3", "harmonic"), default="harmonic")
    parser.add_argument("--as-published", action="store_true")
    parser.add_argument("--molecules", type=int)
    parser.add_argument("-o", dest="output", metavar="TRACE")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args()


def run_child(arguments, x64, path):
    environment = dict(os.environ, JAX_ENABLE_X64=x64, JAX_PLATFORMS="cpu")
    subprocess.run([sys.executable, __file__, *sys.argv[1:], "--child", path], env=environment, check=True)
    return np.load(path)


def child(arguments):
    """Hessians of q2mm at its starting parameters, kcal/mol/angstrom^2, and the square roots of the masses."""
    sys.path[:0] = [arguments.checkout, str(Path(__file__).resolve().parent)]
    import logging
    logging.disable(logging.WARNING)
    from q2mm.backends.mm.jax_engine import JaxEngine
    from q2mm.models.units import KCALMOLA2_TO_HESSIAN_AU
    if arguments.as_published:
        return load_published(arguments, JaxEngine(), KCALMOLA2_TO_HESSIAN_AU)
    import q2mm_to_q2hpc as bridge
    from q2mm.optimizers.objective import ObjectiveFunction, ReferenceData
    forcefield, molecules = bridge.rh_enamide(Path(arguments.folder), arguments.form)
    molecules = molecules[:arguments.molecules]
    engine = JaxEngine()
    objective = ObjectiveFunction(forcefield, engine, molecules, ReferenceData())
    handles = [objective._get_structure(m) for m in range(len(molecules))]
    out = {}
    for m, (molecule, handle) in enumerate(zip(molecules, handles)):
        out[f"hessian{m}"] = np.asarray(engine.hessian(handle, forcefield), dtype=float) / KCALMOLA2_TO_HESSIAN_AU
        out[f"root{m}"] = np.repeat([bridge.MASSES[s] for s in molecule.symbols], 3) ** -0.5
    np.savez(arguments.child, **out)
    bridge.write(forcefield, molecules, None, arguments.child + ".h5", as_q2mm=True)


def load_published(arguments, engine, unit):
    """The same of what q2mm's own study loads."""
    from q2mm.diagnostics.systems import SYSTEMS
    from q2mm.elements import MASSES
    data, out = SYSTEMS["rh-enamide"].loader(engine), {}
    for m, molecule in enumerate(data.molecules):
        out[f"hessian{m}"] = np.asarray(engine.hessian(molecule, data.forcefield), dtype=float) / unit
        out[f"root{m}"] = np.repeat([MASSES[s] for s in molecule.symbols], 3) ** -0.5
    np.savez(arguments.child, **out)


# CODATA 2018: cm-1 of the root of a kcal/mol/angstrom^2/amu
WAVENUMBER = np.sqrt(4184e20 / (6.02214076e23 * 1.66053906660e-27)) / (2 * np.pi * 299792458.0 * 100.0)


def wavenumbers(hessian, root, dtype):
    values = np.linalg.eigvalsh((hessian * np.outer(root, root)).astype(dtype)).astype(float)
    return np.sign(values) * np.sqrt(np.abs(values)) * WAVENUMBER


def compare(full, single):
    largest = 0.0
    shifts, worst, relative = {np.float64: [], np.float32: []}, 0.0, 0.0
    for m in range(len(full.files) // 2):
        a, b, root = full[f"hessian{m}"], single[f"hessian{m}"], full[f"root{m}"]
        exact = wavenumbers(a, root, np.float64)
        largest = max(largest, np.abs(exact).max())
        worst = max(worst, np.abs(b - a).max())
        relative = max(relative, np.linalg.norm(b - a) / np.linalg.norm(a))
        for dtype in shifts:
            shifts[dtype].append(np.abs(wavenumbers(b, root, dtype) - exact)[exact > REAL_MODE])
    print(f"q2mm, Hessians in float32: largest error {worst:.3g} kcal/mol/angstrom^2, |error| / |H| {relative:.2g}; "
          f"largest wavenumber {largest:.0f} cm-1")
    for dtype, name in ((np.float32, "everything in float32"), (np.float64, "float32 Hessian, float64 eigen-solver")):
        all_shifts = np.concatenate(shifts[dtype])
        print(f"q2mm, {name:38s} largest {all_shifts.max():.4f}, mean {all_shifts.mean():.4f}, "
              f"RMS {np.sqrt(np.mean(all_shifts ** 2)):.4f} cm-1 over {len(all_shifts)} real modes")


if __name__ == "__main__":
    sys.exit(main())
