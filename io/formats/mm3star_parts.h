/* The parts of an MM3* force field, as its reader makes them and src/setup/assign_mm3star*.c uses them. */
#ifndef Q2_MM3STAR_PARTS_H
#define Q2_MM3STAR_PARTS_H

#include "mm3star.h"

/* The first number of a row: what it describes. */
enum q2_mm3star_kind {
  Q2_MM3STAR_BOND = 1,
  Q2_MM3STAR_ANGLE,
  Q2_MM3STAR_STRETCH_BEND,
  Q2_MM3STAR_TORSION,
  Q2_MM3STAR_OUT_OF_PLANE,
  Q2_MM3STAR_VAN_DER_WAALS,
  Q2_MM3STAR_HYDROGEN_BOND,
  Q2_MM3STAR_TORSION_STRETCH,
  Q2_MM3STAR_KINDS
};

/* The factors of the header that q2hpc needs, kJ/mol for the file's units. */
enum q2_mm3star_factor {
  Q2_MM3STAR_STR,
  Q2_MM3STAR_BND,
  Q2_MM3STAR_TOR,
  Q2_MM3STAR_IMP,
  Q2_MM3STAR_S_B,
  Q2_MM3STAR_B_B,
  Q2_MM3STAR_T_S,
  Q2_MM3STAR_VDW,
  Q2_MM3STAR_ELE,
  Q2_MM3STAR_FACTORS
};

enum { Q2_MM3STAR_ATOMS = 4, Q2_MM3STAR_VALUES = 3, Q2_MM3STAR_ALPHAS = 2, Q2_MM3STAR_BETAS = 3, Q2_MM3STAR_PATTERN = 99 };

/* A label of a row: a type, a class of types, C0 (any carbon, H0 any hydrogen, ...) or 00 (any atom). */
struct q2_mm3star_label {
  char text[4];
  int element_wildcard; /* C0, H0, N0, O0, S0: any type with this letter and a digit */
  int any;              /* 00 */
};

/* Types that a class stands for. */
struct q2_mm3star_class {
  char name[4];
  int count;
  char type[32][4];
};

/* What else must be bonded to an atom of a row: alpha atoms, and beta atoms on each of them. Numbers of labels, -1: nothing. */
struct q2_mm3star_condition {
  int alpha[Q2_MM3STAR_ALPHAS], beta[Q2_MM3STAR_ALPHAS][Q2_MM3STAR_BETAS];
};

struct q2_mm3star_row {
  enum q2_mm3star_kind kind;
  int atom_count;
  int label[Q2_MM3STAR_ATOMS];  /* number of the label; -1 where `number` counts */
  int number[Q2_MM3STAR_ATOMS]; /* of an atom of the substructure's pattern, from 1; 0: a label */
  char bond[Q2_MM3STAR_ATOMS];  /* between atoms k and k + 1: - = % * . or a blank: whichever it is */
  struct q2_mm3star_condition condition[Q2_MM3STAR_ATOMS];
  char alternative;                               /* letter, 0: none */
  int value_count;                                /* fields up to the last that is filled */
  struct q2_file_number value[Q2_MM3STAR_VALUES]; /* as in the file: multiplier 1, unit "" */
  int has_higher;                                 /* V4 to V6 follow in a row 54 */
  int32_t line;     /* the last one, by which MacroModel's listings name the row; its numbers stand in value[0].line */
  int substructure; /* -1: the main block */
  int left_out;     /* the header does not select it */
};

/* Alternative `letter` holds where the angle of three atoms of the pattern is within `tolerance` of `angle` (degrees). */
struct q2_mm3star_alternative {
  char letter;
  int number[3];
  double angle, tolerance;
};

struct q2_mm3star_substructure {
  char title[Q2_LINE_LENGTH];
  int fitted; /* its title ends with OPT */
  int stop;   /* S instead of C: atoms that it takes are out of reach for later substructures */
  int32_t line;
  int atom_count, label[Q2_MM3STAR_PATTERN];
  int bond_count;
  struct {
    int first, second; /* atoms of the pattern, from 0 */
    char order;        /* - = % * . */
  } bond[2 * Q2_MM3STAR_PATTERN];
  int alternative_count;
  struct q2_mm3star_alternative alternative[16];
  int first_row, row_count;
};

/* A line of the van der Waals table. */
struct q2_mm3star_atom {
  int label, condition; /* the type; a label that must be bonded to it, -1: none */
  struct q2_file_number radius, epsilon;
  double offset, charge; /* charge: e, 0 where the line has none */
  int32_t line;
};

struct q2_mm3star {
  char *path;
  double factor[Q2_MM3STAR_FACTORS];
  int label_count, class_count, row_count, substructure_count, atom_count;
  int label_capacity, class_capacity, row_capacity, substructure_capacity, atom_capacity;
  struct q2_mm3star_label *label;
  struct q2_mm3star_class *class;
  struct q2_mm3star_row *row; /* in the order of the file; those of the main block first */
  int main_count;             /* rows of the main block */
  struct q2_mm3star_substructure *substructure;
  struct q2_mm3star_atom *atom;
  char selected[5][32]; /* symbols that the header selects, by column; "": all */
};

/* Whether an atom of `type` fits a label. */
int q2_mm3star_fits(const struct q2_mm3star *field, int label, const char *type);

/* "1862 RH-PX a": the line of its numbers, types (those of the pattern where the row has numbers), alternative. */
enum { Q2_MM3STAR_NAME = 40 };
void q2_mm3star_row_name(const struct q2_mm3star *field, const struct q2_mm3star_row *row, char name[Q2_MM3STAR_NAME]);

/* --- between the files of the reader --- */

/* The number of a label of at most two characters (added where it is new), or -1 without memory. */
int q2_mm3star_label(struct q2_mm3star *field, const char *text);

/* Appends a zeroed element to an array; NULL without memory. */
void *q2_mm3star_append(void **array, int *count, int *capacity, size_t size);

/* Takes a line of the section -2, of the substructure `substructure` or (-1) of the main block. */
int q2_mm3star_read_row(struct q2_mm3star *field, const struct q2_text *text, int line, int substructure,
                        struct q2_error *error);

/* Takes the pattern "RH(-PX)-HX.C2*C2(.2)" of a substructure. */
int q2_mm3star_read_pattern(struct q2_mm3star *field, const struct q2_text *text, int line, const char *pattern,
                            struct q2_mm3star_substructure *substructure, struct q2_error *error);

#endif
