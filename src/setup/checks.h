/* Whether what was read of a molecule can be true: Hessian, geometry, gradient and printed wavenumbers against each other. What
 * follows from them is filled in: masses, imaginary modes, whether the geometry is stationary. */
#ifndef Q2_CHECKS_H
#define Q2_CHECKS_H

#include <mpi.h>

#include "../print.h"
#include "gather.h"

struct q2_check_options {
  int stationary;             /* -stationary: 1 or 0 for all molecules, -1: by their gradients */
  double stationary_gradient; /* hartree/bohr: a geometry whose gradient has no larger component is stationary */
  double frequency_tolerance; /* cm-1: printed wavenumbers that are farther off are warned of; ten times farther: refused */
};

#define Q2_STATIONARY_GRADIENT 1e-3 /* the defaults */
#define Q2_FREQUENCY_TOLERANCE 2.0

/* What there is to say of all molecules; numbers are this rank's until q2_checks_gather. */
enum q2_check_count {
  Q2_COUNT_MOLECULES,
  Q2_COUNT_ATOMS,
  Q2_COUNT_HESSIANS,
  Q2_COUNT_MINIMA, /* with a Hessian: without imaginary modes, with one, with more */
  Q2_COUNT_SADDLES,
  Q2_COUNT_HIGHER,
  Q2_COUNT_SMALL_IMAGINARY, /* with an imaginary mode below Q2_SMALL_IMAGINARY */
  Q2_COUNT_NOT_STATIONARY,
  Q2_COUNT_NO_GRADIENT,   /* taken for stationary without one */
  Q2_COUNT_FRAME_UNKNOWN, /* neither stationary nor with a gradient: the frame cannot be checked */
  Q2_COUNT_DEFAULT_MASSES,
  Q2_COUNT_NO_CHARGE,
  Q2_COUNT_COMPARED,     /* printed wavenumbers compared */
  Q2_COUNT_OFF,          /* molecules where they are off by more than the tolerance */
  Q2_COUNT_OTHER_NUMBER, /* molecules whose files print another number of wavenumbers */
  Q2_COUNT_VALIDATION,
  Q2_CHECK_COUNTS
};
#define Q2_SMALL_IMAGINARY 50.0 /* cm-1 */

enum q2_check_worst { Q2_WORST_FREQUENCY, Q2_WORST_ROTATION, Q2_WORST_GRADIENT, Q2_WORST_SMALL_IMAGINARY, Q2_WORSTS };

struct q2_check_summary {
  int64_t count[Q2_CHECK_COUNTS];
  struct {
    double value;
    char what[160]; /* "name: mode 7 is printed as 1040.12, from the Hessian it is 1039.80" */
  } worst[Q2_WORSTS];
};

/* Checks molecule `m`, and fills in masses, stationary and imaginary_modes. On failure the message names molecule and files.
 * Local. */
int q2_check_imported(struct q2_gathered *gathered, int m, const struct q2_check_options *options,
                      struct q2_check_summary *summary, struct q2_error *error);

/* Collective: all molecules; afterwards `summary` is that of all ranks, on rank 0. */
int q2_check_gathered(MPI_Comm comm, struct q2_gathered *gathered, const struct q2_check_options *options,
                      struct q2_printer *printer, struct q2_check_summary *summary, struct q2_error *error);

/* Prints the summary (rank 0): what was found, then what to be warned of. */
void q2_check_print(const struct q2_check_summary *summary, const struct q2_check_options *options, struct q2_printer *printer);

/* The parts. `modes` [count] are wavenumbers of the Hessian in ascending order, cm-1, imaginary ones negative; `where` opens
 * messages ("mol.fchk: molecule 'mol'"). */

/* Whether the highest vibration is where those elements vibrate: a Hessian in another unit is refused, with the unit that would
 * do. */
int q2_check_magnitude(const struct q2_molecule_record *record, const double *modes, int count, const char *where,
                       struct q2_error *error);

/* Whether the energy stays as it is when the molecule moves and turns: sums over atoms of the Hessian are 0, and H (e x r) = e
 * x g for every axis e (g = 0 without a gradient). *largest: what is left of the latter for |e x r| = 1, hartree/bohr^2. */
int q2_check_frame(const struct q2_molecule_record *record, const char *where, double *largest, struct q2_error *error);

/* The wavenumbers that the program printed beside those of the Hessian. */
int q2_check_frequencies(const struct q2_molecule_record *record, const double *modes, int count, double tolerance,
                         const char *name, const char *where, struct q2_check_summary *summary, struct q2_error *error);

/* Remembers `value` where it is the largest so far; printf's format says what it is. */
void q2_check_note(struct q2_check_summary *summary, enum q2_check_worst worst, double value, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
