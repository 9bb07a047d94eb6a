"""Runs the Python examples of the manual: what docs/format.md writes, q2hpc fits; what q2hpc writes, docs/result.md reads.

    python3 check_docs.py Q2HPC

Claims: both examples run as they stand, and the fit of the example brings the loss to less than a tenth. Exit status: 0, 1 a claim failed, 77 h5py is missing.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import h5py
    import numpy  # noqa: F401
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

DOCS = Path(__file__).resolve().parents[2] / "docs"


def run_examples(page):
    examples = re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)
    if not examples:
        sys.exit(f"{page} has no Python example")
    for example in examples:
        exec(compile(example, page, "exec"), {})


program = str(Path(sys.argv[1]).resolve())
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    run_examples("format.md")
    subprocess.run([program, "input.h5", "-quiet"], check=True)
    run_examples("result.md")
    with h5py.File("input.result.h5") as result:
        loss = result["iterations/loss"][:]
    print(f"loss {loss[0]:.3e} -> {loss[-1]:.3e}")
    os.chdir("/")
    sys.exit(int(not loss[-1] < 0.1 * loss[0]))
