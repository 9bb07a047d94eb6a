/* The assignment of MM3*: parameters from fields of rows, which of them vary, notes; and the order of the work. */
#include "assign_mm3star.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/memory.h"
#include "../../io/units.h"
#include "assign_mm3star_parts.h"
#include "fit_choice.h"

static const double KILOCALORIE = 4.184;  /* kJ */
static const double COULOMB = 332.063713; /* kcal/mol angstrom / e^2, CODATA 2018: q2hpc's constant */
static const double LARGEST_DISTANCE = 7; /* angstrom: MacroModel's "maximum van der Waals distance" */
static const double SOFT_CUT = 1;         /* angstrom: it begins that much before and ends that much after */

/* --- what varies --- */

int q2_mm3star_is_marked(const struct q2_mm3star *field, const struct q2_mm3star_row *row) {
  return row->substructure >= 0 && field->substructure[row->substructure].fitted;
}

int q2_mm3star_is_fitted(const struct q2_mm3star_assigner *assigner, const char *kind, int marked) {
  return q2_fit_varies(assigner->options->fit, kind, (marked || !assigner->marks_any) && strcmp(kind, "bond_dipole") != 0);
}

/* --- parameters --- */

static int add_parameter(struct q2_mm3star_assigner *assigner, const struct q2_mm3star_row *row, int value_index,
                         const char *label, const char *kind, double multiplier, double value, int active, int *key) {
  struct q2_new_parameter parameter = {.kind = kind, .label = label, .lower = -1e300, .upper = 1e300};
  const int is_angle = strcmp(kind, "angle_eq") == 0 || strcmp(kind, "improper_phase") == 0;
  parameter.unit = is_angle ? "degree" : strcmp(kind, "bond_dipole") == 0 ? "debye" : q2_unit_inside(kind);
  parameter.value = value;
  parameter.active = active;
  parameter.order = 16 * (int64_t)row->line + (value_index >= 0 ? value_index : Q2_MM3STAR_VALUES);
  if (value_index >= 0 && row->value[value_index].line > 0) {
    parameter.multiplier = multiplier;
    parameter.line = row->value[value_index].line;
    parameter.column = row->value[value_index].column;
    parameter.width = row->value[value_index].width;
  }
  return q2_builder_parameter(assigner->builder, &parameter, key, assigner->error);
}

int q2_mm3star_shared(struct q2_mm3star_assigner *assigner, const struct q2_mm3star_row *row, int value_index, const char *kind,
                      double multiplier, int share, int *key) {
  char name[Q2_MM3STAR_NAME], label[Q2_MM3STAR_NAME + 16];
  const int active = q2_mm3star_is_fitted(assigner, kind, q2_mm3star_is_marked(assigner->field, row));
  q2_mm3star_row_name(assigner->field, row, name);
  snprintf(label, sizeof label, share > 1 && !active ? "%s /%d" : "%s", name, share);
  return add_parameter(assigner, row, value_index, label, kind, multiplier / share,
                       multiplier / share * row->value[value_index].value, active, key);
}

int q2_mm3star_parameter(struct q2_mm3star_assigner *assigner, const struct q2_mm3star_row *row, int value_index,
                         const char *kind, double multiplier, int *key) {
  return q2_mm3star_shared(assigner, row, value_index, kind, multiplier, 1, key);
}

int q2_mm3star_derived(struct q2_mm3star_assigner *assigner, const struct q2_mm3star_row *row, const char *label,
                       const char *kind, double value, int *key) {
  return add_parameter(assigner, row, -1, label, kind, 0, value, q2_fit_names(assigner->options->fit, kind), key);
}

/* --- notes --- */

void q2_mm3star_types(const struct q2_mm3star_view *view, const int *atoms, int count, char text[64]) {
  int length = 0;
  for (int k = 0; k < count && length < 64; k++)
    length += snprintf(text + length, (size_t)(64 - length), "%s%s", k ? "-" : "", view->record->type[atoms[k]].text);
}

void q2_mm3star_example(const struct q2_mm3star_view *view, const int *atoms, int count, char text[128]) {
  int length = snprintf(text, 128, "%.63s (atoms", view->record->name);
  for (int k = 0; k < count; k++)
    length += snprintf(text + length, (size_t)(128 - length), " %d", atoms[k] + 1);
  snprintf(text + length, (size_t)(128 - length), ")");
}

static int has_wildcard(const struct q2_mm3star *field, const struct q2_mm3star_row *row) {
  for (int k = 0; k < row->atom_count; k++)
    if (row->number[k] == 0 && (field->label[row->label[k]].any || field->label[row->label[k]].element_wildcard)) return 1;
  return 0;
}

int q2_mm3star_note(struct q2_mm3star_assigner *assigner, const char *what, const struct q2_mm3star_row *row, const int *atoms,
                    int atom_count, int required) {
  char types[64], example[128], name[Q2_MM3STAR_NAME] = "";
  q2_mm3star_types(&assigner->view, atoms, atom_count, types);
  q2_mm3star_example(&assigner->view, atoms, atom_count, example);
  if (!row && required && assigner->options->unmatched == Q2_UNMATCHED_REFUSE)
    return q2_fail(assigner->error, "%s: no row of %s fits the %s %s", example, assigner->field->path, what, types);
  if (row) q2_mm3star_row_name(assigner->field, row, name);
  const enum q2_match_how how = !row                                 ? Q2_MATCHED_NONE
                                : has_wildcard(assigner->field, row) ? Q2_MATCHED_BY_WILDCARD
                                                                     : Q2_MATCHED;
  const char *behind_line = strchr(name, ' ');
  return q2_assignment_note(assigner->report, what, types, how, row ? row->value[0].line : 0,
                            behind_line ? behind_line + 1 : "", example, assigner->error);
}

/* --- the work --- */

static int assign_molecule(struct q2_mm3star_assigner *assigner) {
  const struct q2_topology *topology = q2_builder_topology(assigner->builder, assigner->molecule);
  Q2_TRY(q2_mm3star_view_create(assigner->field, assigner->builder, assigner->molecule, &assigner->view, assigner->error));
  assigner->bond_row = q2_allocate(topology->bond_count, sizeof *assigner->bond_row);
  assigner->angle_row = q2_allocate(topology->angle_count, sizeof *assigner->angle_row);
  assigner->atom_row = q2_allocate(topology->atom_count, sizeof *assigner->atom_row);
  assigner->site = q2_allocate(topology->atom_count, sizeof *assigner->site);
  if (!assigner->bond_row || !assigner->angle_row || !assigner->atom_row || !assigner->site)
    return q2_fail(assigner->error, "%s: no memory for its rows", assigner->view.record->name);
  Q2_TRY(q2_mm3star_assign_atoms(assigner));
  Q2_TRY(q2_mm3star_assign_bonds(assigner));
  Q2_TRY(q2_mm3star_assign_angles(assigner));
  return q2_mm3star_assign_torsions(assigner);
}

static void end_molecule(struct q2_mm3star_assigner *assigner) {
  if (assigner->view.field) q2_mm3star_view_free(&assigner->view);
  free(assigner->bond_row);
  free(assigner->angle_row);
  free(assigner->atom_row);
  free(assigner->site);
  assigner->bond_row = NULL;
  assigner->angle_row = NULL;
  assigner->atom_row = NULL;
  assigner->site = NULL;
}

static int start(struct q2_mm3star_assigner *assigner) {
  for (int k = 0; k < Q2_MM3STAR_FACTORS; k++)
    assigner->unit[k] = assigner->field->factor[k] / KILOCALORIE;
  for (int s = 0; s < assigner->field->substructure_count; s++)
    assigner->marks_any |= assigner->field->substructure[s].fitted;
  if (assigner->options->unmatched == Q2_UNMATCHED_NEW)
    return q2_fail(assigner->error, "-unmatched new: %s has no place for rows that it lacks; add them to it",
                   assigner->field->path);
  Q2_TRY(q2_fit_check(assigner->options->fit, assigner->error));
  const struct q2_nonbonded_rules rules = {.form = "exp6_mm3",
                                           .combining_rule = "mm3",
                                           .vdw_14 = 1,
                                           .coulomb_14 = 1,
                                           .dielectric = COULOMB / assigner->unit[Q2_MM3STAR_ELE],
                                           .soft_cut_begin = LARGEST_DISTANCE - SOFT_CUT,
                                           .soft_cut_end = LARGEST_DISTANCE + SOFT_CUT};
  Q2_TRY(q2_builder_nonbonded(assigner->builder, &rules, assigner->error));
  return q2_mm3star_special_pairs(assigner);
}

int q2_assign_mm3star(struct q2_builder *builder, const struct q2_mm3star *field, const struct q2_assign_options *options,
                      struct q2_assignment_report *report, struct q2_error *error) {
  struct q2_mm3star_assigner assigner = {
      .builder = builder, .field = field, .options = options, .report = report, .error = error};
  Q2_TRY(start(&assigner));
  assigner.share = q2_allocate(field->row_count, sizeof *assigner.share);
  int status = assigner.share ? Q2_OK : q2_fail(error, "%s: no memory for its rows", field->path);
  for (assigner.molecule = 0; status == Q2_OK && assigner.molecule < q2_builder_molecule_count(builder); assigner.molecule++) {
    status = assign_molecule(&assigner);
    end_molecule(&assigner);
  }
  free(assigner.share);
  return status;
}
