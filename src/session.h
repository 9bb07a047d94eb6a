/* What every command starts with: the machine, the data set, the plan, the variables and the objective. */
#ifndef Q2_SESSION_H
#define Q2_SESSION_H

#include "checkpoint.h"
#include "identify.h"
#include "machine.h"
#include "objective.h"
#include "options.h"
#include "plan.h"
#include "print.h"
#include "prior.h"
#include "variables.h"

enum q2_phase { Q2_PHASE_READ, Q2_PHASE_PLAN, Q2_PHASE_PREPARE, Q2_PHASE_COUNT };
extern const char *const q2_phase_names[Q2_PHASE_COUNT];

struct q2_session {
  MPI_Comm comm;
  int rank;
  const struct q2_command_line *line;
  struct q2_options options;
  struct q2_printer printer;
  struct q2_machine machine;
  struct q2_backends backends;
  struct q2_dataset dataset;
  struct q2_plan plan;
  struct q2_variables variables;
  struct q2_prior prior;
  struct q2_identification identification; /* of the starting point; not done where nobody asked, or it was skipped */
  double *input_value;                     /* [rows] the input file's, before -parameters: the prior's centres */
  int least_squares;                       /* the optimizer, or the command, wants J'J */
  struct q2_objective *objective;          /* NULL where the command only looks at the plan */
  struct q2_objective *by_position;        /* RMSD over all vibrations where `objective` pairs otherwise; else NULL */
  struct q2_checkpoint restart;            /* what a fit goes on from; on rank 0; restart.rounds is 0 where it begins anew */
  char restart_path[4200];
  double seconds[Q2_PHASE_COUNT]; /* wall time of each phase on this rank */
  double earlier[Q2_STAGE_COUNT]; /* seconds by stage of objectives that q2_session_make_objectives has replaced */
};

/* Queries the options, prints the first lines, reads the data set, makes the plan and the variables and, if `evaluates`, moves
 * the molecules to their owners, builds the objective, and says which parameters the data determine (fit, identify; for that an
 * objective with J'J is made first and released again where the optimizer does not want one). Collective; on failure every rank
 * returns Q2_FAILED with the same text. Release with q2_session_close in either case. */
int q2_session_open(MPI_Comm comm, const struct q2_command_line *line, int evaluates, struct q2_session *session,
                    struct q2_error *error);
void q2_session_close(struct q2_session *session);

/* Makes `objective` and, where there is one, `by_position` anew, after the data set's references have changed; J'J is that of
 * `variables`, which must outlive the objective's use. Collective; after a failure there are none. */
int q2_session_make_objectives(struct q2_session *session, const struct q2_variables *variables, struct q2_error *error);

/* The objective whose vibrations are all of them, paired by position. */
struct q2_objective *q2_session_by_position(struct q2_session *session);

#endif
