/* The kinds of force-field parameters: what q2hpc knows about each (docs/forces.md is the same table for its users). */
#ifndef Q2_PARAMETER_KINDS_H
#define Q2_PARAMETER_KINDS_H

struct q2_parameter_kind {
  const char *name;
  const char *unit;    /* q2hpc works in it; the file may use others */
  double scale;        /* in that unit: the optimizer works with value / scale unless the file says otherwise */
  double lower, upper; /* in that unit: bounds of an active parameter where the file gives none; -infinity, infinity: none */
};

/* Every kind that q2hpc knows, in the order of docs/forces.md. */
extern const struct q2_parameter_kind q2_parameter_kinds[];
extern const int q2_parameter_kind_count;

/* Kinds that ought to be positive, as q2mm has it (q2mm/workflows/method_e2.py): springs of bonds, angles and Urey-Bradley
 * terms. Other constants may have either sign. */
struct q2_force_constant {
  const char *kind, *equilibrium; /* kinds of the constant and of the equilibrium value beside it in a term */
  double standard;                /* q2mm's, for a constant that a fit has spoilt; in q2hpc's unit of the kind */
};

/* The row of kind `kind`, or NULL. Static storage. */
const struct q2_force_constant *q2_force_constant_find(const char *kind);

/* Whether word number `index`, from 0, of the blank-separated list `words` is `word`; 0 where there are fewer. */
int q2_word_is(const char *words, int index, const char *word);

/* Returns the row of kind `name`, or a null pointer where there is none. */
const struct q2_parameter_kind *q2_parameter_kind_find(const char *name);

#endif
