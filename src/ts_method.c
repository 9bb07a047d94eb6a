/* What the option -ts_method means for the data set with which a command starts. */
#include "ts_method.h"

#include <stdlib.h>

#include "../io/memory.h"
#include "locking.h"

static int64_t count_transition_states(const struct q2_session *session) {
  const struct q2_dataset *d = &session->dataset;
  int64_t mine = 0, all;
  for (int64_t m = 0; m < d->molecule_count; m++)
    mine += d->imaginary_modes[m] > 0 && d->hessian_offset[m + 1] > d->hessian_offset[m];
  MPI_Allreduce(&mine, &all, 1, MPI_INT64_T, MPI_SUM, session->comm);
  return all;
}

static int check_equalities(const struct q2_session *session, const char *method, struct q2_error *error) {
  const struct q2_dataset *d = &session->dataset;
  const int e = q2_lock_bound_constant(&d->parameters, &d->equalities);
  if (e < 0) return Q2_OK;
  return q2_fail(error,
                 "%s: /force_field/equalities: number %d (%s) binds a force constant that varies, which -ts_method %s might "
                 "have to lock; expected none",
                 d->path, e, d->equalities.label ? d->equalities.label[e] : "no label", method);
}

static int start_at_sign_bounds(struct q2_session *session, struct q2_error *error) {
  struct q2_parameters *p = &session->dataset.parameters;
  double *before = q2_allocate_everywhere(session->comm, p->count, sizeof *before, "parameters", error);
  if (!before) return Q2_FAILED;
  const int count = q2_lock_start_at_sign_bounds(p, before);
  if (count > 0)
    q2_print(&session->printer, "%d negative force constant%s at 0, the bound that method E2 sets:\n", count,
             count == 1 ? " starts" : "s start");
  for (int row = 0; row < p->count; row++)
    if (before[row] < 0.0)
      q2_print(&session->printer, "  row %d, %s %s, was %.6g %s\n", row, p->kind[row], p->label[row],
               before[row] / p->factor[row], p->unit[row]);
  free(before);
  return Q2_OK;
}

int q2_ts_method_start(struct q2_session *session, struct q2_error *error) {
  const enum q2_ts_method method = session->options.ts_method;
  const char *name = q2_ts_method_names[method];
  struct q2_dataset *d = &session->dataset;
  if (method == Q2_TS_FILE) return Q2_OK;
  d->invert_transition_states = method == Q2_TS_C;
  d->leave_out_reaction_modes = method == Q2_TS_E2;
  if (method == Q2_TS_D) return Q2_OK;
  if (count_transition_states(session) == 0)
    return q2_fail(error,
                   "option -ts_method: %s is for transition states, and %s has none (a molecule with a Hessian and "
                   "/molecules/imaginary_modes of 1)",
                   name, d->path);
  if (method == Q2_TS_C) return Q2_OK;
  Q2_TRY(check_equalities(session, name, error));
  return method == Q2_TS_E2 ? start_at_sign_bounds(session, error) : Q2_OK;
}
