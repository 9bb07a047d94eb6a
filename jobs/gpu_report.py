"""Gathers machine facts, correctness and performance of q2hpc on a GPU into one HDF5 file and a text summary (docs/gpu.md).

    sh jobs/gpu_report.sh [options]      sets the environment and calls this

Every step is a program that is run; its command, exit status, seconds and output are kept under /steps, whatever becomes of it. Values
that two backends found are kept under /comparison, benchmarks under /bench. A step that fails, lacks its program or takes too long is
named in the summary, and the rest goes on.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np

SOURCE = Path(__file__).resolve().parent.parent
LIMIT = 1e-10  # relative difference of backends that counts as agreement: another, equally valid eigenbasis included
TESTS = r"^(same_fit\.(made|organic)|few_molecules|all_kinds|test_device.*|test_devices|device_usage|cuda_module)(\.[0-9]+)?$"
SHOWN = ("CUDA_", "NCCL_", "OMPI_", "OMP_", "OPENBLAS_", "SLURM_JOB_NUM_NODES", "SLURM_NTASKS", "SLURM_GPUS", "UCX_")  # of the environment


def main():
    arguments = parse_arguments()
    program = arguments.build / "q2hpc"
    if not program.is_file():
        print(f"gpu_report: there is no {program}; build it first, or say where: --build FOLDER", file=sys.stderr)
        sys.exit(2)
    path, partial = Path(arguments.output + ".h5"), Path(arguments.output + ".h5.partial")
    with tempfile.TemporaryDirectory() as scratch, h5py.File(partial, "w") as file:
        file.attrs.update(backend=arguments.backend, ranks=arguments.ranks, quick=int(arguments.quick),
                          begun=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
        report = Report(file, arguments, program, Path(scratch))
        machine(report)
        correctness(report)
        performance(report)
        text = report.summary()
        file["summary"] = text
    os.replace(partial, path)
    Path(arguments.output + ".txt").write_text(text)
    print(text, end="")
    print(f"{path} and {arguments.output}.txt: send back both")
    sys.exit(1 if report.failed else 0)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", choices=("cuda", "cpu"), default="cuda", help="cpu: to try out the gatherer (default cuda)")
    parser.add_argument("--output", default="gpu_report", help="name of both files, without ending (default gpu_report)")
    parser.add_argument("--ranks", type=int, default=2, help="ranks of the runs with several (default 2; take the number of GPUs)")
    parser.add_argument("--quick", action="store_true", help="bundled data sets and few repetitions only")
    parser.add_argument("--build", type=Path, default=SOURCE / "build/release", help="the build folder")
    parser.add_argument("--seconds", type=float, default=1800, help="the longest that one step may take (default 1800)")
    return parser.parse_args()


class Report:
    """The file, and what the summary will say."""

    def __init__(self, file, arguments, program, scratch):
        self.file, self.arguments, self.program, self.scratch = file, arguments, str(program.resolve()), scratch
        self.count, self.failed, self.lines = 0, [], []

    def say(self, line):
        self.lines.append(line)

    def summary(self):
        head = [f"q2hpc on {'a GPU' if self.arguments.backend == 'cuda' else 'the CPU, to try out the gatherer'}: "
                f"backend {self.arguments.backend}, {self.file.attrs['begun']}"]
        tail = [f"{self.count} steps, {len(self.failed)} failed" + (":" if self.failed else "")] + [f"  {name}" for name in self.failed]
        return "\n".join(head + self.lines + tail) + "\n"

    def step(self, name, command, needed=True, environment=None, folder=None):
        """Runs the command; returns its output, or None where it failed. needed: whether that counts as a failure."""
        self.count += 1
        print(f"  {name}", file=sys.stderr, flush=True)
        command = [str(word) for word in command]
        begin, status, out, err = time.monotonic(), -1, b"", b""
        if shutil.which(command[0]) is None:
            outcome = f"there is no {command[0]}"
        else:
            try:
                done = subprocess.run(command, capture_output=True, timeout=self.arguments.seconds, cwd=folder or self.scratch,
                                      env={**os.environ, **(environment or {})})
                status, out, err = done.returncode, done.stdout, done.stderr
                outcome = "ok" if status == 0 else f"exit status {status}"
            except subprocess.TimeoutExpired as expired:
                out, err, outcome = expired.stdout or b"", expired.stderr or b"", f"still running after {self.arguments.seconds:g} s"
            except OSError as error:
                outcome = str(error)
        text = out.decode(errors="replace")
        group = self.file.create_group(f"steps/{self.count:02d}_{name}")
        group.attrs.update(command=" ".join(command), status=status, outcome=outcome, seconds=time.monotonic() - begin)
        group["out"], group["err"] = text.replace("\0", "?"), err.decode(errors="replace").replace("\0", "?")
        self.file.flush()
        if outcome == "ok":
            return text
        if needed:
            self.failed.append(f"{name}: {outcome}" + (f" ({err.decode(errors='replace').strip().splitlines()[-1][:150]})" if err.strip() else ""))
        return None

    def q2hpc(self, name, words, ranks=1, needed=True):
        launch = ["mpirun", "-n", ranks] if ranks > 1 else []
        return self.step(name, [*launch, self.program, *words], needed)


# --- the machine ------------------------------------------------------------------------------------------------------------

def machine(report):
    gpu = report.arguments.backend == "cuda"
    cards = report.step("nvidia_smi", ["nvidia-smi", "--query-gpu=name,uuid,memory.total,driver_version,compute_cap,ecc.mode.current,"
                                       "clocks.max.sm,mig.mode.current", "--format=csv"], needed=gpu)
    report.step("nvidia_smi_all", ["nvidia-smi", "-q"], needed=False)
    report.step("nvidia_topology", ["nvidia-smi", "topo", "-m"], needed=False)
    report.step("nvcc", ["nvcc", "--version"], needed=False)
    for name, command in {"kernel": ["uname", "-srm"], "processor": ["lscpu"], "memory": ["free", "-b"], "mpi": ["mpirun", "--version"],
                          "libraries": ["ldd", report.program]}.items():
        report.step(name, command, needed=False)
    version = report.step("version", [report.program, "--version"])
    environment = report.file.create_group("environment")
    for name, value in sorted(os.environ.items()):
        if name.startswith(SHOWN):
            environment.attrs[name] = value
    for line in (cards or "").splitlines()[1:]:
        report.say(f"GPU: {line}")
    report.say("version: " + "; ".join(" ".join(line.split()) for line in (version or "unknown").strip().splitlines()))


# --- correctness ------------------------------------------------------------------------------------------------------------

def correctness(report):
    backend = report.arguments.backend
    tests = report.step("tests", ["ctest", "--test-dir", report.arguments.build.resolve(), "-R", TESTS, "-LE", "long", "--output-on-failure",
                                  "--no-tests=error"], environment={"PETSC_OPTIONS": f"-backend {backend}"})
    found = re.search(r"^.*tests passed.*$", tests or "", re.M)
    report.say(f"tests with -backend {backend}: " + (found.group(0).strip() if found else "failed, see /steps"))
    for name in ("organic_dft", "mixed_xtb"):
        data = SOURCE / f"jobs/data/{name}.h5"
        first, again, other = (evaluate(report, data, name, "cpu", 1), evaluate(report, data, name, backend, 1),
                               evaluate(report, data, name, backend, report.arguments.ranks))
        compare(report, f"{name}/cpu_{backend}", first, again, LIMIT)
        compare(report, f"{name}/{backend}_1_{report.arguments.ranks}_ranks", again, other, 0)


def evaluate(report, data, name, backend, ranks):
    """What an evaluation and J'J of the data set give, or None."""
    kind = f"{name}_{backend}_{ranks}_{report.count}"
    hessians, result = report.scratch / f"{kind}.hessians.h5", report.scratch / f"{kind}.result.h5"
    words = ["-backend", backend, "-quiet"]
    done = report.q2hpc(f"eval_{kind}", ["eval", data, "-hessians", hessians, *words], ranks)
    fitted = report.q2hpc(f"normal_{kind}", ["fit", data, "-tao_max_it", 0, "-identify", "on", "-o", result, *words], ranks)
    if done is None or fitted is None:
        return None
    with h5py.File(hessians) as file, h5py.File(result) as other:
        f = file["frequencies"]
        residual = f["weight"][:] * (f["reference"][:] - f["calculated"][:])
        return {"loss": np.array([np.sum(residual[np.isfinite(residual)] ** 2)]), "frequencies": f["calculated"][:],
                "gradient": file["gradient"][:], "hessian": file["hessian/value"][:],
                "normal_eigenvalues": other["identifiability/eigenvalue"][:]}


def compare(report, name, one, other, limit):
    """Largest |difference| relative to the largest value, for each quantity; both are kept."""
    if one is None or other is None:
        report.failed.append(f"comparison {name}: one of its runs failed")
        return
    for quantity in one:
        group = report.file.create_group(f"comparison/{name}/{quantity}")
        group["first"], group["second"] = one[quantity], other[quantity]
        same = one[quantity].shape == other[quantity].shape
        with np.errstate(all="ignore"):
            difference = np.max(np.abs(one[quantity] - other[quantity])) / np.max(np.abs(one[quantity])) if same else np.inf
        group.attrs.update(relative_difference=difference, limit=limit)
        good = difference <= limit
        report.say(f"{name} {quantity}: relative difference {difference:.1e}" + ("" if good else f", above {limit:g}"))
        if not good:
            report.failed.append(f"comparison {name} {quantity}: {difference:.1e} is above {limit:g}")


# --- performance ------------------------------------------------------------------------------------------------------------

def performance(report):
    arguments, gpu = report.arguments, report.arguments.backend == "cuda"
    sets = {name: SOURCE / f"jobs/data/{name}.h5" for name in ("organic_dft", "mixed_xtb")}
    for atoms, molecules in () if arguments.quick else ((18, 10000), (40, 2000)):
        path = report.scratch / f"made_{atoms}.h5"
        if report.step(f"make_{atoms}_atoms", [sys.executable, SOURCE / "jobs/generate.py", SOURCE / "jobs/data/mixed_xtb.h5", path,
                                               "--molecules", molecules, "--atoms", atoms]):
            sets[f"made_{molecules}_of_{atoms}_atoms"] = path
    repeat = 3 if arguments.quick else 30
    backend = ["-backend", "cpu,cuda" if gpu else "cpu"]
    for name, data in sets.items():
        report.q2hpc(f"info_{name}", ["info", data])
        words = ["bench", data, "-repeat", repeat, *backend]
        bench(report, name, words, 1)
        bench(report, f"{name}_{arguments.ranks}_ranks", words, arguments.ranks)
        if gpu:
            tune(report, name, data, words)


def tune(report, name, data, words):
    """The table of eigen-solvers that the tuning command writes, and the benchmark with it."""
    table = report.scratch / f"{name}.solvers.txt"
    if report.q2hpc(f"tune_{name}", ["tune", data, "-o", table]) is None:
        return
    if not table.is_file():
        report.failed.append(f"tune_{name}: it wrote no table")
        return
    report.file[f"tuning/{name}"] = table.read_text(errors="replace")
    bench(report, f"{name}_tuned", [*words, "-solvers", table], 1)


def bench(report, name, words, ranks):
    text = report.q2hpc(f"bench_{name}", words, ranks)
    if text is None:
        return
    group = report.file.create_group(f"bench/{name}")
    group["text"] = text
    rows = re.findall(r"^(\S.*?) {2,}([-+.\deE]+) +([-+.\deE]+) +([-+.\deE]+) *(\S*)$", text, re.M)
    for number, (label, least, median, most, unit) in enumerate(rows):
        row = group.create_group(f"rows/{number:02d}")
        row.attrs.update(label=label.strip(), least=float(least), median=float(median), most=float(most), unit=unit)
        if label.startswith("value and gradient"):
            report.say(f"{name}: {label.strip()}: median {median}, {least} to {most} {unit}".rstrip())
    if not rows:
        report.failed.append(f"bench_{name}: no row of times in its output")


if __name__ == "__main__":
    main()
