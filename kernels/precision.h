/* Precision modes: which parts of an evaluation are computed in float32. One table, one row a mode. */
#ifndef Q2_PRECISION_H
#define Q2_PRECISION_H

/* The parts of an evaluation, in their order. An array that one part leaves for another is converted where their precisions
 * differ (kernels/mixed.h). The geometry is differentiated in float64, whatever the mode: parts in float32 read its tables
 * rounded, and the first two parts say whether those in float64 do, too. */
enum q2_part {
  Q2_PART_COORDINATES, /* bond lengths, angles, torsions */
  Q2_PART_GEOMETRY,    /* their first and second derivatives, unit vectors and 1 / r of pairs */
  Q2_PART_TERMS,       /* derivatives of the terms' energies in their coordinates; charges, energies, Cartesian gradients */
  Q2_PART_HESSIAN,     /* pairs; terms and pairs gathered into blocks and mass-weighted; eigenmatrices */
  Q2_PART_PROJECTION,  /* translations and rotations out */
  Q2_PART_EIGEN,       /* eigenvalues and eigenvectors */
  Q2_PART_OBSERVABLES, /* wavenumbers, residuals, loss: always float64, a few operations for each number */
  Q2_PART_COTANGENT,   /* the Hessian's cotangent */
  Q2_PART_PARAMETERS,  /* back to what terms and pairs have of it */
  Q2_PART_REDUCTION,   /* from there to the terms' parameters, and the sums over a molecule's terms */
  Q2_PART_SUMS,        /* J'J in float64, sums over molecules in integers */
  Q2_PART_COUNT
};

/* What is done to a float32 eigen-decomposition with the float64 matrix at hand (kernels/refine.h). */
enum q2_refinement {
  Q2_REFINE_NOT,
  Q2_REFINE_VALUES, /* Rayleigh quotients: eigenvalues to the square of the eigenvectors' error */
  Q2_REFINE_ALL     /* eigenvalues and eigenvectors to float64 */
};

struct q2_precision_mode {
  const char *name, *what;
  unsigned char single[Q2_PART_COUNT];
  enum q2_refinement refinement;
};

/* Rows from Q2_NAMED_MODES on have a single part in float32 each: the error budget. */
enum {
  Q2_MODE_FP64,
  Q2_MODE_FP32,
  Q2_MODE_PURE32,
  Q2_MODE_HESSIAN32,
  Q2_MODE_EIGEN32,
  Q2_MODE_FP32_QUOTIENTS,
  Q2_MODE_QUOTIENTS,
  Q2_MODE_REFINED,
  Q2_NAMED_MODES,
  Q2_MODE_COUNT = Q2_NAMED_MODES + 9
};
extern const struct q2_precision_mode q2_precision_modes[Q2_MODE_COUNT];

/* The row of that name, or -1. */
int q2_precision_find(const char *name);

/* Whether any part works in float32. */
int q2_precision_mixes(const struct q2_precision_mode *mode);

/* Whether parts in float64 read rounded tables, which are a batch's own then: such a mode stands alone. */
int q2_precision_rounds(const struct q2_precision_mode *mode);

#endif
