/* What the files that read and write Tinker's parameters share: keywords that hold for the whole file. Tinker's manual,
 * "Force Field Parameter Sets" and "Keywords". */
#ifndef Q2_TINKER_PRM_H
#define Q2_TINKER_PRM_H

#include <math.h>

#include "../constants.h"
#include "force_field.h"

/* Tinker's own Coulomb constant, kcal/mol angstrom / e^2. */
#define Q2_TINKER_ELECTRIC 332.063713
#define Q2_TINKER_DEGREE (Q2_PI / 180.0)

/* Keywords of a file, with Tinker's defaults where it does not have them. */
struct q2_tinker_rules {
  double bond_unit, bond_cubic, bond_quartic;
  double angle_unit, angle_cubic, angle_quartic, angle_pentic, angle_sextic;
  double strbnd_unit, urey_unit, urey_cubic, urey_quartic, strtor_unit;
  double opbend_unit, opbend_cubic, opbend_quartic, opbend_pentic, opbend_sextic;
  double torsion_unit, imptor_unit, improper_unit;
  double vdw_14, charge_14, electric, dielectric, a_expterm, b_expterm, c_expterm;
  int exp6, vdw_by_type, sigma, diameter, radius_geometric, allinger;
  int nonbonded_line; /* the first line with vdw or charge, 0: none */
};

void q2_tinker_default_rules(struct q2_tinker_rules *rules);

/* Changes the rules to those of the keywords in `text`; those that mean a function that q2hpc does not have are refused. */
int q2_tinker_read_rules(const struct q2_text *text, struct q2_tinker_rules *rules, struct q2_error *error);

/* Whether the word is one of those that q2_tinker_read_rules takes. */
int q2_tinker_is_rule(const char *word);

/* Whether a number of a file is the one that q2hpc has. */
static inline int q2_tinker_close(double value, double expected) { return fabs(value - expected) <= 1e-9 * fabs(expected); }

/* A line taken apart: the keyword in lower case, and its words. */
struct q2_tinker_line {
  int number;
  char keyword[Q2_WORD_LENGTH];
  struct q2_words words;
};

/* Takes line `number` apart; returns 0 for a blank one, a comment, or one that has no letter at its start. */
int q2_tinker_line(const struct q2_text *text, int number, struct q2_tinker_line *line);

/* A parameter file while it is read. */
struct q2_tinker_reader {
  const struct q2_text *text;
  struct q2_force_field *field;
  struct q2_tinker_rules rules;
  int torsions_mm3; /* bonds or angles are those of MM3: torsions get its form, too */
  int centre_known; /* improper_centre is set */
};

/* Names `count` classes (or types) from the words after the keyword; 0, Tinker's word for any, becomes "*". */
int q2_tinker_names(const struct q2_tinker_reader *reader, const struct q2_tinker_line *line, int count,
                    struct q2_type_name *name, struct q2_error *error);

/* Takes word `word` of the line, which shall be `what`. */
int q2_tinker_number(const struct q2_tinker_reader *reader, const struct q2_tinker_line *line, int word, double multiplier,
                     const char *unit, const char *what, struct q2_file_number *number, struct q2_error *error);

/* Whether word `word` of the line is there and a number: what is beyond is a comment. */
int q2_tinker_has_number(const struct q2_tinker_line *line, int word);

/* Whether the line has the word OPT: its numbers are to be fitted. */
int q2_tinker_marked(const struct q2_tinker_line *line);

/* Reads a line whose keyword is that of a term ("bond", "torsion"); *known is 0 where it is none. */
int q2_tinker_term(struct q2_tinker_reader *reader, const struct q2_tinker_line *line, int *known, struct q2_error *error);

#endif
