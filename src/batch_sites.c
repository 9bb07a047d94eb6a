/* Sites: which atoms are moved towards which others, and what that means for a term. */
#include "batch_parts.h"

int q2_term_atoms(const struct q2_dataset *dataset, int64_t molecule, const struct q2_term_table *table, int64_t row,
                  int32_t atom[Q2_MAX_TERM_ATOMS], int32_t site[Q2_MAX_TERM_ATOMS]) {
  int count = table->atom_count;
  for (int p = 0; p < Q2_MAX_TERM_ATOMS; p++) {
    atom[p] = p < count ? table->atoms[row * table->atom_count + p] : -1;
    site[p] = -1;
  }
  if (!table->at_sites || !table->at_sites[row]) return count;
  for (int p = 0; p < table->atom_count; p++) {
    const int32_t parent = dataset->reduction_parent[dataset->atom_offset[molecule] + atom[p]];
    int place = 0;
    if (parent < 0) continue;
    while (place < count && atom[place] != parent)
      place++;
    if (place == Q2_MAX_TERM_ATOMS) return -1;
    if (place == count) atom[count++] = parent;
    site[p] = place;
  }
  return count;
}

int q2_build_sites(struct q2_builder *builder) {
  if (!builder->batch->has_sites) return 0;
  const struct q2_dataset *dataset = builder->dataset;
  const int64_t first = dataset->atom_offset[builder->molecule];
  const int atoms = builder->atoms;
  int32_t *parent = Q2_GROW(builder, site_parent, atoms, int32_t),
          *start = Q2_GROW(builder, site_member_start, atoms + 1, int32_t),
          *member = Q2_GROW(builder, site_member, 2 * (int64_t)atoms, int32_t);
  double *reduction = Q2_GROW(builder, reduction, atoms, double);
  if (!parent || !start || !member || !reduction) return -1;
  memcpy(parent, dataset->reduction_parent + first, (size_t)atoms * sizeof *parent);
  memcpy(reduction, dataset->reduction + first, (size_t)atoms * sizeof *reduction);
  int32_t count = 0;
  for (int a = 0; a < atoms; a++) {
    start[a] = count;
    member[count++] = a;
    for (int i = 0; i < atoms; i++) {
      if (parent[i] == a) member[count++] = i;
    }
  }
  start[atoms] = count;
  return 0;
}
