/* Between PETSc's errors and ours: no traceback, one message. */
#include "petsc_call.h"

PetscErrorCode q2_petsc_silent(MPI_Comm comm, int line, const char *function, const char *file, PetscErrorCode code,
                               PetscErrorType type, const char *text, void *context) {
  (void)comm, (void)line, (void)function, (void)file, (void)type, (void)text, (void)context;
  return code;
}

int q2_petsc_failed(PetscErrorCode code, struct q2_error *error) {
  const char *general = NULL;
  char *specific = NULL;
  PetscErrorMessage(code, &general, &specific);
  return q2_fail(error, "PETSc: %s%s%s", general ? general : "error", specific && specific[0] ? ": " : "",
                 specific ? specific : "");
}
