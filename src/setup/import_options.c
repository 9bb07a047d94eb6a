/* The options of `q2hpc import`: their defaults, and what is refused. The table that --help prints is that of options.c. */
#include "import_options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/formats/molecule_formats.h"
#include "../option_values.h"
#include "fit_choice.h"

enum { IMPORT = 1 << Q2_COMMAND_IMPORT, LARGEST_CHARGE = 1000 };

static int text_option(const char *name, char *text, size_t size, struct q2_error *error) {
  int given;
  return q2_option_text(name, IMPORT, Q2_COMMAND_IMPORT, text, size, &given, error);
}

/* A number from `least` to `most`. */
static int real_option(const char *name, double least, double most, double *number, struct q2_error *error) {
  char text[64] = "", *end;
  Q2_TRY(text_option(name, text, sizeof text, error));
  if (!text[0]) return Q2_OK;
  const double value = strtod(text, &end);
  if (*end || end == text || !(value >= least && value <= most))
    return q2_fail(error, "option %s: \"%s\" is not a number from %g to %g", name, text, least, most);
  *number = value;
  return Q2_OK;
}

static int choice_option(const char *name, const char *const *words, int *choice, struct q2_error *error) {
  return q2_option_choice(name, IMPORT, Q2_COMMAND_IMPORT, words, choice, error);
}

static int query_gather(struct q2_import_options *options, struct q2_error *error) {
  options->gather = (struct q2_gather_options){options->text[0], options->text[1], options->text[2]};
  Q2_TRY(text_option("-format", options->text[0], sizeof options->text[0], error));
  Q2_TRY(text_option("-name", options->text[1], sizeof options->text[1], error));
  Q2_TRY(text_option("-topology", options->text[2], sizeof options->text[2], error));
  if (!options->gather.format[0] || q2_molecule_format_named(options->gather.format)) return Q2_OK;
  char known[512] = "";
  for (const struct q2_molecule_format *format = q2_molecule_formats; format->name; format++)
    q2_append_name(known, sizeof known, format->name);
  return q2_fail(error, "option -format: \"%s\" is none of %s", options->gather.format, known);
}

static int query_checks(struct q2_import_options *options, struct q2_error *error) {
  static const char *const words[] = {"no", "yes", "auto", NULL};
  int stationary = 2;
  options->checks =
      (struct q2_check_options){.stationary_gradient = Q2_STATIONARY_GRADIENT, .frequency_tolerance = Q2_FREQUENCY_TOLERANCE};
  Q2_TRY(choice_option("-stationary", words, &stationary, error));
  options->checks.stationary = stationary == 2 ? -1 : stationary;
  Q2_TRY(real_option("-stationary_gradient", 0.0, 1.0, &options->checks.stationary_gradient, error));
  return real_option("-frequency_tolerance", 0.0, 1e4, &options->checks.frequency_tolerance, error);
}

static int query_assign(struct q2_import_options *options, struct q2_error *error) {
  static const char *const words[] = {"refuse", "omit", "new", NULL}; /* by enum q2_unmatched */
  int unmatched = Q2_UNMATCHED_REFUSE;
  options->assign.fit = strcpy(options->text[3], "marked");
  Q2_TRY(text_option("-fit", options->text[3], sizeof options->text[3], error));
  Q2_TRY(choice_option("-unmatched", words, &unmatched, error));
  options->assign.unmatched = (enum q2_unmatched)unmatched;
  return q2_fit_check(options->assign.fit, error);
}

static int query_molecules(struct q2_import_options *options, struct q2_error *error) {
  static const char *const words[] = {"file", "perceive", NULL};
  struct q2_molecules_options *m = &options->molecules;
  *m = (struct q2_molecules_options){
      .bonds = q2_perception_defaults, .partial = options->text[4], .types = options->text[5], .charge = Q2_NO_CHARGE};
  Q2_TRY(choice_option("-bonds", words, &m->perceive, error));
  Q2_TRY(real_option("-bond_factor", 0.5, 3.0, &m->bonds.factor, error));
  Q2_TRY(real_option("-bond_addend", -1.0, 2.0, &m->bonds.addend, error));
  Q2_TRY(real_option("-bond_stretched", 0.0, 4.0, &m->bonds.stretched, error));
  Q2_TRY(text_option("-bond_partial", options->text[4], sizeof options->text[4], error));
  Q2_TRY(text_option("-types", options->text[5], sizeof options->text[5], error));
  double charge = Q2_NO_CHARGE;
  Q2_TRY(real_option("-charge", -LARGEST_CHARGE, LARGEST_CHARGE, &charge, error));
  if (charge != floor(charge)) return q2_fail(error, "option -charge: %g is not a whole number", charge);
  m->charge = (int)charge;
  return Q2_OK;
}

int q2_import_options_query(struct q2_import_options *options, struct q2_error *error) {
  memset(options, 0, sizeof *options);
  strcpy(options->observables, "frequencies");
  Q2_TRY(q2_option_level(&options->level, error));
  Q2_TRY(text_option("-o", options->output, sizeof options->output, error));
  if (!options->output[0]) return q2_fail(error, "option -o is missing: expected the name of the data set to be written");
  Q2_TRY(text_option("-title", options->title, sizeof options->title, error));
  Q2_TRY(text_option("-force_field", options->force_field, sizeof options->force_field, error));
  if (options->force_field[0])
    Q2_TRY(text_option("-force_field_format", options->force_field_format, sizeof options->force_field_format, error));
  Q2_TRY(text_option("-observables", options->observables, sizeof options->observables, error));
  Q2_TRY(text_option("-weights", options->weights, sizeof options->weights, error));
  Q2_TRY(query_gather(options, error));
  Q2_TRY(query_checks(options, error));
  Q2_TRY(query_assign(options, error));
  return query_molecules(options, error);
}
