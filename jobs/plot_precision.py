"""Draws what `q2hpc precision` found: |shift| against wavenumber, mode by mode, and errors against the number of atoms.

    python3 plot_precision.py TRACE.precision.h5 [MORE.precision.h5 ...] -o FIGURE.png [--modes fp32,hessian32,...]

Several traces are drawn into the same axes. Needs matplotlib and h5py. docs/precision.md describes traces.
"""

import argparse

import h5py
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

DEFAULT_MODES = "pure32,fp32,hessian32,fp32_quotients,quotients,refined"
BY_SIZE = (("hessian_relative", "|error of H| / |H|"), ("gradient_relative", "|error of gradient| / |gradient|"))


def main():
    arguments = parse_arguments()
    modes = arguments.modes.split(",")
    figure, axes = plt.subplots(1, 3, figsize=(16, 5))
    for number, mode in enumerate(modes):
        colour = f"C{number}"
        for path in arguments.traces:
            with h5py.File(path) as file:
                if f"modes/{mode}" not in file:
                    continue
                draw(axes, file, mode, colour)
        axes[0].plot([], [], ".", color=colour, label=mode)
    finish(axes, arguments.traces[0])
    figure.tight_layout()
    figure.savefig(arguments.output, dpi=150)
    print(arguments.output)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("traces", nargs="+")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--modes", default=DEFAULT_MODES)
    return parser.parse_args()


def draw(axes, file, mode, colour):
    wavenumber, shift = file["vibrations/wavenumber"][()], np.abs(file[f"modes/{mode}/shift"][()])
    axes[0].plot(wavenumber, np.maximum(shift, 1e-13), ".", color=colour, markersize=2)
    atoms = file["molecules/atoms"][()]
    for axis, (name, _) in zip(axes[1:], BY_SIZE):
        axis.plot(atoms, np.maximum(file[f"modes/{mode}/{name}"][()], 1e-17), ".", color=colour)


def finish(axes, path):
    with h5py.File(path) as file:
        for threshold in file["summary/threshold"][()]:
            axes[0].axhline(threshold, color="grey", linewidth=0.5)
        axes[0].axvline(file["summary"].attrs["real_mode_above"], color="grey", linewidth=0.5)
    axes[0].set(xlabel="wavenumber / cm-1", ylabel="|shift| / cm-1", yscale="log")
    axes[0].legend(markerscale=2, fontsize="small")
    for axis, (_, label) in zip(axes[1:], BY_SIZE):
        axis.set(xlabel="atoms", ylabel=label, xscale="log", yscale="log")


if __name__ == "__main__":
    main()
