/* The table of formats of force fields, and which one a text is. */
#include <string.h>

#include "force_field_formats.h"

const struct q2_force_field_format q2_force_field_formats[] = {
    {"tinker", " .prm .key ", "Tinker parameters", q2_tinker_recognises, q2_tinker_read, q2_tinker_write},
    {"openmm", " .xml ", "OpenMM ForceField", q2_openmm_recognises, q2_openmm_read, q2_openmm_write},
    {"amber", " .frcmod .dat ", "AMBER parm.dat or frcmod", q2_amber_recognises, q2_amber_read, q2_amber_write},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};

const struct q2_force_field_format *q2_force_field_format_named(const char *name) {
  for (const struct q2_force_field_format *format = q2_force_field_formats; format->name; format++)
    if (strcmp(format->name, name) == 0) return format;
  return NULL;
}

const struct q2_force_field_format *q2_force_field_format_of(const struct q2_text *text) {
  for (const struct q2_force_field_format *format = q2_force_field_formats; format->name; format++)
    if (q2_text_path_ends(format->endings, text->path) && format->recognises(text)) return format;
  for (const struct q2_force_field_format *format = q2_force_field_formats; format->name; format++)
    if (format->recognises(text)) return format;
  return NULL;
}

const struct q2_force_field_format *q2_force_field_format_of_path(const char *path) {
  for (const struct q2_force_field_format *format = q2_force_field_formats; format->name; format++)
    if (q2_text_path_ends(format->endings, path)) return format;
  return NULL;
}
