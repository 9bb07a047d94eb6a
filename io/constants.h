/* Physical constants, CODATA 2018 (E. Tiesinga et al., Rev. Mod. Phys. 2021, 93, 025010), and what follows from them. The only
 * place. */
#ifndef Q2_CONSTANTS_H
#define Q2_CONSTANTS_H

#define Q2_BOHR 0.529177210903                  /* angstrom */
#define Q2_HARTREE_JOULE 4.3597447222071e-18    /* J */
#define Q2_AVOGADRO 6.02214076e23               /* 1/mol, exact */
#define Q2_AMU_KILOGRAM 1.66053906660e-27       /* kg */
#define Q2_LIGHT 299792458.0                    /* m/s, exact */
#define Q2_CALORIE 4.184                        /* J, thermochemical, exact */
#define Q2_ELEMENTARY_CHARGE 1.602176634e-19    /* C, exact */
#define Q2_VACUUM_PERMITTIVITY 8.8541878128e-12 /* F/m */
#define Q2_PI 3.14159265358979323846

#define Q2_ATTOJOULE (1e-18 * Q2_AVOGADRO / (1000.0 * Q2_CALORIE))          /* kcal/mol in 1e-18 J: 1 mdyn angstrom */
#define Q2_HARTREE (Q2_HARTREE_JOULE * Q2_AVOGADRO / (1000.0 * Q2_CALORIE)) /* kcal/mol */
#define Q2_HARTREE_PER_BOHR2 (Q2_HARTREE / (Q2_BOHR * Q2_BOHR))             /* kcal/mol/angstrom^2 */

/* debye in 1 e angstrom: 1 debye is 1e-18 statcoulomb cm = 1e-21 / c C m, c in m/s. */
#define Q2_DEBYE (Q2_ELEMENTARY_CHARGE * 1e-10 * Q2_LIGHT * 1e21)

/* Coulomb's constant, kcal/mol angstrom / e^2. */
#define Q2_COULOMB                                                                                                             \
  (Q2_ELEMENTARY_CHARGE * Q2_ELEMENTARY_CHARGE / (4.0 * Q2_PI * Q2_VACUUM_PERMITTIVITY) * 1e10 * Q2_AVOGADRO /                 \
   (1000.0 * Q2_CALORIE))

/* nu/cm-1 = Q2_WAVENUMBER sqrt(lambda), lambda in kcal/mol/angstrom^2/amu: sqrt(1000 cal 1e20 / (N_A amu)) / (2 pi c 100). The
 * square root of the constant part is written out because a macro cannot take it: lambda carries the factor instead. */
#define Q2_LAMBDA_SI (1000.0 * Q2_CALORIE * 1e20 / (Q2_AVOGADRO * Q2_AMU_KILOGRAM)) /* 1/s^2 for lambda = 1 */

#endif
