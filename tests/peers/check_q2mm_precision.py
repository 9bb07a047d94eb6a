"""Compares the errors of float32 in q2hpc and in q2mm itself (its JAX engine), by jobs/q2mm_precision.py, on the first two complexes of
q2mm's benchmark rh-enamide with its harmonic model.

    python3 check_q2mm_precision.py Q2HPC Q2MM FOLDER     Q2MM: a checkout of ericchansen/q2mm at 0c79572; FOLDER: a copy of its
                                                          examples/rh-enamide

Claims (docs/precision.md, "Beside q2mm"), of real modes:
    q2mm      in float32 its wavenumbers shift, by less than 0.1 cm-1, whether it decomposes in float64 or in float32
    q2hpc     fp32 and hessian32 stay within 0.01 cm-1, are no float64 in disguise, and refined gives float64 to 1e-8
    Hessians  float32 costs q2hpc's Hessian (hessian32) no larger a shift than q2mm's
Exit status: 0 all within, 1 a claim failed, 77 something is missing (CTest: skipped), 2 a program failed.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py

program, checkout, folder = sys.argv[1:]
SCRIPT = Path(__file__).resolve().parents[2] / "jobs" / "q2mm_precision.py"
MOLECULES, LEAST = 2, 1e-6  # complexes; cm-1 that float32 shifts at least


def main():
    probe = subprocess.run([sys.executable, "-c", "from q2mm.backends.mm.jax_engine import JaxEngine"], cwd=checkout,
                           capture_output=True, text=True)
    if probe.returncode != 0:
        print(f"skipped: {(probe.stderr.splitlines() or ['q2mm cannot be imported'])[-1]}")
        return 77
    with tempfile.TemporaryDirectory() as scratch:
        trace = f"{scratch}/trace.h5"
        outcome = subprocess.run([sys.executable, str(SCRIPT), program, checkout, folder, "--molecules", str(MOLECULES),
                                  "-o", trace], capture_output=True, text=True)
        print(outcome.stdout)
        if outcome.returncode != 0:
            print(outcome.stderr)
            return 2
        theirs = {name: float(shift) for name, shift in
                  re.findall(r"^q2mm, (everything in float32|float32 Hessian).*largest (\S+),", outcome.stdout, re.MULTILINE)}
        with h5py.File(trace) as file:
            names = [name.decode() for name in file["summary/mode"][()].ravel()]
            ours = dict(zip(names, file["summary/largest_shift"][()]))
    return judge(theirs, ours)


def judge(theirs, ours):
    claims = {f"q2mm was measured: {theirs}": len(theirs) == 2}
    for name, shift in theirs.items():
        claims[f"q2mm, {name}: {shift} cm-1 is between {LEAST} and 0.1"] = LEAST < shift < 0.1
    for mode in ("fp32", "hessian32"):
        claims[f"q2hpc, {mode}: {ours[mode]:.2g} cm-1 is between {LEAST} and 0.01"] = LEAST < ours[mode] < 0.01
    claims[f"q2hpc, refined: {ours['refined']:.2g} cm-1 is within 1e-8"] = ours["refined"] < 1e-8
    theirs_hessian = theirs.get("float32 Hessian", 0.0)
    claims[f"q2hpc's float32 Hessian shifts by {ours['hessian32']:.2g}, q2mm's by {theirs_hessian}"] = ours["hessian32"] <= theirs_hessian
    failed = [claim for claim, holds in claims.items() if not holds]
    for claim in claims:
        print(f"{'FAILED ' if claim in failed else 'ok '} {claim}")
    return 1 if failed else 0


sys.exit(main())
