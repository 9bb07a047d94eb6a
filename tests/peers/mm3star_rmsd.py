"""Prints what MM3*'s hydrogen sites and soft cut do to the frequencies of rh-enamide, with the force field as it is.

    python3 mm3star_rmsd.py FOLDER

FOLDER: as for check_mm3star.py. Energies as there, Hessians by automatic differentiation, root mean square deviations over all
vibrations of the nine structures, imaginary ones too, at the Jaguar inputs' geometries.
"""

import sys
import tempfile
from pathlib import Path

import h5py
import jax.numpy as jnp
import numpy as np
from check_mm3star import MM3Star
from reference import FORMS, blocks, distance, in_units, on_sites, vibrational_basis, wavenumber

import rh_enamide_mm3
from q2hpc_dataset import write_tables

# name: which forms see the sites, whether there is a soft cut
BONDED, PAIRS = {"bond_mm3", "angle_mm3"}, {"vdw", "coulomb"}
VARIANTS = {
    "all as MM3*": (BONDED | PAIRS, True),
    "no soft cut": (BONDED | PAIRS, False),
    "van der Waals and charges at the nuclei": (BONDED, True),
    "bends at the nuclei": ({"bond_mm3"} | PAIRS, True),
    "stretches at the nuclei": ({"angle_mm3"} | PAIRS, True),
    "everything at the nuclei, no soft cut": (set(), False),
    "the same without van der Waals and charges": (set(), None)}


def main():
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "input.h5"
        write_tables(path, *rh_enamide_mm3.Model(Path(sys.argv[1])).tables())
        with h5py.File(path, "r") as file:
            data = Frequencies(file)
    for name, (at_sites, soft_cut) in VARIANTS.items():
        shifts = np.concatenate(data.shifts(at_sites, soft_cut))
        rmsd, largest = np.sqrt(np.mean(shifts**2)), np.abs(shifts).max()
        print(f"{name:44} {rmsd:8.3f} cm-1 over {len(shifts)} vibrations, largest {largest:.1f}", flush=True)


def vdw(x, p, _):
    r = distance(x, 0, 1) / p[1]
    return p[0] * (184000 * jnp.exp(-12 * r) - 2.25 / r**6)


def coulomb(x, p, _):
    return p[0] / distance(x, 0, 1)


class Frequencies(MM3Star):
    def __init__(self, file):
        super().__init__(file)
        self.masses = in_units(file["atoms/mass"])
        packed, offset = in_units(file["hessian"]), file["molecules/hessian_offset"][()]
        self.qm = []
        for m, n in enumerate(3 * np.diff(self.offset)):
            hessian = np.zeros((n, n))
            hessian[np.tril_indices(n)] = packed[offset[m]:offset[m + 1]]
            self.qm.append(hessian + np.tril(hessian, -1).T)

    def shifts(self, at_sites, soft_cut):
        """Calculated less reference, cm-1, of each molecule. soft_cut None: no pairs."""
        hessians = [np.zeros_like(h) for h in self.qm]
        for form, table in self.terms.items():
            constants = table.get("constants", np.zeros((len(table["atoms"]), 0)))
            sees = (form in at_sites) * table.get("at_sites", np.zeros(len(constants)))
            self.add(hessians, form, FORMS[form], self.value[table["parameters"]], constants, sees)
        for form, energy, parameters in zip(("vdw", "coulomb"), (vdw, coulomb), self.pair_parameters(soft_cut)):
            count = 0 if soft_cut is None else len(parameters)
            self.add(hessians, form, energy, parameters[:count], np.zeros((count, 0)), np.full(count, float(form in at_sites)))
        return [self.wavenumbers(m, h) - self.wavenumbers(m, q) for m, (h, q) in enumerate(zip(hessians, self.qm))]

    def add(self, hessians, form, energy, parameters, constants, sees):
        """Adds the second derivatives of a form's terms, in their atoms and in those towards which these are reduced. A term's
        constants go before the reductions of its atoms (zero where it does not see the sites)."""
        molecule, atoms = (rows[:len(sees)] for rows in self.rows[form])
        index = self.offset[molecule][:, None] + atoms
        reduction = self.reduction[index] * sees[:, None]
        both = np.concatenate([index, self.parent[index]], axis=1)
        second = blocks(on_sites(energy, form == "bond_mm3"), self.positions[both], parameters,
                        np.concatenate([constants, reduction], axis=1))
        for m, a, block in zip(molecule, both - self.offset[molecule][:, None], second):
            rows = (3 * a[:, None] + np.arange(3)).ravel()
            np.add.at(hessians[m], np.ix_(rows, rows), block)  # an atom may be there twice

    def wavenumbers(self, m, hessian):
        mine = slice(self.offset[m], self.offset[m + 1])
        basis = vibrational_basis(self.positions[mine], self.masses[mine])
        w = np.repeat(self.masses[mine], 3) ** -0.5
        return wavenumber(np.linalg.eigvalsh(basis.T @ (hessian * np.outer(w, w)) @ basis))


if __name__ == "__main__":
    main()
