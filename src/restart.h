/* Going on from a checkpoint: which file, whether it fits, and how its logs get to the fit. All collective. */
#ifndef Q2_RESTART_H
#define Q2_RESTART_H

#include "fit_rounds.h"
#include "keeper.h"
#include "session.h"

/* Reads what -restart names into session->restart. `auto`: the checkpoint that this run would write; nothing where there is
 * none; its predecessor, with a warning, where it is damaged. Before anything else is read: a damaged file should not cost an
 * hour. */
int q2_restart_read(struct q2_session *session, struct q2_error *error);

/* Says what this run is, compares it with the checkpoint's where there is one, and tells the keeper what the options ask for.
 * `identity` must outlive the keeper's use; release with q2_run_identity_free. */
int q2_restart_prepare(struct q2_session *session, struct q2_run_identity *identity, struct q2_keeper *keeper,
                       struct q2_error *error);

/* Hands the checkpoint's logs over to the rounds, which replay them. */
void q2_restart_give_logs(struct q2_session *session, struct q2_fit_rounds *rounds);

#endif
