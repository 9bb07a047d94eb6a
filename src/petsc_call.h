/* Between PETSc's errors and ours: no traceback, one message. */
#ifndef Q2_PETSC_CALL_H
#define Q2_PETSC_CALL_H

#include <petscsys.h>

#include "../io/error.h"

/* PETSc error handler that prints nothing; PETSc keeps the text of the first error, which q2_petsc_failed takes. Install it
 * with PetscPushErrorHandler(q2_petsc_silent, NULL). */
PetscErrorCode q2_petsc_silent(MPI_Comm comm, int line, const char *function, const char *file, PetscErrorCode code,
                               PetscErrorType type, const char *text, void *context);

/* Writes PETSc's text for `code` into `error` and returns Q2_FAILED. */
int q2_petsc_failed(PetscErrorCode code, struct q2_error *error);

/* For functions that return Q2_OK or Q2_FAILED and call PETSc; within functions that return PetscErrorCode PetscCall serves. */
#define Q2_PETSC(call, error)                                                                                                  \
  do {                                                                                                                         \
    PetscErrorCode q2_petsc_code = (call);                                                                                     \
    if (q2_petsc_code) return q2_petsc_failed(q2_petsc_code, error);                                                           \
  } while (0)

#endif
