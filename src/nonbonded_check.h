/* Which forms and combining rule the non-bonded part of a data set has. */
#ifndef Q2_NONBONDED_CHECK_H
#define Q2_NONBONDED_CHECK_H

#include "../io/dataset.h"
#include "../kernels/nonbonded.h"

/* The forms by their places in the registry. */
struct q2_nonbonded_forms {
  int form; /* enum q2_pair_form of two atom types without a row of their own */
  int rule; /* enum q2_combining_rule */
  int special_count;
  int *special_form; /* [special_count] enum q2_pair_form */
};

/* Looks up the forms of dataset->nonbonded and checks it against the registry: forms and combining rule known and fit for each
 * other, parameters of the right kinds, epsilons and sigmas not below zero, exp-6 distances above zero. A data set without
 * non-bonded part gets zeros. On success release with q2_nonbonded_forms_free. Local; the same on every rank. */
int q2_nonbonded_resolve(const struct q2_dataset *dataset, struct q2_nonbonded_forms *forms, struct q2_error *error);
void q2_nonbonded_forms_free(struct q2_nonbonded_forms *forms);

#endif
