/* Claims: coordinates measured at sites have the derivatives in the nuclei that differences give, up to the contraction with
 * third ones; the bond of a hydrogen to the atom that it is moved towards keeps its length, another one is stretched; a term
 * gets the atoms that its own are moved towards, as far as it has room. */
#include <stdlib.h>
#include <string.h>

#include "../kernels/coordinates_third.h"
#include "../kernels/site_coordinates.h"
#include "../src/batch_parts.h"
#include "check.h"

typedef double matrix[Q2_COORDINATE_ATOMS][Q2_COORDINATE_ATOMS][9];

static double uniform(double low, double high) { return low + (high - low) * ((double)rand() / RAND_MAX); }

/* Terms by the place that each place is moved towards, -1: none. */
static const struct term {
  const char *word;
  int32_t site[Q2_COORDINATE_ATOMS];
} terms[] = {{"r01", {-1, 0, -1, -1, -1}}, {"r01", {-1, 2, -1, -1, -1}},  {"a012", {3, -1, 1, -1, -1}},
             {"a012", {2, 0, 3, -1, -1}},  {"a012", {-1, 3, -1, -1, -1}}, {"t0123", {4, -1, -1, 2, -1}},
             {"r01", {2, 3, -1, -1, -1}},  {"o0123", {1, 4, -1, 1, -1}}};
static const int32_t all_atoms[Q2_COORDINATE_ATOMS] = {0, 1, 2, 3, 4};
static const double reduction[Q2_COORDINATE_ATOMS] = {0.077, 0.1, 0.05, 0.3, 0};

/* The coordinate as a function of the nuclei, by the steps that the kernels take. */
static void measure(const struct term *term, double nuclei[5][3], struct q2_coordinate *q) {
  const int32_t code = q2_coordinate_code(term->word);
  double share[5][5], x[5][3];
  memcpy(x, nuclei, sizeof x);
  CHECK(q2_site_shares(all_atoms, term->site, reduction, share));
  q2_move_to_sites((const double(*)[5])share, x);
  q2_measure(code, (const double(*)[3])x, q);
  q2_coordinate_from_sites(code, (const double(*)[5])share, q);
}

static void contract(const struct term *term, double nuclei[5][3], matrix w, double out[5][3]) {
  const int32_t code = q2_coordinate_code(term->word);
  double share[5][5], x[5][3];
  matrix at;
  memcpy(x, nuclei, sizeof x);
  q2_site_shares(all_atoms, term->site, reduction, share);
  q2_move_to_sites((const double(*)[5])share, x);
  q2_cotangent_at_sites((const double(*)[5])share, (const double(*)[5][9])w, at);
  q2_contract_third(code, (const double(*)[3])x, (const double(*)[5][9])at, out);
  q2_gradient_from_sites(q2_site_stretch(code, (const double(*)[5])share), (const double(*)[5])share, out);
}

enum { VALUE, CONTRACTION = 16, QUANTITIES }; /* value, 15 first derivatives, W : D */

static void quantities(const struct term *term, double nuclei[5][3], matrix w, double out[QUANTITIES]) {
  struct q2_coordinate q;
  measure(term, nuclei, &q);
  out[VALUE] = q.value;
  out[CONTRACTION] = 0;
  for (int k = 0; k < 15; k++)
    out[1 + k] = q.first[k / 3][k % 3];
  for (int k = 0; k < 225; k++)
    out[CONTRACTION] += w[k / 45][k / 9 % 5][k % 9] * q.second[k / 45][k / 9 % 5][k % 9];
}

static void check_derivatives(const struct term *term, double x[5][3]) {
  struct q2_coordinate q;
  matrix w;
  double third[5][3];
  for (int a = 0; a < 15; a++) {
    for (int b = 0; b <= a; b++)
      w[a / 3][b / 3][3 * (a % 3) + b % 3] = w[b / 3][a / 3][3 * (b % 3) + a % 3] = uniform(-1, 1);
  }
  measure(term, x, &q);
  contract(term, x, w, third);
  for (int k = 0; k < 15; k++) {
    double d[3][QUANTITIES], up[QUANTITIES], down[QUANTITIES], h = 0.02;
    const double at = x[k / 3][k % 3];
    for (int i = 0; i < 3; i++, h /= 2) {
      x[k / 3][k % 3] = at + h;
      quantities(term, x, w, up);
      x[k / 3][k % 3] = at - h;
      quantities(term, x, w, down);
      for (int n = 0; n < QUANTITIES; n++)
        d[i][n] = (up[n] - down[n]) / (2 * h);
    }
    x[k / 3][k % 3] = at;
    for (int n = 0; n < QUANTITIES; n++) {
      const double one = (4 * d[1][n] - d[0][n]) / 3, two = (4 * d[2][n] - d[1][n]) / 3, slope = (16 * two - one) / 15;
      const double mine = n == VALUE         ? q.first[k / 3][k % 3]
                          : n == CONTRACTION ? third[k / 3][k % 3]
                                             : q.second[(n - 1) / 3][k / 3][3 * ((n - 1) % 3) + k % 3];
      CHECK(fabs(mine - slope) < 1e-6 * (1 + fabs(slope)), "%s: component %d of quantity %d: %.12g, differences %.12g",
            term->word, k, n, mine, slope);
    }
  }
}

static void sites_have_their_derivatives(void) {
  for (int trial = 0; trial < 20; trial++) {
    double x[5][3] = {{0, 0, 0}, {1.4, 0, 0}, {1.9, 1.3, 0}, {3.2, 1.5, 0.9}, {-0.5, 1.2, 1}};
    for (int k = 0; k < 15; k++)
      x[k / 3][k % 3] += uniform(-0.15, 0.15);
    for (size_t t = 0; t < sizeof terms / sizeof *terms; t++)
      check_derivatives(&terms[t], x);
  }
}

static void bonds_keep_their_length(void) {
  double x[5][3] = {{0, 0, 0}, {1.1, 0, 0}, {1.1, 2, 0}, {0, 0, 3}, {0, 3, 0}};
  struct q2_coordinate q;
  measure(&terms[0], x, &q); /* atom 1 towards 0 */
  CHECK_CLOSE(q.value, 1.1, 1e-15);
  CHECK_CLOSE(q.first[1][0], 1, 1e-15);
  measure(&terms[1], x, &q); /* atom 1 towards 2: at (1.1, 0.2) */
  CHECK_CLOSE(q.value, sqrt(1.1 * 1.1 + 0.2 * 0.2) / 0.9, 1e-15);
}

static void terms_get_parents(void) {
  int64_t offset[2] = {0, 3}, first[2] = {0, 8};
  int32_t atoms[9] = {0, 1, 2, 2, 1, 3, 4, 5, 6}, at_sites[3] = {1, 0, 1}, parent[8] = {1, -1, 7, -1, 3, 7, 0, -1};
  int32_t atom[Q2_MAX_TERM_ATOMS], site[Q2_MAX_TERM_ATOMS];
  const struct q2_term_table table = {
      .form = "angle_mm3", .atom_count = 3, .offset = offset, .atoms = atoms, .at_sites = at_sites};
  const struct q2_dataset dataset = {.atom_offset = first, .has_sites = 1, .reduction_parent = parent};
  CHECK(q2_term_atoms(&dataset, 0, &table, 0, atom, site) == 4);
  CHECK(atom[3] == 7 && atom[4] == -1 && site[0] == 1 && site[1] == -1 && site[2] == 3 && site[3] == -1);
  CHECK(q2_term_atoms(&dataset, 0, &table, 1, atom, site) == 3 && site[0] == -1); /* not at sites */
  CHECK(q2_term_atoms(&dataset, 0, &table, 2, atom, site) == -1);                 /* 3, 7 and 0 besides */
}

int main(void) {
  srand(3);
  sites_have_their_derivatives();
  bonds_keep_their_length();
  terms_get_parents();
  return check_result();
}
