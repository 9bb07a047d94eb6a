/* How far an evaluation in one precision is from that in float64 at the same parameters: by vibration, by molecule, and in sum.
 */
#ifndef Q2_PRECISION_ERRORS_H
#define Q2_PRECISION_ERRORS_H

#include <mpi.h>

#include "../io/dataset.h"
#include "objective.h"
#include "variables.h"

/* Vibrations count as real ones above this wavenumber, cm-1. */
#define Q2_REAL_MODE 50.0

/* Rows of all molecules, in the order of the file, on rank 0; NULL elsewhere. */
struct q2_precision_errors {
  int64_t molecules;
  int64_t *offset;           /* [molecules + 1] vibrations */
  double *wavenumber;        /* cm-1, float64's; ascending by molecule */
  double *shift;             /* cm-1, the other's minus float64's */
  double *angle;             /* radian, of the eigenvector out of the space of float64's within 1 cm-1 of its wavenumber */
  double *hessian_largest;   /* [molecules] kcal/mol/angstrom^2, the largest error of an element */
  double *hessian_relative;  /* [molecules] Frobenius norms: of the error / of the Hessian */
  double *gradient_relative; /* [molecules] 2-norms: of the error / of the gradient, in scaled parameters */
  double *gradient_worst;    /* [molecules] the largest error of a component / the largest component */
  double *loss_relative;     /* [molecules] error / loss */
};

/* What bounds the error of nu |nu| in float32, cm-2: (8 + 2 sqrt n) 2^-24 nu_max^2 for n vibrations, nu_max the largest |nu|
 * (docs/precision.md). */
double q2_precision_bound(int modes, double largest);

struct q2_precision_summary {
  int64_t real_modes;                       /* above Q2_REAL_MODE in float64 */
  double largest, mean, rms;                /* cm-1, |shift| of those */
  int64_t largest_molecule, largest_mode;   /* where */
  double bound_ratio;                       /* of all vibrations, the largest part of q2_precision_bound that is used up */
  double largest_of_all;                    /* cm-1, imaginary and soft vibrations included */
  double hessian_relative, angle;           /* the largest of any molecule, of any real mode */
  double loss_relative;                     /* of the whole loss */
  double gradient_relative, gradient_worst; /* of the whole gradient, as of a molecule's */
  double gradient_relative_molecule;        /* the largest of any molecule */
};

/* Compares the looks of float64 and of another precision at the same parameters. Collective; release with
 * q2_precision_errors_free. */
int q2_precision_errors_create(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_variables *variables,
                               const struct q2_look *full, const struct q2_look *other, struct q2_precision_errors *errors,
                               struct q2_error *error);
void q2_precision_errors_free(struct q2_precision_errors *errors);

/* On rank 0: what the rows say; and from both evaluations' losses and gradients (by row of the parameter table) the rest. */
void q2_precision_summarise(const struct q2_precision_errors *errors, const struct q2_variables *variables,
                            const double loss[2], const double *full_gradient, const double *other_gradient,
                            struct q2_precision_summary *summary);

#endif
