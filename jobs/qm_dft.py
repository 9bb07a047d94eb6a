#!/usr/bin/env python3
"""Make data set (a): small molecules and transition states at B3LYP/6-31G*.

How to rerun
    python3 -m venv venv
    venv/bin/pip install pyscf==2.14.0 geometric==1.1.1 rdkit numpy
    venv/bin/python jobs/qm_dft.py OUTPUT_FOLDER              # everything
    venv/bin/python jobs/qm_dft.py OUTPUT_FOLDER methane ...  # only these
    venv/bin/python jobs/qm_dft.py --list
A molecule whose OUTPUT_FOLDER/NAME.npz exists is skipped, so an interrupted
run resumes, and several processes may share one folder (--reverse lets a
second process work from the other end of the list).

How long it took
    With one thread a process on a busy two-core machine (less than half a
    core each): 1 to 5 minutes for 5 to 7 atoms, 4 to 8 minutes for 8 or 9,
    up to 10 for a guessed transition state.  The 29 molecules bundled so far
    (5 to 9 atoms) took about 75 minutes with two processes; the analytic
    Hessian takes more than half.  For 16 of them the Hessian was made in a
    second pass at the geometry of the first, once solve_response was there.
    The rest of the list, the larger molecules, has not been run yet.

What is computed
    B3LYP/6-31G*, cartesian d functions (6D), closed shell, no density
    fitting, gas phase.  PySCF's "b3lyp" is the Gaussian variant, with VWN3
    (libxc's VWN_RPA) local correlation.
    1. start: RDKit ETKDG + MMFF94 geometry, or a transition-state guess;
    2. geomeTRIC optimisation on a coarse grid (level 3);
    3. quasi-Newton steps on the final grid (level 5) until
       max |gradient| <= 5e-6 hartree/bohr, using a coarse-grid Hessian;
    4. the analytic Hessian on the final grid at exactly that geometry.
    The Hessian is symmetrised; its asymmetry before that is printed (asym).
    It is not projected; the largest element left by translations and
    rotations is printed too (rigid).  That rest is grid error: PySCF's
    analytic Hessian neglects that the integration grid moves with the atoms.
    The coupled-perturbed equations are solved here (solve_response) because
    those of PySCF 2.14 were found not to converge.

One .npz a molecule; the keys are documented at save_result().
"""
import argparse
import logging
import os
import sys
import time
import traceback

import numpy as np

# --- constants and tables -------------------------------------------------

# CODATA 2018.
BOHR = 0.529177210903                  # angstrom
HARTREE_J = 4.3597447222071e-18
BOHR_M = 5.29177210903e-11
AMU_KG = 1.66053906660e-27
LIGHT_CM_S = 2.99792458e10
# sqrt(eigenvalue in hartree / (bohr^2 amu)) to a wavenumber in cm^-1
TO_WAVENUMBER = (np.sqrt(HARTREE_J / AMU_KG) / BOHR_M
                 / (2.0 * np.pi * LIGHT_CM_S))

SYMBOLS = {1: "H", 6: "C", 7: "N", 8: "O", 9: "F", 15: "P", 16: "S",
           17: "Cl", 24: "Cr", 26: "Fe", 28: "Ni", 30: "Zn", 35: "Br",
           46: "Pd", 78: "Pt"}

# Mass in amu of the most abundant isotope: NIST "Atomic Weights and Isotopic
# Compositions" (version 4.1), masses of the Atomic Mass Evaluation.
ISOTOPE_MASS = {1: 1.00782503223, 6: 12.0, 7: 14.00307400443,
                8: 15.99491461957, 9: 18.99840316273, 15: 30.97376199842,
                16: 31.9720711744, 17: 34.968852682, 24: 51.94050623,
                26: 55.93493633, 28: 57.93534241, 30: 63.92914201,
                35: 78.9183376, 46: 105.9034804, 78: 194.9647917}

# Covalent radii in angstrom: Cordero et al., Dalton Trans. 2008, 2832
# (carbon sp3, iron low spin).
COVALENT_RADIUS = {1: 0.31, 6: 0.76, 7: 0.71, 8: 0.66, 9: 0.57, 15: 1.07,
                   16: 1.05, 17: 1.02, 24: 1.39, 26: 1.32, 28: 1.24,
                   30: 1.22, 35: 1.20, 46: 1.39, 78: 1.36}

# --- the molecules --------------------------------------------------------

# The order is the order of computing: variety first, then size.
MINIMA = {
    "methane": "C", "methanol": "CO", "formamide": "NC=O",
    "acetonitrile": "CC#N", "fluoromethane": "CF", "chloromethane": "CCl",
    "ethene": "C=C", "ethane": "CC", "methylamine": "CN",
    "formic_acid": "OC=O", "acetaldehyde": "CC=O", "methanethiol": "CS",
    "propyne": "CC#C", "allene": "C=C=C", "ketene": "C=C=O",
    "methanimine": "C=N", "cyanamide": "NC#N", "difluoromethane": "FCF",
    "fluoroethene": "C=CF", "glyoxal": "O=CC=O",
    "vinyl_alcohol": "OC=C", "dimethyl_ether": "COC",
    "methyl_formate": "COC=O", "acetic_acid": "CC(=O)O", "propene": "CC=C",
    "nitromethane": "C[N+](=O)[O-]", "furan": "o1cccc1", "ethanol": "CCO",
    "acetone": "CC(=O)C", "benzene": "c1ccccc1", "acetamide": "CC(=O)N",
    "propane": "CCC", "dimethyl_sulfide": "CSC",
    "methanimine_n_methyl": "CN=C", "imidazole": "c1nc[nH]c1",
    "pyridine": "c1ccncc1", "n_methylacetamide": "CC(=O)NC",
    "n_butane": "CCCC", "dimethyl_disulfide": "CSSC",
    "thiophene": "s1cccc1", "methyl_acetate": "CC(=O)OC",
    "butadiene": "C=CC=C", "trimethylamine": "CN(C)C",
    "phenol": "Oc1ccccc1", "toluene": "Cc1ccccc1",
    "cyclohexane": "C1CCCCC1",
}

# A transition state of internal rotation starts from a minimum's SMILES with
# one dihedral (SMARTS of four atoms) turned to an angle.
ROTATION_TS = {
    "ts_ethane_rotation": ("CC", "[H]CC[H]", 0.0),
    "ts_methanol_rotation": ("CO", "[H]CO[H]", 0.0),
    "ts_formic_acid_rotation": ("OC=O", "O=CO[H]", 95.0),
}

# Other transition states start from coordinates in angstrom; bonds are given
# by hand, with the bonds that break and form counted as bonds.
GUESSED_TS = {
    "ts_methylamine_inversion": dict(
        charge=0,
        # One methyl H in the plane of NH2: the other orientation is a
        # second-order saddle point.
        atoms="""C 0 0 0; N 1.45 0 0; H 1.97 0.87 0; H 1.97 -0.87 0;
                 H -0.36 1.03 0; H -0.36 -0.515 0.89; H -0.36 -0.515 -0.89""",
        bonds=[(0, 1), (1, 2), (1, 3), (0, 4), (0, 5), (0, 6)]),
    "ts_sn2_fluoride_fluoromethane": dict(
        charge=-1,
        atoms="""C 0 0 0; F 0 0 1.84; F 0 0 -1.84; H 1.08 0 0;
                 H -0.54 0.9353 0; H -0.54 -0.9353 0""",
        bonds=[(0, 1), (0, 2), (0, 3), (0, 4), (0, 5)]),
    "ts_vinyl_alcohol_acetaldehyde": dict(
        charge=0,
        atoms="""C -1.169 -0.788 0; C 0 0 0; O 1.069 -0.721 0;
                 H 0.076 -1.59 0.15; H 0 1.09 0.05;
                 H -1.75 -0.60 0.90; H -1.85 -0.75 -0.85""",
        bonds=[(0, 1), (1, 2), (2, 3), (0, 3), (1, 4), (0, 5), (0, 6)]),
}


def job_names():
    """All names; each transition state comes early, but not first."""
    minima = list(MINIMA)
    states = list(ROTATION_TS) + list(GUESSED_TS)
    names = minima[:3]
    for i, name in enumerate(minima[3:]):
        if i % 3 == 0 and states:
            names.append(states.pop(0))
        names.append(name)
    return names + states


# --- rigid-body motions, frequencies, bonds (shared with qm_xtb.py) -------

def rigid_motions(positions, masses):
    """Orthonormal columns: mass-weighted translations and rotations.

    positions in bohr.  Masses of 1 give the plain Cartesian motions.  The
    singular values drop the missing rotation of a linear molecule.
    """
    root = np.sqrt(masses)
    centred = positions - np.average(positions, axis=0, weights=masses)
    columns = []
    for axis in np.eye(3):
        columns.append((root[:, None] * axis).ravel())
        columns.append((root[:, None] * np.cross(axis, centred)).ravel())
    columns = np.array(columns).T
    columns /= np.linalg.norm(columns, axis=0).max()
    u, s, _ = np.linalg.svd(columns, full_matrices=False)
    return u[:, s > 1e-6 * s[0]]


def without_rigid_motions(hessian, positions, masses):
    """The matrix restricted to vibrations, and the basis of that space."""
    rigid = rigid_motions(positions, masses)
    u, _, _ = np.linalg.svd(rigid, full_matrices=True)
    basis = u[:, rigid.shape[1]:]
    return basis.T @ hessian @ basis, basis


def frequencies(hessian, positions, masses):
    """Harmonic wavenumbers in cm^-1, ascending, imaginary ones negative."""
    weight = 1.0 / np.sqrt(np.repeat(masses, 3))
    inner, _ = without_rigid_motions(hessian * np.outer(weight, weight),
                                     positions, masses)
    values = np.linalg.eigvalsh(inner)
    return np.sign(values) * np.sqrt(np.abs(values)) * TO_WAVENUMBER


def imaginary_modes(hessian, positions, masses):
    """Number of imaginary modes among the vibrations."""
    return int(np.sum(frequencies(hessian, positions, masses) < 0.0))


def rigid_residual(hessian, positions):
    """Largest element of H times the unit translations and rotations."""
    rigid = rigid_motions(positions, np.ones(len(positions)))
    return np.abs(hessian @ rigid).max()


def masses_of(elements):
    return np.array([ISOTOPE_MASS[int(z)] for z in elements])


def bonds_by_distance(elements, positions, factor=1.3):
    """Pairs closer than factor times the sum of their covalent radii."""
    found = []
    for i in range(len(elements)):
        for j in range(i + 1, len(elements)):
            limit = factor * (COVALENT_RADIUS[int(elements[i])]
                              + COVALENT_RADIUS[int(elements[j])])
            if np.linalg.norm(positions[i] - positions[j]) < limit:
                found.append((i, j))
    return found


def sorted_bonds(bonds):
    return np.array(sorted(tuple(sorted(b)) for b in bonds), dtype=int)


def save_result(folder, name, result):
    """Write folder/name.npz; the rename makes a partial file impossible.

    name                 str
    elements             (N) atomic numbers
    positions            (N,3) angstrom
    masses               (N) amu, most abundant isotopes
    charge, multiplicity int
    energy               hartree
    gradient             (N,3) hartree/bohr
    hessian              (3N,3N) hartree/bohr^2, symmetric, frame of positions
    method               str
    imaginary            (2) expected and found number of imaginary modes
    bonds                (B,2) bonded pairs of atoms, from 0
    program_frequencies  (3N-6) cm^-1, ascending, imaginary ones negative
    """
    path = os.path.join(folder, name + ".npz")
    partial = path + ".%d.part" % os.getpid()
    with open(partial, "wb") as stream:
        np.savez_compressed(stream, name=name, **result)
    os.replace(partial, path)


def run_jobs(names, compute, description):
    """Command line shared by both scripts: compute(name) -> (dict, checks)."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", nargs="?", help="where the .npz files go")
    parser.add_argument("molecules", nargs="*", help="default: all")
    parser.add_argument("--list", action="store_true", help="print the names")
    parser.add_argument("--reverse", action="store_true",
                        help="work from the end of the list")
    options = parser.parse_args()
    if options.list or options.folder is None:
        print("\n".join(names))
        return 0
    unknown = set(options.molecules) - set(names)
    if unknown:
        parser.error("unknown: " + " ".join(sorted(unknown)))
    logging.disable(logging.INFO)  # geomeTRIC reports every step
    os.makedirs(options.folder, exist_ok=True)
    wanted = options.molecules or names
    failures = 0
    for name in (wanted[::-1] if options.reverse else wanted):
        if os.path.exists(os.path.join(options.folder, name + ".npz")):
            print("%-32s exists, skipped" % name, flush=True)
            continue
        failures += not run_one(options.folder, name, compute)
    return 1 if failures else 0


def run_one(folder, name, compute):
    """Compute, check, save and report one molecule; True when it is good."""
    start = time.time()
    try:
        result, asymmetry = compute(name)
    except Exception:  # one failure must not stop the others
        traceback.print_exc()
        print("%-32s FAILED" % name, flush=True)
        return False
    expected, found = result["imaginary"]
    largest = np.abs(result["gradient"]).max()
    good = expected == found and largest <= 1e-5
    if good:
        save_result(folder, name, result)
    print("%-32s N %2d max|g| %.1e asym %.1e rigid %.1e imag %d/%d "
          "lowest %8.2f cm-1 %6.0f s%s"
          % (name, len(result["elements"]), largest, asymmetry,
             rigid_residual(result["hessian"], result["positions"] / BOHR),
             found, expected, result["program_frequencies"][0],
             time.time() - start, "" if good else "  NOT SAVED"), flush=True)
    return good


# --- starting geometries --------------------------------------------------

def embed(smiles, seed=2024):
    """RDKit molecule with hydrogens and one MMFF94 (or UFF) conformer.

    Of ten conformers the one of lowest energy is kept, so that the start is
    near a minimum that matters.
    """
    from rdkit import Chem
    from rdkit.Chem import AllChem
    molecule = Chem.AddHs(Chem.MolFromSmiles(smiles))
    parameters = AllChem.ETKDGv3()
    parameters.randomSeed = seed
    AllChem.EmbedMultipleConfs(molecule, 10, parameters)
    if AllChem.MMFFHasAllMoleculeParams(molecule):
        outcome = AllChem.MMFFOptimizeMoleculeConfs(molecule, maxIters=2000)
    else:
        outcome = AllChem.UFFOptimizeMoleculeConfs(molecule, maxIters=2000)
    best = int(np.argmin([energy for _, energy in outcome]))
    return molecule, molecule.GetConformer(best)


def atoms_of(molecule, conformer):
    elements = np.array([a.GetAtomicNum() for a in molecule.GetAtoms()])
    return elements, np.array(conformer.GetPositions())


def start_of(name):
    """(elements, positions in angstrom, charge, imaginary modes expected)."""
    if name in MINIMA:
        return (*atoms_of(*embed(MINIMA[name])), 0, 0)
    if name in ROTATION_TS:
        from rdkit import Chem
        from rdkit.Chem import rdMolTransforms
        smiles, pattern, angle = ROTATION_TS[name]
        molecule, conformer = embed(smiles)
        match = molecule.GetSubstructMatch(Chem.MolFromSmarts(pattern))
        rdMolTransforms.SetDihedralDeg(conformer, *match, angle)
        return (*atoms_of(molecule, conformer), 0, 1)
    guess = GUESSED_TS[name]
    number = {symbol: z for z, symbol in SYMBOLS.items()}
    rows = [line.split() for line in guess["atoms"].split(";")]
    elements = np.array([number[row[0]] for row in rows])
    positions = np.array([[float(x) for x in row[1:]] for row in rows])
    return elements, positions, guess["charge"], 1


# --- B3LYP with PySCF -----------------------------------------------------

def build(elements, positions, charge):
    """PySCF molecule; positions in bohr, so that no conversion is hidden."""
    from pyscf import gto
    atoms = [(SYMBOLS[int(z)], tuple(x)) for z, x in zip(elements, positions)]
    return gto.M(atom=atoms, unit="Bohr", basis="6-31g*", cart=True,
                 charge=charge, symmetry=False, verbose=0)


def method_at(molecule, grid_level, guess=None):
    """Converged B3LYP calculation."""
    from pyscf import dft
    scf = dft.RKS(molecule, xc="b3lyp")
    scf.grids.level = grid_level
    scf.conv_tol = 1e-11
    scf.conv_tol_grad = 1e-6
    scf.kernel(dm0=guess)
    if not scf.converged:
        raise RuntimeError("SCF did not converge")
    return scf


def gradient_of(scf):
    """Exact derivative of the energy, moving grid included: no net force."""
    derivative = scf.nuc_grad_method()
    derivative.grid_response = True
    return derivative.kernel()


def solve_response(operator, right, tol=1e-7, limit=40, **ignored):
    """Solve (1 + operator) x = right for several right-hand sides (rows).

    Stands in for pyscf.lib.krylov, which in PySCF 2.14 stops with residuals
    near 1e-3 in the coupled-perturbed equations whatever tolerance is asked
    (its vectors shrink until they count as linearly dependent); the Hessian
    is then off by some 1e-3 hartree/bohr^2.  Here every new direction is
    normalised, and the true residual decides: max |residual| <= tol.
    """
    right = np.atleast_2d(right)
    space = image = np.zeros((0, right.shape[1]))
    residual = right
    for _ in range(limit):
        new = orthonormal_rows(residual[np.abs(residual).max(axis=1) > tol],
                               space)
        space = np.vstack([space, new])
        image = np.vstack([image, new + operator(new).reshape(new.shape)])
        weights = np.linalg.solve(space @ image.T, space @ right.T)
        residual = right - weights.T @ image
        if np.abs(residual).max() <= tol:
            return weights.T @ space
    raise RuntimeError("the coupled-perturbed equations did not converge")


def orthonormal_rows(rows, space):
    """Unit rows spanning rows, orthogonal to space (done twice, to rounding).
    Directions a million times weaker than the strongest are left out."""
    rows = rows / np.linalg.norm(rows, axis=1)[:, None]
    for _ in range(2):
        rows = rows - (rows @ space.T) @ space
        _, strengths, directions = np.linalg.svd(rows, full_matrices=False)
        rows = directions[strengths > 1e-6 * strengths[0]]
    return rows


def hessian_of(scf):
    """Analytic Hessian as PySCF gives it (atom, atom, x, x), as a matrix."""
    import pyscf.lib
    pyscf.lib.krylov = solve_response
    blocks = scf.Hessian().kernel()
    size = 3 * len(blocks)
    return blocks, blocks.transpose(0, 2, 1, 3).reshape(size, size)


def coarse_optimisation(molecule, saddle):
    """geomeTRIC on grid level 3; returns positions in bohr."""
    from pyscf import dft
    from pyscf.geomopt import geometric_solver
    scf = dft.RKS(molecule, xc="b3lyp")
    scf.grids.level = 3
    # A saddle needs a true Hessian at the start; a minimum does not.
    extra = dict(transition=True, hessian=True) if saddle else {}
    done, relaxed = geometric_solver.kernel(
        scf, maxsteps=100, assert_convergence=False, convergence_grms=5e-5,
        convergence_gmax=1e-4, convergence_drms=4e-4, convergence_dmax=6e-4,
        **extra)
    if not done:
        print("  geomeTRIC stopped early; going on", flush=True)
    return relaxed.atom_coords()


def newton_step(hessian, gradient, positions, saddle, floor=0.004, cap=0.15):
    """Step in the vibrational space, uphill along the lowest mode of a saddle.

    The floor on |eigenvalue| keeps a soft mode, which a coarse grid describes
    badly, from producing a huge step; cap limits each mode's share (bohr).
    """
    inner, basis = without_rigid_motions(hessian, positions,
                                         np.ones(len(positions)))
    values, vectors = np.linalg.eigh(inner)
    curvature = np.maximum(np.abs(values), floor)
    if saddle:
        curvature[0] = -curvature[0]
    modes = basis @ vectors
    amounts = -(modes.T @ gradient.ravel()) / curvature
    return (modes @ np.clip(amounts, -cap, cap)).reshape(-1, 3)


def updated(hessian, step, change):
    """Symmetric rank-one (SR1) update, good for minima and saddles alike."""
    step, error = step.ravel(), change.ravel() - hessian @ step.ravel()
    scale = step @ error
    if abs(scale) < 1e-8 * np.linalg.norm(step) * np.linalg.norm(error):
        return hessian
    return hessian + np.outer(error, error) / scale


def refine(elements, positions, charge, saddle, target=5e-6, limit=25):
    """Quasi-Newton on the final grid; returns the converged calculation.

    A Newton iteration converges to the same point with any Hessian that is
    roughly right, so the one of a much coarser grid (level 1) does.
    """
    molecule = build(elements, positions, charge)
    coarse = method_at(molecule, 1)
    _, hessian = hessian_of(coarse)
    hessian = 0.5 * (hessian + hessian.T)
    scf = method_at(molecule, 5, coarse.make_rdm1())
    gradient = gradient_of(scf)
    for _ in range(limit):
        if np.abs(gradient).max() <= target:
            break
        step = newton_step(hessian, gradient, positions, saddle)
        positions = positions + step
        scf = method_at(build(elements, positions, charge), 5,
                        scf.make_rdm1())
        previous, gradient = gradient, gradient_of(scf)
        hessian = updated(hessian, step, gradient - previous)
    return positions, scf, gradient


def pyscf_frequencies(scf, blocks, masses):
    """What PySCF itself makes of the Hessian, imaginary ones negative."""
    from pyscf.hessian import thermo
    waves = np.asarray(thermo.harmonic_analysis(
        scf.mol, blocks, mass=masses)["freq_wavenumber"])
    return np.sort(np.where(np.abs(waves.imag) > 0, -np.abs(waves.imag),
                            waves.real))


def downhill(hessian, positions, size=0.3):
    """Displaced along the lowest mode, to leave an unwanted saddle."""
    inner, basis = without_rigid_motions(hessian, positions,
                                         np.ones(len(positions)))
    mode = basis @ np.linalg.eigh(inner)[1][:, 0]
    return positions + size * mode.reshape(-1, 3)


def compute(name):
    """Everything stored about one molecule, and the Hessian's asymmetry."""
    import pyscf
    elements, angstrom, charge, expected = start_of(name)
    masses = masses_of(elements)
    positions = angstrom / BOHR
    for _ in range(3):
        positions = coarse_optimisation(build(elements, positions, charge),
                                        expected == 1)
        positions, scf, gradient = refine(elements, positions, charge,
                                          expected == 1)
        blocks, raw = hessian_of(scf)
        hessian = 0.5 * (raw + raw.T)
        found = imaginary_modes(hessian, positions, masses)
        if found == expected or expected == 1:
            break
        positions = downhill(hessian, positions)
    if name in GUESSED_TS:
        bonds = GUESSED_TS[name]["bonds"]
    else:
        bonds = bonds_by_distance(elements, positions * BOHR)
    method = ("B3LYP/6-31G* (cartesian d; VWN3 as in Gaussian), PySCF %s, "
              "grid level 5, no density fitting, analytic Hessian"
              % pyscf.__version__)
    result = dict(
        elements=elements, positions=positions * BOHR, masses=masses,
        charge=charge, multiplicity=1, energy=float(scf.e_tot),
        gradient=gradient, hessian=hessian, method=method,
        imaginary=np.array([expected, found]), bonds=sorted_bonds(bonds),
        program_frequencies=pyscf_frequencies(scf, blocks, masses))
    return result, np.abs(raw - raw.T).max()


if __name__ == "__main__":
    sys.exit(run_jobs(job_names(), compute, __doc__.splitlines()[0]))
