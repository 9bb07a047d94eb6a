/* The table of formats, and which one a text is. */
#include "molecule_formats.h"

#include <stdio.h>
#include <string.h>

const struct q2_molecule_format q2_molecule_formats[] = {
    /* clang-format off */
    {"qcschema", ".json", "QCSchema: all that a result or a molecule holds", q2_qcschema_recognises, q2_qcschema_read},
    {"turbomole", "coord hessian nprhessian gradient .coord .tmol", "Turbomole and xtb: coord, hessian, gradient", q2_turbomole_recognises, q2_turbomole_read},
    {"psi4", ".hess FCMFINAL", "Psi4 and CFOUR: Hessian", q2_psi4_recognises, q2_psi4_read},
    {"mol2", ".mol2", "Tripos mol2: geometry, bonds, types, charges", q2_mol2_recognises, q2_mol2_read},
    {"mmo", ".mmo", "MacroModel listing: geometry, bonds, types, charges", q2_macromodel_mmo_recognises, q2_macromodel_mmo_read},
    {"mae", ".mae .maegz .mae.gz", "Maestro: geometry, bonds, types, charges", q2_maestro_recognises, q2_maestro_read},
    {"tinker_xyz", ".xyz .txyz .arc", "Tinker coordinates: geometry, bonds, types", q2_tinker_xyz_recognises, q2_tinker_xyz_read},
    {NULL, NULL, NULL, NULL, NULL},
    /* clang-format on */
};

const struct q2_molecule_format *q2_molecule_format_named(const char *name) {
  for (const struct q2_molecule_format *format = q2_molecule_formats; format->name; format++)
    if (strcmp(format->name, name) == 0) return format;
  return NULL;
}

/* Whether the path's last part ends with one of the words of `endings`; a word without dot is a whole name. */
static int fits(const char *endings, const char *path) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  for (const char *word = endings; *word; word += strcspn(word, " ")) {
    word += strspn(word, " ");
    const size_t length = strcspn(word, " "), whole = strlen(name);
    if (!length || whole < length || strncmp(name + whole - length, word, length) != 0) continue;
    if (*word == '.' || whole == length) return 1;
  }
  return 0;
}

const struct q2_molecule_format *q2_molecule_format_of(const struct q2_text *text) {
  for (const struct q2_molecule_format *format = q2_molecule_formats; format->name; format++)
    if (fits(format->endings, text->path) && format->recognises(text)) return format;
  for (const struct q2_molecule_format *format = q2_molecule_formats; format->name; format++)
    if (format->recognises(text)) return format;
  return NULL;
}

int q2_molecule_format_fits(const char *path) {
  for (const struct q2_molecule_format *format = q2_molecule_formats; format->name; format++)
    if (fits(format->endings, path)) return 1;
  return 0;
}
