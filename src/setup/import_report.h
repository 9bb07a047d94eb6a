/* What `q2hpc import` says of what it found and wrote. */
#ifndef Q2_IMPORT_REPORT_H
#define Q2_IMPORT_REPORT_H

#include "import_molecules.h"

/* Prints (rank 0) how many files of which format were read; where bonds and types are from. */
void q2_import_print_sources(const struct q2_sources *sources, const struct q2_gathered *gathered, struct q2_printer *printer);
void q2_import_print_molecules(const struct q2_molecules_summary *summary, const struct q2_molecules_options *options,
                               struct q2_printer *printer);

/* Collective: prints the force field's parameters, terms by form and observables by kind of the finished data set. */
int q2_import_print_dataset(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_import_field *field,
                            struct q2_printer *printer, struct q2_error *error);

#endif
