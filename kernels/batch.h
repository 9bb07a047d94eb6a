/* A batch: one size-bucket's molecules on one rank, as the kernels see them. Everything here is data that stays the same during
 * a fit (geometry, topology, references); what an evaluation writes lives in a q2_wave.
 *
 * Tables are ragged: item i of molecule m is row start[m] + i. Indices stored in tables count within the molecule.
 *
 * The Hessian is linear in the second and first derivatives (f'', f') of its terms. A term of c coordinates is cut into c (c +
 * 1) / 2 pieces (a, b), a >= b: a piece contributes f_ab G + f_a D, where G = g_a g_a' and D = d2q_a (a = b), or G = g_a g_b' +
 * g_b g_a' and D = 0 (a > b). For each pair of atoms i > j that a piece touches, an entry stores the 3 x 3 blocks of G and D,
 * so that
 *
 *     block(i,j) = sum over entries (f_ab G + f_a D)  +  the non-bonded pair's
 *     block(i,i) = - sum over j of block(i,j)            (translations leave the energy unchanged)
 *
 * and backwards, with W the cotangent of the Hessian, both from  2 W_ij - W_ii - W_jj. */
#ifndef Q2_BATCH_H
#define Q2_BATCH_H

#include "forms.h"
#include "portable.h"

enum { Q2_ENTRY_REALS = 18 };                            /* G, then D */
enum { Q2_RIGID = 6 };                                   /* columns kept for rigid motions */
enum { Q2_PAIR_EXCLUDED = 0, Q2_PAIR_FULL, Q2_PAIR_14 }; /* how a non-bonded pair counts */

struct q2_batch {
  int atoms;    /* padded number of atoms N; matrices are 3N x 3N */
  int order;    /* padded order of the matrices that are decomposed */
  int ld;       /* leading dimension of 3N-row matrices, a multiple of 64 bytes */
  int ld_order; /* leading dimension of `order`-row matrices */
  int64_t molecules;
  int has_nonbonded, has_rigid;
  int nonbonded_varies; /* a Lennard-Jones parameter is active: otherwise their derivatives are not computed */
  int lorentz_berthelot;
  q2_real wavenumber;                      /* cm-1 of lambda = 1 kcal/mol/angstrom^2/amu */
  q2_real pair_scale[3], coulomb_scale[3]; /* by Q2_PAIR_...: Lennard-Jones; Coulomb in kcal/mol angstrom / e^2 */

  /* largest counts of any molecule, which size a wave */
  int64_t max_terms, max_pieces, max_entries, max_pairs, max_parameters;
  int64_t table_bytes; /* of the ragged tables */

  /* CMAP grids as q2_form_cmap takes them, grid_reals each */
  int64_t grid_reals;
  q2_real *grid;

  /* per molecule [molecules], starts [molecules + 1] */
  int32_t *atom_count, *mode_count, *rigid_count;
  int64_t *atom_start, *pair_start, *term_start, *piece_start, *entry_start, *parameter_start, *source_start;
  int64_t *file_molecule;  /* its number in the file */
  int64_t *local_molecule; /* its place in the data set's arrays */

  /* per atom */
  q2_real *mass_weight;               /* [3]: m^-1/2, once for each Cartesian coordinate */
  q2_real *charge;                    /* e */
  int32_t *atom_epsilon, *atom_sigma; /* rows of the molecule's parameter list */

  /* per pair of atoms */
  q2_real *pair_geometry;    /* [4]: unit vector from j to i, 1 / r */
  int32_t *pair_class;       /* Q2_PAIR_... */
  int32_t *pair_entry_start; /* entries of pair p are pair_entry_start[p] to [p + 1] - 1; pairs + 1 a molecule, from row
                                pair_start[m] + m */

  /* per entry, sorted by pair */
  q2_real *entry; /* [Q2_ENTRY_REALS] */
  int32_t *entry_piece;

  /* per term, sorted by form */
  int32_t *term_form;
  int32_t *term_piece;      /* its first piece */
  int32_t *term_parameter;  /* [Q2_MAX_PARAMETERS] rows of the molecule's parameter list */
  q2_real *term_coordinate; /* [Q2_MAX_COORDINATES] */
  q2_real *term_constant;   /* [Q2_MAX_CONSTANTS] */

  /* per piece */
  int32_t *piece_entry_start; /* [pieces + 1 a molecule, from row piece_start[m] + m] into piece_entry */
  int32_t *piece_entry;       /* entries of the piece, ascending; rows as entry_start */

  /* per parameter of a molecule's list: row of the parameter table, and which derivatives add up to its own */
  int32_t *parameter_row;
  int32_t *parameter_source_start; /* [parameters + 1 a molecule, from row parameter_start[m] + m] into source, within the
                                      molecule */
  int32_t *source;                 /* rows of q2_wave.derivative; rows from source_start */

  /* rigid motions, per molecule [Q2_RIGID][ld]: the first rigid_count columns of the orthogonal Q = I - Y T Y' span
   * them (src/rigid.h); columns that a molecule does not need are zero */
  q2_real *householder;        /* Y */
  q2_real *householder_factor; /* C = Y T */

  /* per vibration, rows from molecule * order */
  int32_t *mode_reference; /* the reference that eigenvalue k pairs with, -1: none */
  q2_real *reference;      /* cm-1 */
  q2_real *weight;         /* 1/cm-1 by reference */
  q2_real *counted;        /* 1 where the reference enters the RMSD, else 0 */
};

#endif
