/* The tables at the end of a run, in the users' units. */
#ifndef Q2_REPORT_H
#define Q2_REPORT_H

#include "fit.h"
#include "molecule_table.h"
#include "print.h"
#include "relaxation_table.h"
#include "residual_table.h"
#include "variables.h"

/* Prints one line a molecule: atoms, vibrations, RMSD and worst shift (calculated - reference) before and after; where
 * table->after is NULL just one of each. All in verbose mode, otherwise the 40 of largest RMSD. Prints on rank 0, whose `table`
 * is read. */
void q2_report_molecules(struct q2_printer *printer, const struct q2_molecule_table *table);

/* Prints one line for each parameter kind and unit: rows, how many vary, mean and largest change with its label, how many are
 * at a bound; in verbose mode also every row. */
void q2_report_parameters(struct q2_printer *printer, const struct q2_parameters *parameters,
                          const struct q2_variables *variables, const double *start, const double *best);

/* Prints one line for each kind of observable: residuals with weight > 0, loss, RMSD in the kind's unit and R2
 * (q2_residual_quality), before and, if `two_points`, after. Of a set with nothing but `frequency`, just R2. */
void q2_report_kinds(struct q2_printer *printer, const struct q2_residual_table *table, int two_points);

/* What a fit had besides its loss and the RMSD over all vibrations. */
struct q2_report_parts {
  int prior, by_position, validation;
};

/* Prints loss and RMSD before and after, counts, and the reason for the end. relaxed: at the end. */
void q2_report_fit(struct q2_printer *printer, const struct q2_fit *fit, const struct q2_report_parts *parts,
                   const struct q2_relaxation_table *relaxed);

#endif
