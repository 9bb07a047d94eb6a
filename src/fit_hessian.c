/* Gauss and Newton's Hessian for TAO: 2 J'J in scaled variables, summed with the loss and kept until another point is
 * evaluated. The log of evaluations keeps what the optimizer asked for, so that a replay sums nothing again. */
#include <string.h>

#include "fit_state.h"

int q2_fit_normal(struct q2_fit_state *state, const double *x, struct q2_evaluation *evaluation, struct q2_error *error) {
  const int status =
      q2_objective_normal(state->problem->objective, state->parameters, evaluation, state->row_gradient, state->square, error);
  if (status == Q2_OK && state->problem->prior) q2_prior_add_square(state->problem->prior, state->square);
  memcpy(state->square_at, x, (size_t)state->variables * sizeof *x);
  state->square_valid = status == Q2_OK;
  return status;
}

/* Rank 0: keeps state->square in the log as that of the newest evaluation at x. */
static int keep(struct q2_fit_state *state, const double *x, struct q2_error *error) {
  struct q2_evaluation_log *log = &state->fit->log;
  const int64_t index = q2_evaluation_log_find(log, x), order = state->problem->variables->independent_count;
  return index < 0 ? Q2_OK : q2_evaluation_log_keep_square(log, index, order, state->square, error);
}

/* Rank 0: whether the log has J'J at x, then in state->square. */
static int take_from_log(struct q2_fit_state *state, const double *x) {
  struct q2_evaluation_log *log = &state->fit->log;
  const int64_t index = q2_evaluation_log_find(log, x);
  return index >= 0 && q2_evaluation_log_square(log, index, state->square);
}

int q2_fit_square_at(struct q2_fit_state *state, const double *x, struct q2_error *error) {
  struct q2_evaluation evaluation = {0};
  const size_t size = (size_t)state->variables * sizeof *x;
  int logged = state->rank == 0 && take_from_log(state, x);
  (void)MPI_Bcast(&logged, 1, MPI_INT, 0, state->comm);
  if (logged) state->square_valid = 0; /* on rank 0 it may be that of another point now */
  if (logged || (state->square_valid && memcmp(state->square_at, x, size) == 0)) return Q2_OK;
  q2_variables_apply(state->problem->variables, x, state->parameters);
  Q2_TRY(q2_agree(state->comm, q2_fit_normal(state, x, &evaluation, error), error));
  int status = state->rank == 0 ? keep(state, x, error) : Q2_OK;
  if (state->rank == 0) take_from_log(state, x); /* asked for: it stays */
  return q2_agree(state->comm, status, error);
}

static PetscErrorCode fill(struct q2_fit_state *state, Mat hessian) {
  const int n = state->variables;
  PetscScalar *entries;
  PetscInt ld;
  PetscFunctionBegin;
  if (state->rank == 0) { /* all rows live here */
    q2_variables_square(state->problem->variables, state->square, state->x_square);
    PetscCall(MatDenseGetLDA(hessian, &ld));
    PetscCall(MatDenseGetArray(hessian, &entries));
    for (int b = 0; b < n; b++) {
      for (int a = 0; a < n; a++)
        entries[(size_t)b * (size_t)ld + (size_t)a] = 2.0 * state->x_square[(size_t)a * (size_t)n + (size_t)b];
    }
    PetscCall(MatDenseRestoreArray(hessian, &entries));
  }
  PetscCall(MatAssemblyBegin(hessian, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(hessian, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

PetscErrorCode q2_fit_tao_hessian(Tao tao, Vec x, Mat hessian, Mat preconditioner, void *context) {
  struct q2_fit_state *state = context;
  const PetscScalar *entries;
  (void)tao, (void)preconditioner; /* the same matrix */
  PetscFunctionBegin;
  PetscCall(VecGetArrayRead(x, &entries));
  if (state->rank == 0) memcpy(state->message, entries, (size_t)state->variables * sizeof *state->message);
  PetscCall(VecRestoreArrayRead(x, &entries));
  PetscCallMPI(MPI_Bcast(state->message, state->variables, MPI_DOUBLE, 0, state->comm));
  state->status = q2_fit_square_at(state, state->message, &state->error);
  if (state->status != Q2_OK) PetscFunctionReturn(PETSC_ERR_USER);
  PetscCall(fill(state, hessian));
  PetscFunctionReturn(0);
}
