"""Compares q2hpc's MM energies, gradients, Hessians and frequencies with independent implementations: JAX (exact
derivatives) and OpenMM (its own forces, and Hessians by differences).

    python3 check_hessian.py Q2HPC input.h5 [more.h5 ...] [--openmm] [--hessians out.h5]

Q2HPC is the program; it is run as `Q2HPC eval input.h5 -hessians out.h5` (with --hessians an existing output is taken instead).
Claims checked, for every molecule of every file:
    JAX      |H - H_jax| <= 1e-9 |H_jax| (Frobenius norms; q2hpc claims 1e-8, but a Coulomb constant wrong by 2e-6 shifts H by
             just 3e-9), and frequencies within 1e-3 cm-1; the energy by form, the van der Waals and Coulomb energies and
             their sum within 1e-9 of the largest of them; |g - g_jax| <= 1e-9 |g_jax|
    OpenMM   (--openmm) |H - H_openmm| <= 1e-9 |H_openmm|: central differences of forces, extrapolated twice, on the Reference
             platform (double precision); the energy within 1e-9 of its largest part; |g - g_openmm| <= 1e-9 |g_openmm|.
             Molecules with an angle above 175 degrees are left out: OpenMM's acos has no derivative there.
             Lorentz-Berthelot pairs are found, mixed and scaled by OpenMM; everything else is read by reference.py.

Exit status: 0 all within, 1 a claim failed, 77 a peer package is missing (CTest: skipped), 2 the program failed.
"""

import argparse
import math
import subprocess
import sys
import tempfile
from pathlib import Path

SKIP = 77
try:
    import h5py
    import numpy as np
    from reference import JOINT, WALL_OFFSET, WALL_SLOPE, Reference, b_spline_coefficients, in_units  # needs jax
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(SKIP)

JAX_TOLERANCE, OPENMM_TOLERANCE = 1e-9, 1e-9
FREQUENCY_TOLERANCE = 1e-3  # cm-1
MINIMUM_MOLECULES = 10


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("inputs", nargs="+")
    parser.add_argument("--openmm", action="store_true")
    parser.add_argument("--openmm-molecules", type=int, default=10, help="how many of each file, smallest first (it is slow)")
    parser.add_argument("--hessians", help="the program's output for the one input, made earlier")
    arguments = parser.parse_args()
    if arguments.openmm:
        require_openmm()
    checked = failed = by_openmm = 0
    for path in arguments.inputs:
        reference = Reference(path)
        found = program_output(arguments, path, reference.names)
        failed += compare_with_jax(reference, found)
        checked += len(reference)
        if arguments.openmm:
            wrong, compared = compare_with_openmm(reference, found, arguments.openmm_molecules)
            failed, by_openmm = failed + wrong, by_openmm + compared
    if checked < MINIMUM_MOLECULES:
        print(f"only {checked} molecules checked, {MINIMUM_MOLECULES} are asked for")
        failed += 1
    if arguments.openmm and by_openmm == 0:
        print("OpenMM compared no molecule: every one has an angle above 175 degrees")
        failed += 1
    print(f"{checked} molecules, {failed} failures")
    sys.exit(1 if failed else 0)


class Found:
    """What q2hpc wrote, molecule by molecule in the file's order: kcal/mol, angstrom, cm-1."""

    def __init__(self, file):
        squares = np.split(in_units(file["hessian/value"]), file["hessian/offset"][1:-1])
        self.hessians = [h.reshape(math.isqrt(h.size), -1) for h in squares]
        self.frequencies = np.split(file["frequencies/calculated"][()], file["frequencies/offset"][1:-1])
        self.energies = {name: in_units(dataset) for name, dataset in file["energies"].items()}
        self.gradients = np.split(in_units(file["atoms/gradient"]), np.cumsum(file["molecules/atoms"][()])[:-1])

    def largest_energy(self, m):
        return max(abs(energy[m]) for energy in self.energies.values())


def program_output(arguments, path, names):
    """What q2hpc finds."""
    with tempfile.TemporaryDirectory() as folder:
        out = arguments.hessians or str(Path(folder) / "hessians.h5")
        if not arguments.hessians:
            run = subprocess.run([arguments.program, "eval", path, "-hessians", out], capture_output=True, text=True)
            if run.returncode != 0:
                print(f"{arguments.program} eval {path} ended with status {run.returncode}:\n{run.stdout}{run.stderr}")
                sys.exit(2)
        with h5py.File(out, "r") as file:
            if [name.decode() for name in file["molecules/name"][()]] != names:
                print(f"{out}: its molecules are not those of {path}")
                sys.exit(2)
            return Found(file)


def deviation(matrix, reference):
    """|A - B| / |B|; a NaN anywhere is a failure, and so is a wrong shape."""
    if matrix.shape != reference.shape:
        return np.inf
    value = np.linalg.norm(matrix - reference) / np.linalg.norm(reference)
    return value if np.isfinite(value) else np.inf


def compare_with_jax(reference, found):
    failed, worst = 0, np.zeros(3)
    energies, gradients = reference.energies(), reference.gradients()
    for m, exact in enumerate(reference.mm_hessians()):
        errors = [deviation(found.hessians[m], exact), energy_deviation(found, m, energies[m]),
                  deviation(found.gradients[m], gradients[m])]
        expected = reference.vibrations(m, exact)
        shift = np.abs(found.frequencies[m] - expected).max() if found.frequencies[m].shape == expected.shape else np.inf
        wrong = not (all(error <= JAX_TOLERANCE for error in errors) and shift <= FREQUENCY_TOLERANCE)
        failed, worst = failed + wrong, np.maximum(worst, errors)
        if wrong:
            print(f"FAILED {reference.names[m]}: relative deviations of {of_each(errors)}, frequencies off by {shift:.2e} cm-1")
    print(f"JAX: {len(reference)} molecules, largest relative deviations: {of_each(worst)}")
    return failed


def of_each(errors):
    return "Hessian {:.2e}, energies {:.2e}, gradient {:.2e}".format(*errors)


def energy_deviation(found, m, expected):
    """The largest difference of an energy of molecule m, or of their sum, by the largest of them. A form that just one of the
    two knows must have no energy in the other."""
    expected = {**expected, "total": sum(expected.values())}
    off = [abs(found.energies[name][m] - expected.get(name, 0.0)) for name in found.energies]
    off += [abs(energy) for name, energy in expected.items() if name not in found.energies]
    value = max(off) / max(abs(energy) for energy in expected.values())
    return value if np.all(np.isfinite(off)) else np.inf


# --- OpenMM ------------------------------------------------------------------------------------------------------------------

def require_openmm():
    try:
        import openmm  # noqa: F401
    except ImportError as missing:
        print(f"skipped: {missing}")
        sys.exit(SKIP)


def compare_with_openmm(reference, found, count):
    failed, worst = 0, np.zeros(3)
    chosen = sorted(range(len(reference)), key=lambda m: len(reference.qm_hessians[m]))
    chosen = [m for m in chosen if not has_linear_angle(reference, m)][:count]  # OpenMM's acos is not differentiable there
    for m in chosen:
        molecule = OpenMMMolecule(reference, m)
        gradient = molecule.gradient(molecule.positions).reshape(-1, 3)
        errors = [deviation(found.hessians[m], molecule.hessian()),
                  abs(found.energies["total"][m] - molecule.energy()) / found.largest_energy(m),
                  deviation(found.gradients[m], gradient)]
        wrong = not all(error <= OPENMM_TOLERANCE for error in errors)
        failed, worst = failed + wrong, np.maximum(worst, errors)
        if wrong:
            print(f"FAILED {reference.names[m]}: relative deviations of {of_each(errors)}")
    print(f"OpenMM: {len(chosen)} molecules, largest relative deviations: {of_each(worst)}")
    return failed, len(chosen)


def has_linear_angle(reference, m):
    if "angle_harmonic" not in reference.terms:
        return False
    molecule, atoms, _, _ = reference.terms["angle_harmonic"]
    x = reference.positions[reference.offset[m] + atoms[molecule == m]]
    u, v = x[:, 0] - x[:, 1], x[:, 2] - x[:, 1]
    cosine = np.sum(u * v, axis=1) / np.linalg.norm(u, axis=1) / np.linalg.norm(v, axis=1)
    return bool((cosine < np.cos(np.radians(175.0))).any())


# Energies in kcal/mol of forms that OpenMM does not have, on the places p1, p2, ... of a term's atoms: parameters, then constants.
SEXTIC = "d^2*(1-0.014*t+5.6e-5*t^2-7e-7*t^3+last*t^4); t=d*180/3.14159265358979323846; "
TORSION = "(v1*(1+cos(f))+v2*(1-cos(2*f))+v3*(1+cos(3*f)))/2"
CHI = ("chi=asin((x*nx+y*ny+z*nz)/sqrt((x*x+y*y+z*z)*(nx*nx+ny*ny+nz*nz)));"
       "nx=ey*fz-ez*fy; ny=ez*fx-ex*fz; nz=ex*fy-ey*fx; x=x4-x2; y=y4-y2; z=z4-z2;"
       "ex=x1-x4; ey=y1-y4; ez=z1-z4; fx=x3-x4; fy=y3-y4; fz=z3-z4")
EXPRESSIONS = {
    "bond_mm3": ("k r0", "k*d^2*(1-2.55*d+7/12*2.55^2*d^2); d=10*distance(p1,p2)-r0"),
    "bond_morse": ("depth a r0", "depth*(1-exp(-a*(10*distance(p1,p2)-r0)))^2"),
    "angle_mm3": ("k t0 last", "k*" + SEXTIC + "d=angle(p1,p2,p3)-t0"),
    "angle_cosine": ("k t0", "k*(cos(angle(p1,p2,p3))-cos(t0))^2"),
    "torsion_mm3": ("v1 v2 v3", TORSION + "; f=dihedral(p1,p2,p3,p4)"),
    "improper_harmonic": ("k f0", "k*min(d,6.28318530717958647692-d)^2; d=abs(dihedral(p1,p2,p3,p4)-f0)"),
    "stretch_bend": ("k r1 r2 t0", "k*(10*(distance(p1,p2)+distance(p2,p3))-r1-r2)*(angle(p1,p2,p3)-t0)"),
    "bend_bend": ("k t1 t2", "k*(angle(p1,p2,p3)-t1)*(angle(p1,p2,p4)-t2)"),
    "bend_bend_opposite": ("k t1 t2", "k*(angle(p1,p2,p3)-t1)*(angle(p4,p2,p5)-t2)"),
    "torsion_stretch": ("v1 v2 v3 r0", "(10*distance(p2,p3)-r0)*" + TORSION + "; f=dihedral(p1,p2,p3,p4)"),
    "out_of_plane_harmonic": ("k", "k*chi^2; " + CHI),
    "out_of_plane_mm3": ("k last", "k*" + SEXTIC + "d=abs(chi); " + CHI),
}
# The same for pairs d angstrom apart with parameters a and b.
EXP6 = "a*select(step(x-{joint}),184000*exp(-12*x)-2.25/x^6,{wall}); x=d/b"
PAIR_EXPRESSIONS = {
    "pair_lennard_jones": "4*a*((b/d)^12-(b/d)^6)",
    "pair_exp6_mm3": EXP6.format(joint=JOINT, wall=f"{WALL_OFFSET}+{WALL_SLOPE}/x^2"),
    "pair_exp6_q2mm": EXP6.format(joint=0.34, wall="184000*exp(-4.08)*(0.34/x)^12"),
    "pair_hydrogen_12_10": "a/d^12-b/d^10",
}


class OpenMMMolecule:
    """One molecule's terms in OpenMM: its standard forces, and custom ones for pairs that it does not mix as we do."""

    KILOJOULE, NANOMETER = 4.184, 0.1  # per kcal, per angstrom

    def __init__(self, reference, m):
        import openmm
        self.openmm = openmm
        self.reference = reference
        self.positions = reference.positions[reference.atoms(m)]
        system = openmm.System()
        for mass in reference.masses[reference.atoms(m)]:
            system.addParticle(mass)
        for form, (molecule, atoms, values, constants) in reference.terms.items():
            mine = molecule == m
            if form == "pair_lennard_jones" and reference.openmm_mixes:
                system.addForce(self.lorentz_berthelot(reference, m))
            elif mine.any():
                system.addForce(self.force(form, atoms[mine].tolist(), values[mine], constants[mine]))
        platform = openmm.Platform.getPlatformByName("Reference")  # double precision
        self.context = openmm.Context(system, openmm.VerletIntegrator(0.001), platform)

    def force(self, form, atoms, values, constants):
        """OpenMM writes E = 1/2 k (x - x0)^2 in kJ/mol and nm."""
        if form in ("bond_harmonic", "urey_bradley"):
            force = self.openmm.HarmonicBondForce()
            for (i, j), (k, r0) in zip(atoms, values):
                force.addBond(i, j, r0 * self.NANOMETER, 2 * k * self.KILOJOULE / self.NANOMETER**2)
        elif form == "angle_harmonic":
            force = self.openmm.HarmonicAngleForce()
            for (i, j, k), (constant, theta0) in zip(atoms, values):
                force.addAngle(i, j, k, theta0, 2 * constant * self.KILOJOULE)
        elif form in ("torsion_fourier", "torsion_fourier_unfaded", "improper_fourier"):
            force = self.openmm.PeriodicTorsionForce()
            for (i, j, k, l), (constant, phase), (periodicity,) in zip(atoms, values, constants):
                force.addTorsion(i, j, k, l, int(periodicity), phase, constant * self.KILOJOULE)
        elif form == "cmap":
            force = self.cmap(atoms, values[:, 0], constants)
        elif form in EXPRESSIONS:
            force = self.custom(form, atoms, values, constants)
        else:
            force = self.openmm.CustomBondForce(f"{self.KILOJOULE}*(factor*pair+c/d); pair={PAIR_EXPRESSIONS[form]}; d=10*r")
            for name in ("a", "b", "factor", "c"):
                force.addPerBondParameter(name)
            for (i, j), p, c in zip(atoms, values, constants):
                force.addBond(i, j, [*p, *c])
        return force

    def custom(self, form, atoms, values, constants):
        """A form by its expression."""
        names, energy = EXPRESSIONS[form]
        force = self.openmm.CustomCompoundBondForce(len(atoms[0]), f"{self.KILOJOULE}*kcal; kcal={energy}")
        for name in names.split():
            force.addPerBondParameter(name)
        for a, v, c in zip(atoms, values, constants):
            force.addBond(a, [*v, *c])
        return force

    def cmap(self, atoms, scales, splines):
        """OpenMM's own spline. Its grids begin at 0, the first angle runs fastest; one for each grid and scale."""
        force = self.openmm.CMAPTorsionForce()
        maps = {}
        for (i, j, k, l, n), scale, spline in zip(atoms, scales, splines):
            grid = next(g for g in self.reference.grids if np.array_equal(b_spline_coefficients(g).ravel(), spline))
            key = scale, grid.tobytes()
            if key not in maps:
                half = len(grid) // 2
                maps[key] = force.addMap(len(grid), (self.KILOJOULE * scale * np.roll(grid, (half, half), (0, 1))).T.ravel())
            force.addTorsion(maps[key], i, j, k, l, j, k, l, n)
        return force

    def lorentz_berthelot(self, reference, m):
        """OpenMM's own non-bonded force; its own search for pairs one, two and three bonds apart."""
        force = self.openmm.NonbondedForce()
        for epsilon, sigma, charge in zip(*(values[reference.atoms(m)] for values in reference.atom_nonbonded)):
            force.addParticle(charge, sigma * self.NANOMETER, epsilon * self.KILOJOULE)
        lennard_jones, coulomb = reference.factors_14
        force.createExceptionsFromBonds(reference.bonds[m].tolist(), coulomb, lennard_jones)
        return force

    def energy(self):
        """kcal/mol at the molecule's own geometry."""
        self.context.setPositions(self.positions * self.NANOMETER)
        return self.context.getState(getEnergy=True).getPotentialEnergy()._value / self.KILOJOULE

    def gradient(self, x):
        """kcal/mol/angstrom at x (angstrom)."""
        self.context.setPositions(x * self.NANOMETER)
        force = self.context.getState(getForces=True).getForces(asNumpy=True)._value
        return -np.asarray(force).ravel() / self.KILOJOULE * self.NANOMETER

    def hessian(self, step=4e-3):
        """Central differences with steps h, h/2, h/4 (angstrom), extrapolated twice: the error is of order h^6."""
        n = self.positions.size
        hessian = np.zeros((n, n))
        for column in range(n):
            tiers = [self.slope(column, step / 2**tier) for tier in range(3)]
            first = [(4 * tiers[1] - tiers[0]) / 3, (4 * tiers[2] - tiers[1]) / 3]
            hessian[:, column] = (16 * first[1] - first[0]) / 15
        return 0.5 * (hessian + hessian.T)

    def slope(self, column, step):
        shift = np.zeros(self.positions.size)
        shift[column] = step
        shift = shift.reshape(self.positions.shape)
        return (self.gradient(self.positions + shift) - self.gradient(self.positions - shift)) / (2 * step)


if __name__ == "__main__":
    main()
