/* The objective: from parameters to loss and exact gradient, over all molecules of all ranks.
 *
 * The loss is the sum over observables of (w (reference - calculated))^2. Rules that pair calculated with QM vibrations:
 *   position  translations and rotations are projected out of both Hessians; the k-th vibration pairs with the k-th, imaginary
 *             ones included (the product's rule)
 *   overlap   the same vibrations, paired one to one so that the sum of squared overlaps of their eigenvectors is largest at
 *             the first parameters evaluated; pairs hold until q2_objective_assign finds them again
 *   q2mm      all 3N eigenvalues, nothing projected; the k-th QM value above 50 cm-1 pairs with the k-th calculated value
 *             that is above 50 cm-1 at the first parameters evaluated, indices then frozen (for comparison with that program)
 * Vibrations of relaxed geometries pair by position.
 *
 * Observables at the relaxed geometry are found where the energy has its minimum (kernels/stage_relax.h): at the first
 * parameters evaluated from the QM geometry on, later from the geometry found then or at the last followed parameters. A
 * molecule whose relaxation goes astray (a saddle, another basin, no end) at the first parameters evaluated is set aside: its
 * relaxed observables do not count from then on. One that goes astray later is a failed molecule of that evaluation. */
#ifndef Q2_OBJECTIVE_H
#define Q2_OBJECTIVE_H

#include <mpi.h>
#include <stdint.h>

#include "../io/dataset.h"
#include "../kernels/forms.h"
#include "../kernels/observables.h"
#include "plan.h"

struct q2_objective; /* opaque */

enum q2_match { Q2_MATCH_POSITION = 0, Q2_MATCH_Q2MM = 1, Q2_MATCH_OVERLAP = 2 };

struct q2_backend;
struct q2_rank_sum;

struct q2_objective_options {
  enum q2_match match;
  const struct q2_backend *backend; /* what computes (kernels/backend.h); borrowed; NULL: the CPU */
  struct q2_rank_sum *sum; /* over the ranks, in the backend's memory (rank_sum.h); borrowed; NULL: one is made, for the CPU */
  int threads;             /* CPU threads of this rank, >= 1 */
  int64_t memory_limit;    /* bytes for work space on this rank; 0: no limit of ours */
  int wave_molecules;      /* molecules evaluated together; 0: one chunk on the CPU, on a device as many as memory allows */
  const int *precision;    /* [precision_count] rows of q2_precision_modes that evaluations may be in, the first one to begin
                              with; NULL: float64 (kernels/precision.h) */
  int precision_count;
  int padded_eigensolver; /* 1: decompose at the bucket's padded order, as batched solvers on a device do (for tests) */

  /* Least squares: J'J is summed over these variables (q2_variables: row of the parameter table -> variable, -1: none;
   * borrowed). 0: no J'J. */
  int normal_count;
  const int *normal_variable_of;
};

/* Seconds spent in each stage on this rank since creation, summed over threads. */
enum q2_stage {
  Q2_STAGE_TERMS,       /* f' and f'' of every term */
  Q2_STAGE_HESSIAN,     /* gather into blocks, mass-weighted */
  Q2_STAGE_PROJECT,     /* rigid motions out, forwards */
  Q2_STAGE_EIGEN,       /* symmetric eigen-decomposition */
  Q2_STAGE_OBSERVABLES, /* residuals, loss, cotangents of eigenvalues */
  Q2_STAGE_COTANGENT,   /* W = V diag(lambda-bar) V', expanded to 3N x 3N */
  Q2_STAGE_PARAMETERS,  /* W back to terms and parameters */
  Q2_STAGE_RELAX,       /* minimising energies, with all that takes */
  Q2_STAGE_REDUCE,      /* sum over molecules and ranks */
  Q2_STAGE_COUNT
};
extern const char *const q2_stage_names[Q2_STAGE_COUNT];

struct q2_evaluation {
  double loss;
  double rmsd; /* cm-1, over all vibrations paired by `match` (position: over all vibrations), weights not used */
  double kind_loss[Q2_OBSERVABLE_COUNT]; /* the loss by observable */
  int64_t residual_count;                /* residuals with weight > 0 that count */
  int64_t vibration_count;               /* pairs that the RMSD counts */
  int64_t failed_molecules; /* not finite, the eigen-solver failed, or the relaxation went astray: then loss, rmsd and gradient
                               mean nothing */
  int64_t set_aside;        /* molecules whose relaxed observables do not count */
  int64_t first_failed;     /* lowest number (in the file) of such a molecule, -1: none */

  /* Of the molecules that are out of the fit (the data set's `validation`): in none of the numbers above. */
  double validation_loss, validation_rmsd;
  int64_t validation_molecules;
};

/* One local molecule's vibrations at the parameters of q2_objective_vibrations. */
struct q2_vibrations {
  int64_t molecule_count; /* the data set's local molecules, in its order */
  int64_t *offset;        /* [molecule_count + 1] */
  double *reference;      /* cm-1, QM, ascending, negative: imaginary */
  double *calculated;     /* cm-1, the partner of each reference by the rule in force */
  double *weight;         /* 0: does not count in the loss */
};

/* Builds everything an evaluation needs (batches, index lists, QM frequencies, work space), so that an evaluation allocates
 * nothing. `dataset` and `plan` (after q2_plan_distribute) must outlive the objective and stay as they are. Collective. Fails
 * with a message where the force field or the observables ask for something unknown. Release with q2_objective_destroy. */
int q2_objective_create(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_plan *plan,
                        const struct q2_objective_options *options, struct q2_objective **objective, struct q2_error *error);
void q2_objective_destroy(struct q2_objective *objective);

/* Evaluations from now on are in this precision, one of those of the options. Not collective; all ranks must do it. */
void q2_objective_set_precision(struct q2_objective *objective, int precision);

/* Loss and gradient at `parameters` ([P], every row of the parameter table in q2hpc's units, links already applied, the same on
 * every rank). gradient: [P] or NULL (then only the loss is computed, more cheaply); with respect to each row as if it were
 * free: q2_variables_gradient folds links. Collective; every rank obtains the same bits, whatever the number of ranks, threads
 * and waves. Numerical failure of a molecule is not an error: it is counted in `evaluation`. Returns Q2_FAILED only where MPI
 * or memory fails. */
int q2_objective_evaluate(struct q2_objective *objective, const double *parameters, struct q2_evaluation *evaluation,
                          double *gradient, struct q2_error *error);

/* As q2_objective_evaluate, and J'J: J is the Jacobian of all residuals with respect to the variables of the options (unscaled;
 * several rows that follow one variable add up). square: [normal_count][normal_count], the same bits on every rank and for any
 * layout. 2 J'r is `gradient`, and 2 J'J Gauss and Newton's Hessian of the loss. */
int q2_objective_normal(struct q2_objective *objective, const double *parameters, struct q2_evaluation *evaluation,
                        double *gradient, double *square, struct q2_error *error);

/* Vibrations of the local molecules at `parameters`; `vibrations` is filled with allocated arrays, released by
 * q2_vibrations_free. Collective. */
int q2_objective_vibrations(struct q2_objective *objective, const double *parameters, struct q2_vibrations *vibrations,
                            struct q2_error *error);
void q2_vibrations_free(struct q2_vibrations *vibrations);

/* All residuals of the local molecules. */
struct q2_residual_values {
  int64_t molecule_count;       /* the data set's local molecules, in its order */
  int64_t *offset;              /* [molecule_count + 1] */
  struct q2_residual *residual; /* at the QM geometry first, then at the relaxed one; in the order of the observables */
  double *calculated;           /* NAN: has no partner, or its molecule is set aside */
};

/* Fills `values` at `parameters`; released by q2_residual_values_free. Collective. */
int q2_objective_residuals(struct q2_objective *objective, const double *parameters, struct q2_residual_values *values,
                           struct q2_error *error);
void q2_residual_values_free(struct q2_residual_values *values);

/* What an evaluation makes of each local molecule at its QM geometry. */
struct q2_look {
  int64_t molecule_count;                                             /* the data set's local molecules, in its order */
  int64_t *mode_offset, *vector_offset, *row_offset, *hessian_offset; /* [molecule_count + 1] */
  double *wavenumber;                                                 /* cm-1, ascending */
  double *vector;   /* 3N numbers for each vibration, one after another: M^-1/2 v, v orthonormal; NAN where nothing is made of
                       vibrations */
  double *loss;     /* [molecule_count] the molecule's share */
  int32_t *row;     /* of the parameter table, those that the molecule depends on */
  double *gradient; /* dL/dp of these rows, by the molecule's own residuals */
  double *hessian;  /* [3N][3N], kcal/mol/angstrom^2 */
};

/* Fills `look` at `parameters`; released by q2_look_free. Collective. */
int q2_objective_look(struct q2_objective *objective, const double *parameters, struct q2_look *look, struct q2_error *error);
void q2_look_free(struct q2_look *look);

/* Finds the pairs of the rule `overlap` anew at `parameters`; for other rules it does nothing. *changed: vibrations of all
 * ranks that have another partner now; where there are any, the loss is another function than before. Collective. */
int q2_objective_assign(struct q2_objective *objective, const double *parameters, int64_t *changed, struct q2_error *error);

/* From now on relaxations begin where those at `parameters` end: a fit calls it at every iterate, so that minima are followed
 * as they move with the parameters, and not lost to another one on the way from the first. An evaluation then depends on its
 * parameters and on those that were followed, in order. unfollow: they begin again where the first ones ended. Nothing before
 * the first evaluation, nor where nothing is relaxed. Not collective. */
void q2_objective_follow(struct q2_objective *objective, const double *parameters);
void q2_objective_unfollow(struct q2_objective *objective);

/* How the last relaxation of each local molecule ended: status[m] becomes enum q2_relaxation (kernels/wave.h), or -1 where
 * nothing asks for it; set_aside[m]: whether its relaxed observables do not count. Both [molecule_count]. Local. */
void q2_objective_relaxations(const struct q2_objective *objective, int32_t *status, int32_t *set_aside);

/* Whether anything asks for relaxed geometries, on any rank. */
int q2_objective_relaxes(const struct q2_objective *objective);

/* The MM Hessian of local molecule `molecule` (position in the data set's arrays) at `parameters`: hessian is [3N][3N],
 * kcal/mol/angstrom^2, neither mass-weighted nor projected. Not collective. */
int q2_objective_hessian(struct q2_objective *objective, const double *parameters, int64_t molecule, double *hessian,
                         struct q2_error *error);

/* What a molecule's energy is made of, kcal/mol. */
struct q2_energy_parts {
  double total;
  double form[Q2_FORM_COUNT];    /* sums over the terms of each form; of those that fade, under the form without a star */
  double van_der_waals, coulomb; /* sums over pairs */
};

/* Energy and Cartesian gradient of local molecule `molecule` at its QM geometry: gradient is [3N], kcal/mol/angstrom. Makes and
 * releases work space for one molecule. Not collective. */
int q2_objective_forces(const struct q2_objective *objective, const double *parameters, int64_t molecule,
                        struct q2_energy_parts *parts, double *gradient, struct q2_error *error);

/* Seconds by stage on this rank so far, and set back to zero if `reset`. seconds: [Q2_STAGE_COUNT]. */
void q2_objective_timings(struct q2_objective *objective, double *seconds, int reset);

/* Bytes held by this rank's batches and work space. */
int64_t q2_objective_bytes(const struct q2_objective *objective);

/* Torsions that pass near a straight angle and are damped (docs/theory.md), on this rank. */
int64_t q2_objective_damped_torsions(const struct q2_objective *objective);

#endif
