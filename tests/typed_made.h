/* A small data set whose atoms have types, and the Tinker file that its force field comes from: acetaldehyde and formaldehyde
 * in turn, with bonds, angles, torsions, an improper, Lennard-Jones pairs and charges. For tests of exports. */
#ifndef TYPED_MADE_H
#define TYPED_MADE_H

#include "../io/dataset.h"

enum { typed_molecules = 5 };

/* What may be otherwise, to be combined: */
enum typed_change {
  TYPED_TWO_VALUES = 1 << 0,   /* the C-O bonds of formaldehyde have a row of their own, with another value */
  TYPED_EQUAL_VALUES = 1 << 1, /* the same, with the same value */
  TYPED_NO_TERM = 1 << 2,      /* the first torsion of molecule 2 is left out */
  TYPED_TIE = 1 << 3,          /* formaldehyde has an improper, too: two ligands of one type */
  TYPED_BACKWARDS = 1 << 4,    /* the same, the ligand with the higher number first */
  TYPED_SOFT_CUT = 1 << 5,     /* pairs fade from 6 to 8 angstrom */
  TYPED_CHARGES = 1 << 6,      /* the charges of one type differ */
  TYPED_INCREMENTS = 1 << 7,   /* charges are increments of the bonds C-O */
  TYPED_BEND_BEND = 1 << 8,    /* a term that rows of types do not have */
  TYPED_STRAIGHT = 1 << 9,     /* the angles CT-C-O are straight, and 170 degrees at rest */
  TYPED_GEOMETRIC = 1 << 10,   /* the combining rule */
  TYPED_SPECIAL = 1 << 11,     /* a row for the pair O, HC */
  TYPED_NOT_BONDED = 1 << 12,  /* a bond term between atoms that are not bonded */
  TYPED_CHAIN = 1 << 13,       /* an improper along a chain of bonds, which has no centre */
  TYPED_OUTSIDE = 1 << 14,     /* the value of an active row stands nowhere in the Tinker file */
  TYPED_NO_PAIRS = 1 << 15     /* no non-bonded part */
};

/* Makes it; each rank has a share. Collective; release with q2_dataset_free. */
int typed_made(MPI_Comm comm, int changes, struct q2_dataset *dataset, struct q2_error *error);

#endif
