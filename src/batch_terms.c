/* Terms of a molecule: which form each takes, cut into pieces and entries, and which terms touch an atom. */
#include "../kernels/site_coordinates.h"
#include "batch_parts.h"

/* The form that the term takes at its geometry: near a straight angle the one that fades, if the form has one. Where the
 * geometry moves, always that one: far from straight angles its factor is 1. */
static int form_by_geometry(const struct q2_builder *builder, const struct q2_term_table *table, int form, int64_t row) {
  const int faded = q2_form_faded(form);
  if (faded < 0) return form;
  if (builder->batch->moving) return faded;
  const struct q2_dataset *dataset = builder->dataset;
  double x[Q2_MAX_TERM_ATOMS][3] = {{0}}, share[Q2_MAX_TERM_ATOMS][Q2_MAX_TERM_ATOMS];
  int32_t atom[Q2_MAX_TERM_ATOMS], site[Q2_MAX_TERM_ATOMS];
  const int atoms = q2_term_atoms(dataset, builder->molecule, table, row, atom, site);
  for (int a = 0; a < atoms; a++)
    memcpy(x[a], builder->qm_position + 3 * atom[a], sizeof x[a]);
  if (table->at_sites && q2_site_shares(atom, site, dataset->reduction + dataset->atom_offset[builder->molecule], share))
    q2_move_to_sites((const double(*)[Q2_MAX_TERM_ATOMS])share, x);
  const int32_t factor = q2_form_coordinate_code(faded, q2_forms[faded].coordinate_count - 1);
  return q2_measure_value(factor, (const double(*)[3])x) < 1 ? faded : form;
}

/* An entry before the sort by pair. */
struct loose_entry {
  int32_t pair, piece, place;
};

/* One term of the molecule while it is being placed. */
struct term {
  int atom_count, coordinate_count;
  int32_t atoms[Q2_MAX_TERM_ATOMS], site[Q2_MAX_TERM_ATOMS]; /* q2_term_atoms */
  int32_t code[Q2_MAX_COORDINATES];
};

/* Whether the coordinate depends on the atom at that place: as one of its own, or as one that these are moved towards. */
static int depends(const struct term *term, int32_t code, int place) {
  if (q2_coordinate_touches(code, place)) return 1;
  for (int p = 0; p < term->atom_count; p++) {
    if (term->site[p] == place && q2_coordinate_touches(code, p)) return 1;
  }
  return 0;
}

static int add_entries(const struct term *term, int32_t first_piece, struct q2_growing *loose) {
  int32_t piece = first_piece;
  for (int a = 0; a < term->coordinate_count; a++) {
    for (int b = 0; b <= a; b++, piece++) {
      const int32_t code_a = term->code[a], code_b = term->code[b];
      for (int p = 0; p < term->atom_count; p++) {
        for (int q = 0; q < term->atom_count; q++) {
          if (term->atoms[p] <= term->atoms[q]) continue;
          if (!(depends(term, code_a, p) && depends(term, code_b, q)) &&
              !(depends(term, code_b, p) && depends(term, code_a, q))) {
            continue;
          }
          struct loose_entry *entry = q2_grow(loose, 1, sizeof *entry);
          if (!entry) return -1;
          *entry = (struct loose_entry){
              .pair = (int32_t)Q2_PAIR(term->atoms[p], term->atoms[q]), .piece = piece, .place = Q2_MAX_TERM_ATOMS * p + q};
        }
      }
    }
  }
  return 0;
}

static int add_term(struct q2_builder *builder, const struct q2_term_table *table, int form, int64_t row, int32_t *pieces,
                    struct q2_growing *loose) {
  struct term term = {.coordinate_count = q2_forms[form].coordinate_count};
  term.atom_count = q2_term_atoms(builder->dataset, builder->molecule, table, row, term.atoms, term.site);
  int32_t *term_form = Q2_GROW(builder, term_form, 1, int32_t), *piece = Q2_GROW(builder, term_piece, 1, int32_t);
  int32_t *atom = Q2_GROW(builder, term_atom, Q2_MAX_TERM_ATOMS, int32_t);
  int32_t *code = Q2_GROW(builder, term_code, Q2_MAX_COORDINATES, int32_t);
  int32_t *parameter = Q2_GROW(builder, term_parameter, Q2_MAX_PARAMETERS, int32_t);
  int32_t *owner = q2_grow(&builder->derivative_parameter, Q2_MAX_PARAMETERS, sizeof *owner);
  q2_real *constant = Q2_GROW(builder, term_constant, Q2_MAX_CONSTANTS, q2_real);
  if (!term_form || !piece || !atom || !code || !parameter || !owner || !constant) return -1;
  *term_form = form;
  *piece = *pieces;
  memcpy(atom, term.atoms, sizeof term.atoms);
  if (builder->batch->has_sites) {
    int32_t *site = Q2_GROW(builder, term_site, Q2_MAX_TERM_ATOMS, int32_t);
    if (!site) return -1;
    memcpy(site, term.site, sizeof term.site);
  }
  for (int c = 0; c < term.coordinate_count; c++)
    code[c] = term.code[c] = q2_form_coordinate_code(form, c);
  for (int s = 0; s < Q2_MAX_PARAMETERS; s++) {
    parameter[s] =
        s < table->parameter_count ? q2_local_parameter(builder, table->parameters[row * table->parameter_count + s]) : -1;
    owner[s] = parameter[s];
    if (s < table->parameter_count && parameter[s] < 0) return -1;
  }
  for (int c = 0; c < table->constant_count; c++)
    constant[c] = table->constants[row * table->constant_count + c];
  if (add_entries(&term, *pieces, loose) != 0) return -1;
  *pieces += term.coordinate_count * (term.coordinate_count + 1) / 2;
  return 0;
}

/* Sorts the loose entries by pair (stably), and lists for each piece its entries. */
static int sort_entries(struct q2_builder *builder, struct q2_growing *loose, int32_t pieces) {
  const int64_t pairs = Q2_PAIR(builder->atoms, 0), entries = loose->count;
  const struct loose_entry *from = loose->data;
  int32_t *pair_start = Q2_GROW(builder, pair_entry_start, pairs + 1, int32_t);
  int32_t *piece_start = Q2_GROW(builder, piece_entry_start, pieces + 1, int32_t);
  int32_t *entry_piece = Q2_GROW(builder, entry_piece, entries, int32_t),
          *piece_entry = Q2_GROW(builder, piece_entry, entries, int32_t),
          *entry_place = Q2_GROW(builder, entry_place, entries, int32_t);
  if (!pair_start || !piece_start || !entry_piece || !piece_entry || !entry_place) return -1;
  for (int64_t e = 0; e < entries; e++) {
    pair_start[from[e].pair + 1]++;
    piece_start[from[e].piece + 1]++;
  }
  q2_starts_from_counts(pair_start, pairs);
  q2_starts_from_counts(piece_start, pieces);
  for (int64_t e = 0; e < entries; e++) {
    const int32_t place = pair_start[from[e].pair]++;
    entry_piece[place] = from[e].piece;
    entry_place[place] = from[e].place;
  }
  q2_starts_after_filling(pair_start, pairs);
  for (int32_t e = 0; e < entries; e++)
    piece_entry[piece_start[entry_piece[e]]++] = e;
  q2_starts_after_filling(piece_start, pieces);
  return 0;
}

/* Lists for each atom the terms that touch it. */
static int list_atoms(struct q2_builder *builder) {
  const int64_t first = builder->batch->term_start[builder->slot], terms = builder->term_form.count - first;
  const int64_t from = Q2_MAX_TERM_ATOMS * first;
  const int32_t *all = builder->term_atom.data;
  int64_t total = 0;
  for (int64_t k = 0; k < Q2_MAX_TERM_ATOMS * terms; k++)
    total += all[from + k] >= 0;
  int32_t *start = Q2_GROW(builder, atom_term_start, builder->atoms + 1, int32_t),
          *list = Q2_GROW(builder, atom_term, total, int32_t);
  if (!start || !list) return -1;
  for (int64_t k = 0; k < Q2_MAX_TERM_ATOMS * terms; k++) {
    if (all[from + k] >= 0) start[all[from + k] + 1]++;
  }
  q2_starts_from_counts(start, builder->atoms);
  for (int64_t k = 0; k < Q2_MAX_TERM_ATOMS * terms; k++) {
    if (all[from + k] >= 0) list[start[all[from + k]]++] = (int32_t)k;
  }
  q2_starts_after_filling(start, builder->atoms);
  return 0;
}

int q2_build_terms(struct q2_builder *builder) {
  const struct q2_dataset *dataset = builder->dataset;
  struct q2_growing loose = {0};
  int32_t pieces = 0;
  int status = 0;
  for (int form = 0; form < Q2_FORM_COUNT && status == 0; form++) { /* terms come sorted by the form they take */
    for (int t = 0; t < dataset->term_table_count && status == 0; t++) {
      const struct q2_term_table *table = &dataset->terms[t];
      const int plain = q2_form_plain(form);
      if (builder->form[t] != plain) continue;
      for (int64_t row = table->offset[builder->molecule]; row < table->offset[builder->molecule + 1] && status == 0; row++) {
        if (form_by_geometry(builder, table, plain, row) != form) continue;
        status = add_term(builder, table, form, row, &pieces, &loose);
        if (form != plain && !builder->batch->moving) builder->faded++;
      }
    }
  }
  if (status == 0) status = sort_entries(builder, &loose, pieces);
  if (status == 0) status = list_atoms(builder);
  free(loose.data);
  return status;
}
