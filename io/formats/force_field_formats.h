/* Readers and writers of force fields, one pair a format; their contract is in struct q2_force_field_format. */
#ifndef Q2_FORCE_FIELD_FORMATS_H
#define Q2_FORCE_FIELD_FORMATS_H

#include "force_field.h"

int q2_tinker_recognises(const struct q2_text *text);
int q2_tinker_read(const struct q2_text *text, struct q2_force_field *field, struct q2_error *error);
int q2_tinker_write(const struct q2_force_field *field, char **bytes, size_t *size, struct q2_error *error);

int q2_amber_recognises(const struct q2_text *text);
int q2_amber_read(const struct q2_text *text, struct q2_force_field *field, struct q2_error *error);
int q2_amber_write(const struct q2_force_field *field, char **bytes, size_t *size, struct q2_error *error);

int q2_openmm_recognises(const struct q2_text *text);
int q2_openmm_read(const struct q2_text *text, struct q2_force_field *field, struct q2_error *error);
int q2_openmm_write(const struct q2_force_field *field, char **bytes, size_t *size, struct q2_error *error);

#endif
