/* The table of formats, and which one a text is. */
#include "molecule_formats.h"

#include <stdio.h>
#include <string.h>

#define FORMAT(reader) q2_##reader##_recognises, q2_##reader##_read

/* clang-format off */
const struct q2_molecule_format q2_molecule_formats[] = {
    {"fchk", " .fchk .fch ", "Gaussian formatted checkpoint: geometry, masses, energy, gradient, Hessian, bonds", FORMAT(fchk)},
    {"gaussian", " .log .out ", "Gaussian log: geometry, masses, energy, gradient, Hessian of the archive entry", FORMAT(gaussian_log)},
    {"jaguar", " .in ", "Jaguar input or restart file: geometry, masses, Hessian", FORMAT(jaguar_input)},
    {"jaguar-out", " .out ", "Jaguar output: geometry, energy (the Hessian is in the restart file, NAME.01.in)", FORMAT(jaguar_output)},
    {"orca", " .hess ", "ORCA Hessian file: geometry, masses, Hessian", FORMAT(orca_hess)},
    {"qcschema", " .json ", "QCSchema (Psi4, QCEngine; cclib): geometry, masses, energy, gradient, Hessian, bonds", FORMAT(qcschema)},
    {"turbomole", " coord hessian nprhessian gradient .coord .tmol ", "Turbomole and xtb: geometry; Hessian; energy and gradient", FORMAT(turbomole)},
    {"psi4", " .hess FCMFINAL ", "Psi4 and CFOUR: Hessian", FORMAT(psi4)},
    {"mol2", " .mol2 ", "Tripos mol2: geometry, types, charges, bonds", FORMAT(mol2)},
    {"mmo", " .mmo ", "MacroModel listing: geometry, types, charges, bonds", FORMAT(macromodel_mmo)},
    {"mae", " .mae .maegz .mae.gz ", "Maestro: geometry, types, charges, bonds", FORMAT(maestro)},
    {"tinker-xyz", " .xyz .txyz .arc ", "Tinker coordinates: geometry, types, bonds", FORMAT(tinker_xyz)},
    {"npy", " .npy ", "numpy array: Hessian, 3N x 3N, hartree/bohr^2", FORMAT(npy)},
    {"xyz", " .xyz ", "xyz or extended xyz, of one or many frames: geometry", FORMAT(xyz)},
    {"hessian", " .hessian .dat ", "numbers alone: Hessian, 3N x 3N or its lower triangle, hartree/bohr^2", FORMAT(hessian)},
    {NULL, NULL, NULL, NULL, NULL}};
/* clang-format on */

const struct q2_molecule_format *q2_molecule_format_named(const char *name) {
  for (const struct q2_molecule_format *format = q2_molecule_formats; format->name; format++)
    if (strcmp(format->name, name) == 0) return format;
  return NULL;
}

const struct q2_molecule_format *q2_molecule_format_of(const struct q2_text *text) {
  for (const struct q2_molecule_format *format = q2_molecule_formats; format->name; format++)
    if (q2_text_path_ends(format->endings, text->path) && format->recognises(text)) return format;
  for (const struct q2_molecule_format *format = q2_molecule_formats; format->name; format++)
    if (format->recognises(text)) return format;
  return NULL;
}

int q2_molecule_format_fits(const char *path) {
  for (const struct q2_molecule_format *format = q2_molecule_formats; format->name; format++)
    if (q2_text_path_ends(format->endings, path)) return 1;
  return 0;
}
