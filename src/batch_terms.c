/* Terms of a molecule: coordinates and their derivatives at its geometry, cut into pieces and entries. */
#include <math.h>

#include "../io/constants.h"
#include "../kernels/coordinates.h"
#include "batch_parts.h"

/* One term of the molecule while it is being placed. */
struct term {
  int form, atom_count, coordinate_count;
  const int32_t *atoms;
  struct q2_coordinate coordinate[Q2_MAX_COORDINATES];
};

/* Positions of the term's atoms. */
static void gather(const struct q2_builder *builder, int count, const int32_t *atoms, double x[Q2_MAX_TERM_ATOMS][3]) {
  for (int a = 0; a < count; a++)
    memcpy(x[a], builder->position + 3 * atoms[a], sizeof x[a]);
}

static void measure(const struct q2_builder *builder, struct term *term) {
  double x[Q2_MAX_TERM_ATOMS][3];
  gather(builder, term->atom_count, term->atoms, x);
  for (int c = 0; c < term->coordinate_count; c++)
    q2_measure(q2_form_coordinate_code(term->form, c), (const double(*)[3])x, &term->coordinate[c]);
}

/* The form that the term takes at its geometry: near a straight angle the one that fades, if the form has one. */
static int form_by_geometry(const struct q2_builder *builder, int form, const int32_t *atoms) {
  const int faded = q2_form_faded(form);
  if (faded < 0) return form;
  double x[Q2_MAX_TERM_ATOMS][3];
  gather(builder, q2_forms[form].atom_count, atoms, x);
  const int32_t factor = q2_form_coordinate_code(faded, q2_forms[faded].coordinate_count - 1);
  return q2_measure_value(factor, (const double(*)[3])x) < 1 ? faded : form;
}

/* An entry before the sort by pair. */
struct loose_entry {
  int32_t pair, piece;
  q2_real block[Q2_ENTRY_REALS];
};

/* G and D of piece (a, b) for atoms p, q of the term, rows of p, columns of q. */
static void fill_block(const struct term *term, int a, int b, int p, int q, q2_real block[Q2_ENTRY_REALS]) {
  const struct q2_coordinate *first = &term->coordinate[a], *second = &term->coordinate[b];
  for (int i = 0; i < 3; i++) {
    for (int j = 0; j < 3; j++) {
      double g = first->first[p][i] * second->first[q][j];
      if (a != b) g += second->first[p][i] * first->first[q][j];
      block[3 * i + j] = g;
      block[9 + 3 * i + j] = a == b ? first->second[p][q][3 * i + j] : 0;
    }
  }
}

/* Whether coordinate c of the term is measured on atom p. */
static int touches(const struct term *term, int c, int p) {
  return q2_coordinate_touches(q2_form_coordinate_code(term->form, c), p);
}

static int add_entries(const struct term *term, int32_t first_piece, struct q2_growing *loose) {
  int32_t piece = first_piece;
  for (int a = 0; a < term->coordinate_count; a++) {
    for (int b = 0; b <= a; b++, piece++) {
      for (int p = 0; p < term->atom_count; p++) {
        for (int q = 0; q < term->atom_count; q++) {
          if (term->atoms[p] <= term->atoms[q]) continue;
          if (!(touches(term, a, p) && touches(term, b, q)) && !(touches(term, b, p) && touches(term, a, q))) continue;
          struct loose_entry *entry = q2_grow(loose, 1, sizeof *entry);
          if (!entry) return -1;
          entry->pair = (int32_t)Q2_PAIR(term->atoms[p], term->atoms[q]);
          entry->piece = piece;
          fill_block(term, a, b, p, q, entry->block);
        }
      }
    }
  }
  return 0;
}

static int add_term(struct q2_builder *builder, const struct q2_term_table *table, int form, int64_t row, int32_t *pieces,
                    struct q2_growing *loose) {
  struct term term = {.form = form,
                      .atom_count = table->atom_count,
                      .atoms = table->atoms + row * table->atom_count,
                      .coordinate_count = q2_forms[form].coordinate_count};
  measure(builder, &term);
  int32_t *term_form = Q2_GROW(builder, term_form, 1, int32_t), *piece = Q2_GROW(builder, term_piece, 1, int32_t);
  int32_t *parameter = Q2_GROW(builder, term_parameter, Q2_MAX_PARAMETERS, int32_t);
  int32_t *owner = q2_grow(&builder->derivative_parameter, Q2_MAX_PARAMETERS, sizeof *owner);
  q2_real *coordinate = Q2_GROW(builder, term_coordinate, Q2_MAX_COORDINATES, q2_real);
  q2_real *constant = Q2_GROW(builder, term_constant, Q2_MAX_CONSTANTS, q2_real);
  if (!term_form || !piece || !parameter || !owner || !coordinate || !constant) return -1;
  *term_form = form;
  *piece = *pieces;
  for (int s = 0; s < Q2_MAX_PARAMETERS; s++) {
    parameter[s] =
        s < table->parameter_count ? q2_local_parameter(builder, table->parameters[row * table->parameter_count + s]) : -1;
    owner[s] = parameter[s];
    if (s < table->parameter_count && parameter[s] < 0) return -1;
  }
  for (int c = 0; c < term.coordinate_count; c++)
    coordinate[c] = term.coordinate[c].value;
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
          *piece_entry = Q2_GROW(builder, piece_entry, entries, int32_t);
  q2_real *entry = Q2_GROW(builder, entry, entries * Q2_ENTRY_REALS, q2_real);
  if (!pair_start || !piece_start || !entry_piece || !piece_entry || !entry) return -1;
  for (int64_t e = 0; e < entries; e++) {
    pair_start[from[e].pair + 1]++;
    piece_start[from[e].piece + 1]++;
  }
  for (int64_t p = 0; p < pairs; p++)
    pair_start[p + 1] += pair_start[p];
  for (int32_t p = 0; p < pieces; p++)
    piece_start[p + 1] += piece_start[p];
  for (int64_t e = 0; e < entries; e++) { /* start[p] moves to the end of p, that is to the start of p + 1 */
    const int32_t place = pair_start[from[e].pair]++;
    entry_piece[place] = from[e].piece;
    memcpy(entry + (int64_t)Q2_ENTRY_REALS * place, from[e].block, sizeof from[e].block);
  }
  for (int64_t p = pairs; p > 0; p--)
    pair_start[p] = pair_start[p - 1];
  pair_start[0] = 0;
  for (int32_t e = 0; e < entries; e++)
    piece_entry[piece_start[entry_piece[e]]++] = e;
  for (int32_t p = pieces; p > 0; p--)
    piece_start[p] = piece_start[p - 1];
  piece_start[0] = 0;
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
        if (form_by_geometry(builder, plain, table->atoms + row * table->atom_count) != form) continue;
        status = add_term(builder, table, form, row, &pieces, &loose);
        if (form != plain) builder->faded++;
      }
    }
  }
  if (status == 0) status = sort_entries(builder, &loose, pieces);
  free(loose.data);
  return status;
}
