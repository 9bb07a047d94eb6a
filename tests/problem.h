/* A synthetic data set with its plan and objective, as tests of the objective need them. */
#ifndef Q2_PROBLEM_H
#define Q2_PROBLEM_H

#include "../src/backends.h"
#include "../src/objective.h"

struct problem {
  struct q2_dataset dataset;
  struct q2_plan plan;
  struct q2_backends backends;
  struct q2_objective *objective;
};

/* Makes `molecules` synthetic molecules, spread over `comm`, and their objective; the plan's rule follows options.match. Aborts
 * with the message when anything fails. Release with close_problem. */
void open_problem(struct problem *problem, MPI_Comm comm, int64_t molecules, int lorentz_berthelot, struct q2_plan_options plan,
                  struct q2_objective_options options);
/* The same for a data set that the caller has put into `problem`. */
void finish_problem(struct problem *problem, MPI_Comm comm, struct q2_plan_options plan, struct q2_objective_options options,
                    struct q2_error *error);
void close_problem(struct problem *problem);

/* How far `element` of J'J is from the product of two columns of J found by differences, [count] of this rank's residuals each,
 * relative to their norms: the differences' own error grows with the columns, also where a variable does nothing. *product:
 * that product. Collective. */
double square_error(MPI_Comm comm, int64_t count, const double *one, const double *other, double element, double *product);

#endif
