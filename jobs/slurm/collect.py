"""Makes a table of a scaling study (jobs/slurm/scaling.sh) from what its jobs wrote.

    python3 collect.py FOLDER

One line for each kind and number of ranks: the median over repetitions of the median seconds of value and gradient, their spread, and
the efficiency relative to the smallest number of ranks: strong t1 n1 / (t n), weak t1 / t. Runs that failed or have not ended are named.
Needs nothing but Python. Exit status: 0; 1 if a run failed, or there is none.
"""

import re
import statistics
import sys
from pathlib import Path


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    runs, wrong = read(Path(sys.argv[1]))
    for name in wrong:
        print(f"not counted: {name}", file=sys.stderr)
    if not runs:
        sys.exit(f"{sys.argv[1]}: no run of a scaling study that ended well")
    print(f"{'kind':8}{'ranks':>7}{'runs':>6}{'molecules':>11}{'median/ms':>12}{'least':>11}{'most':>11}{'efficiency':>12}   backend")
    for kind in ("strong", "weak"):
        points = {ranks: found for (k, ranks), found in sorted(runs.items()) if k == kind}
        for ranks, found in points.items():
            times = [run["milliseconds"] for run in found]
            first = min(points)
            ideal = statistics.median(run["milliseconds"] for run in points[first]) * (first / ranks if kind == "strong" else 1)
            median = statistics.median(times)
            print(f"{kind:8}{ranks:7}{len(times):6}{found[0]['molecules']:11}{median:12.3f}{min(times):11.3f}{max(times):11.3f}"
                  f"{ideal / median:12.2f}   {', '.join(sorted({run['backend'] for run in found}))}")
    sys.exit(1 if wrong else 0)


def read(folder):
    """({(kind, ranks): [run]}, [what is wrong])"""
    runs, wrong = {}, []
    for path in sorted(folder.glob("*.out")):
        name = re.fullmatch(r"(strong|weak)\.(\d+)\.(\d+)\.out", path.name)
        if not name:
            continue
        text = path.read_text(errors="replace")
        if not re.search(r"^exit status 0$", text, re.M):
            end = re.search(r"^exit status (\d+)$", text, re.M)
            wrong.append(f"{path.name}: " + (f"exit status {end.group(1)}" if end else "has not ended"))
            continue
        time = re.search(r"^value and gradient +\S+ +(\S+) +\S+ +ms$", text, re.M)
        size = re.search(r": (\d+) molecules,", text)
        start = re.search(r": (\d+) ranks? on .*?backend (\S+)", text)
        if not time or not size or not start:
            wrong.append(f"{path.name}: no time of value and gradient in it")
        elif int(start.group(1)) != int(name.group(2)):
            wrong.append(f"{path.name}: ran on {start.group(1)} ranks")
        else:
            run = {"milliseconds": float(time.group(1)), "molecules": int(size.group(1)), "backend": start.group(2)}
            runs.setdefault((name.group(1), int(name.group(2))), []).append(run)
    return runs, wrong


if __name__ == "__main__":
    main()
