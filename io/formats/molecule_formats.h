/* The formats of molecules that can be imported. Adding one is a reader in a file of its own, its prototype here, and a row in
 * the table. */
#ifndef Q2_MOLECULE_FORMATS_H
#define Q2_MOLECULE_FORMATS_H

#include "molecule.h"
#include "text.h"

struct q2_molecule_format {
  const char *name;    /* for the option that names a format, "fchk" */
  const char *endings; /* " .fchk .fch ": what names of such files may end with (or be: "hessian"), for directories */
  const char *what;    /* "Gaussian formatted checkpoint: geometry, masses, energy, gradient, Hessian" */
  /* Whether the text is of this format, by its content (its first lines, a program's banner, a section's name). */
  int (*recognises)(const struct q2_text *text);
  /* Adds what the text holds to `list`, one record a molecule. On failure the message names file and line, and the list may
   * have gained records that are not complete. */
  int (*read)(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error);
};

/* [..] ending with a row whose name is NULL; in the order in which formats are tried. */
extern const struct q2_molecule_format q2_molecule_formats[];

/* The format of this name, or NULL. */
const struct q2_molecule_format *q2_molecule_format_named(const char *name);

/* The format that recognises the text: one whose endings fit first, then any; NULL if none does. */
const struct q2_molecule_format *q2_molecule_format_of(const struct q2_text *text);

/* Whether some format's endings fit the path: what is taken from a directory. */
int q2_molecule_format_fits(const char *path);

/* The readers. */
int q2_qcschema_recognises(const struct q2_text *text);
int q2_qcschema_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error);
int q2_turbomole_recognises(const struct q2_text *text);
int q2_turbomole_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error);
int q2_psi4_recognises(const struct q2_text *text);
int q2_psi4_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error);
int q2_mol2_recognises(const struct q2_text *text);
int q2_mol2_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error);
int q2_macromodel_mmo_recognises(const struct q2_text *text);
int q2_macromodel_mmo_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error);
int q2_maestro_recognises(const struct q2_text *text);
int q2_maestro_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error);
int q2_tinker_xyz_recognises(const struct q2_text *text);
int q2_tinker_xyz_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error);
int q2_fchk_recognises(const struct q2_text *text);
int q2_fchk_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error);
int q2_gaussian_log_recognises(const struct q2_text *text);
int q2_gaussian_log_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error);
int q2_jaguar_input_recognises(const struct q2_text *text);
int q2_jaguar_input_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error);
int q2_jaguar_output_recognises(const struct q2_text *text);
int q2_jaguar_output_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error);
int q2_orca_hess_recognises(const struct q2_text *text);
int q2_orca_hess_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error);
int q2_xyz_recognises(const struct q2_text *text);
int q2_xyz_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error);
int q2_npy_recognises(const struct q2_text *text);
int q2_npy_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error);
int q2_hessian_recognises(const struct q2_text *text);
int q2_hessian_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error);

#endif
