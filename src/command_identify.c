/* q2hpc identify: which parameters the data determine at the starting parameters. */
#include "commands.h"
#include "session.h"

int q2_command_identify(MPI_Comm comm, const struct q2_command_line *line, int *status, struct q2_error *error) {
  struct q2_session session;
  (void)status;
  int outcome = q2_session_open(comm, line, 1, &session, error); /* which says it */
  if (outcome == Q2_OK && !session.identification.done)
    outcome =
        q2_fail(error, "at the starting parameters a molecule cannot be evaluated, or J'J is not finite; q2hpc eval says more");
  q2_session_close(&session);
  return outcome;
}
