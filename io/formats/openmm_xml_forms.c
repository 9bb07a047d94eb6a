/* How forms stand in OpenMM's ForceField files. */
#include "openmm_xml.h"

#define K2 "kJ/mol/nm^2"
#define KR "kJ/mol/rad^2"
#define KJ "kJ/mol"

/* kernels/forms.h, q2_rounded_angle. */
const char q2_openmm_straight_angle[] =
    "k*(s^2-2*s0*p+s0^2); p=select(step(s-0.01),s,0.000625*(5+y*(15+y*(y-5)))); y=10000*s^2; s=3.1415926535897931-theta; "
    "s0=3.1415926535897931-theta0";

const struct q2_openmm_form q2_openmm_forms[] = {
    {"bond_harmonic", "HarmonicBondForce", "Bond", {"k", "length"}, {K2, "nm"}, {0.5, 1.0}, NULL, NULL, NULL},
    {"angle_harmonic", "HarmonicAngleForce", "Angle", {"k", "angle"}, {KR, "radian"}, {0.5, 1.0}, NULL, NULL, NULL},
    {"angle_harmonic",
     "CustomAngleForce",
     "Angle",
     {"k", "theta0"},
     {KR, "radian"},
     {1.0, 1.0},
     NULL,
     "PerAngleParameter",
     q2_openmm_straight_angle},
    {"urey_bradley", "AmoebaUreyBradleyForce", "UreyBradley", {"k", "d"}, {K2, "nm"}, {1.0, 1.0}, NULL, NULL, NULL},
    /* 7/12 25.5^2 = 379.3125 / nm^2 */
    {"bond_mm3",
     "CustomBondForce",
     "Bond",
     {"k", "r0"},
     {K2, "nm"},
     {1.0, 1.0},
     NULL,
     "PerBondParameter",
     "k*d^2*(1-25.5*d+379.3125*d^2); d=r-r0"},
    {"bond_morse",
     "CustomBondForce",
     "Bond",
     {"D", "a", "r0"},
     {KJ, "1/nm", "nm"},
     {1.0, 1.0, 1.0},
     NULL,
     "PerBondParameter",
     "D*(1-exp(-a*(r-r0)))^2"},
    {"angle_mm3",
     "CustomAngleForce",
     "Angle",
     {"k", "theta0"},
     {KR, "radian"},
     {1.0, 1.0},
     "sextic",
     "PerAngleParameter",
     "k*d^2*(1-0.014*t+5.6e-5*t^2-7e-7*t^3+sextic*t^4); t=57.295779513082321*d; d=theta-theta0"},
    {"angle_cosine",
     "CustomAngleForce",
     "Angle",
     {"k", "theta0"},
     {KJ, "radian"},
     {1.0, 1.0},
     NULL,
     "PerAngleParameter",
     "k*(cos(theta)-cos(theta0))^2"},
    {"torsion_mm3",
     "CustomTorsionForce",
     "Proper",
     {"v1", "v2", "v3"},
     {KJ, KJ, KJ},
     {1.0, 1.0, 1.0},
     NULL,
     "PerTorsionParameter",
     "0.5*(v1*(1+cos(theta))+v2*(1-cos(2*theta))+v3*(1+cos(3*theta)))"},
    {"improper_harmonic",
     "CustomTorsionForce",
     "Improper",
     {"k", "phi0"},
     {KR, "radian"},
     {1.0, 1.0},
     NULL,
     "PerTorsionParameter",
     "k*min(d,6.2831853071795865-d)^2; d=abs(theta-phi0)"},
    {NULL, NULL, NULL, {NULL}, {NULL}, {0.0}, NULL, NULL, NULL},
};

#define LENNARD_JONES "4*e*(s^12-s^6)"
#define GEOMETRIC "; s=sqrt(sigma1*sigma2)/r; e=sqrt(epsilon1*epsilon2)"
/* MM3's exp-6 and its wall (docs/forces.md). */
#define EXP6 "e*select(step(x-0.40062895030894915),184000*exp(-12*x)-2.25/x^6,-1021.3893192358068+317.81542578311839/x^2)"
#define MM3 "; x=r/(radius1+radius2); e=sqrt(epsilon1*epsilon2)"

const struct q2_openmm_pairs q2_openmm_pair_forms[] = {
    {"lennard_jones",
     "geometric",
     "sigma",
     "lj_sigma",
     "lj_epsilon",
     {"vdw14*" LENNARD_JONES GEOMETRIC, "(1-vdw14)*" LENNARD_JONES GEOMETRIC}},
    {"exp6_mm3", "mm3", "radius", "vdw_radius", "vdw_epsilon", {"vdw14*" EXP6 MM3, "(1-vdw14)*" EXP6 MM3}},
    {NULL, NULL, NULL, NULL, NULL, {NULL}},
};
