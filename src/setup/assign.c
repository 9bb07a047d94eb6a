/* The assignment by types: the order of the work. */
#include "assign.h"

#include <stdlib.h>
#include <string.h>

#include "../../io/memory.h"
#include "assign_parts.h"
#include "fit_choice.h"

static int assign_molecule(struct q2_assigner *a) {
  a->record = q2_builder_molecule(a->builder, a->molecule);
  a->topology = q2_builder_topology(a->builder, a->molecule);
  a->type = q2_allocate(a->topology->atom_count, sizeof *a->type);
  a->bond_eq = q2_allocate(a->topology->bond_count, sizeof *a->bond_eq);
  a->angle_eq = q2_allocate(a->topology->angle_count, sizeof *a->angle_eq);
  if (!a->type || !a->bond_eq || !a->angle_eq) return q2_fail(a->error, "%s: no memory for its rows", a->record->name);
  Q2_TRY(q2_assign_take_types(a));
  Q2_TRY(q2_assign_atoms(a));
  Q2_TRY(q2_assign_bonds(a));
  Q2_TRY(q2_assign_angles(a));
  Q2_TRY(q2_assign_torsions(a));
  return q2_assign_planar(a);
}

static void end_molecule(struct q2_assigner *a) {
  free(a->type);
  free(a->bond_eq);
  free(a->angle_eq);
  a->type = a->bond_eq = a->angle_eq = NULL;
}

int q2_assign_rows(struct q2_builder *builder, const struct q2_force_field *field, const struct q2_assign_options *options,
                   struct q2_assignment_report *report, struct q2_error *error) {
  struct q2_assigner a = {.builder = builder, .field = field, .options = options, .report = report, .error = error};
  Q2_TRY(q2_fit_check(options->fit, error));
  int status = q2_assign_index_create(&a);
  if (status == Q2_OK) status = q2_assign_rules(&a);
  for (; status == Q2_OK && a.molecule < q2_builder_molecule_count(builder); a.molecule++) {
    status = assign_molecule(&a);
    end_molecule(&a);
  }
  q2_assign_index_free(&a);
  return status;
}
