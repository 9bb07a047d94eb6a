/* A batch: one size-bucket's molecules on one rank, as the kernels see them. Everything here is data that stays the same during
 * a fit (topology, references, and the QM geometry); what an evaluation writes lives in a q2_wave.
 *
 * Batches and waves have no member of type q2_real, only pointers to it: both are laid out in the same way for kernels in
 * float64 and in float32, and the host, to which q2_real is double, handles either.
 *
 * A fixed batch is evaluated at the QM geometry, whose tables (coordinates, entries, unit vectors of pairs, rigid motions) are
 * part of it. A moving batch relaxes its molecules first; there these tables belong to the wave.
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
#include "observables.h"
#include "portable.h"

enum { Q2_ENTRY_REALS = 18 };                                         /* G, then D */
enum { Q2_SLOPE_REALS = Q2_MAX_COORDINATES * Q2_MAX_TERM_ATOMS * 3 }; /* dq/dx of a term: [coordinate][atom][3] */
enum { Q2_RIGID = 6 };                                                /* columns kept for rigid motions */
enum { Q2_PAIR_EXCLUDED = 0, Q2_PAIR_FULL, Q2_PAIR_14 };              /* how a non-bonded pair counts */
enum { Q2_PAIR_PARAMETERS = 2, Q2_PAIR_BARS = 3 };                    /* of a pair's form; with the product of its charges */
enum { Q2_PAIR_SLOPES = 3 * Q2_PAIR_BARS + 2 * Q2_PAIR_PARAMETERS };  /* f, f', f'' by those; the parameters by atom */

struct q2_batch {
  int atoms;         /* padded number of atoms N; matrices are 3N x 3N */
  int order;         /* padded order of the matrices that are decomposed */
  int ld;            /* leading dimension of 3N-row matrices, a multiple of 64 bytes */
  int ld_order;      /* leading dimension of `order`-row matrices */
  int basis_columns; /* padded columns of the bases, 0: no molecule has one */
  int ld_basis;      /* leading dimension of basis_columns-row matrices */
  int64_t molecules;
  int moving; /* the molecules are relaxed first */
  int has_nonbonded, has_rigid;
  int has_sites;        /* atoms are reduced: pairs and some terms are those of sites */
  int has_soft_cut;     /* pair_cut is there */
  int has_residuals;    /* something is observed at this geometry */
  int has_modes;        /* a residual is made of a wavenumber: eigenvectors are needed */
  int has_energies;     /* some molecule's energy is asked for */
  int has_slopes;       /* term_slope is there: for gradients */
  int has_gradients;    /* a residual is made of the Cartesian gradient */
  int has_elements;     /* a residual is an element of the Hessian */
  int nonbonded_varies; /* a non-bonded parameter is active: otherwise their derivatives are not computed */
  int pair_form, combining_rule;
  double wavenumber;                            /* cm-1 of lambda = 1 kcal/mol/angstrom^2/amu */
  int32_t coordinate_code[Q2_OBSERVABLE_COUNT]; /* q2_coordinate_code of observables made of one */
  double hessian_unit;                          /* hartree/bohr^2 of 1 kcal/mol/angstrom^2 */
  double pair_scale[3], coulomb_scale[3];       /* by Q2_PAIR_...: the pair form; Coulomb in kcal/mol angstrom / e^2 */

  /* largest counts of any molecule, which size a wave */
  int64_t max_terms, max_pieces, max_entries, max_pairs, max_parameters, max_increments, max_specials, max_residuals;
  int64_t table_bytes; /* of all tables */
  int64_t chunk_count;
  int64_t *chunk_start;          /* [chunk_count + 1] molecules that batched calls take together; the host's */
  const struct q2_batch *single; /* the same molecules for kernels in float32 (kernels/mixed.h), NULL: none; the host's */
  int64_t *table_size;           /* [Q2_TABLE_COUNT] elements of each table (kernels/batch_tables.h); the host's */
  int64_t parameter_rows;        /* of the parameter table */

  /* CMAP grids as q2_form_cmap takes them, grid_reals each */
  int64_t grid_reals;
  q2_real *grid;

  /* per molecule [molecules], starts [molecules + 1] */
  int32_t *atom_count, *mode_count, *rigid_count, *basis_count;
  int64_t *atom_start, *pair_start, *term_start, *piece_start, *entry_start, *parameter_start, *source_start, *increment_start,
      *special_start, *residual_start;
  int64_t *file_molecule;  /* its number in the file */
  int64_t *local_molecule; /* its place in the data set's arrays */
  int32_t *energy_slot;    /* its place in q2_wave.energies, -1: none */
  int32_t *validation;     /* 1: not fitted, only reported */

  /* per atom */
  q2_real *mass_weight;       /* [3]: m^-1/2, once for each Cartesian coordinate */
  q2_real *charge;            /* e, without increments */
  double *position;           /* [3] the QM geometry */
  int32_t *atom_parameter;    /* [Q2_PAIR_PARAMETERS] rows of the molecule's parameter list */
  int32_t *site_parent;       /* the atom that it is moved towards, -1: none; this and the next three with has_sites only */
  double *reduction;          /* the fraction of the way */
  int32_t *site_member_start; /* [atoms + 1 a molecule, from row atom_start[m] + m] into site_member, within the molecule */
  int32_t *site_member;       /* [2] atoms whose sites move with the atom: itself, then those moved towards it */
  int32_t *atom_term_start;   /* [atoms + 1 a molecule, from row atom_start[m] + m] into atom_term, within the molecule */
  int32_t *atom_term;         /* terms that touch the atom: Q2_MAX_TERM_ATOMS x term + the atom's place in it; rows from
                                 atom_term_first[m] */
  int64_t *atom_term_first;   /* [molecules + 1] */

  /* per pair of atoms */
  q2_real *pair_geometry;    /* [4]: unit vector from j to i, 1 / r; fixed batches only */
  int32_t *pair_class;       /* Q2_PAIR_... */
  q2_real *pair_cut;         /* factor of the pair form besides pair_scale; with has_soft_cut only */
  int32_t *pair_special;     /* row of the molecule's special pair rows, -1: the atoms' own parameters hold */
  int32_t *pair_entry_start; /* entries of pair p are pair_entry_start[p] to [p + 1] - 1; pairs + 1 a molecule, from row
                                pair_start[m] + m */

  /* per special row */
  int32_t *special_form;
  int32_t *special_parameter; /* [Q2_PAIR_PARAMETERS] rows of the molecule's parameter list */

  /* per charge increment: charge of atom 0 += factor p, of atom 1 -= factor p */
  int32_t *increment_atom;      /* [2] */
  int32_t *increment_parameter; /* row of the molecule's parameter list */
  q2_real *increment_factor;

  /* per entry, sorted by pair */
  q2_real *entry; /* [Q2_ENTRY_REALS]; fixed batches only */
  int32_t *entry_piece;
  int32_t *entry_place; /* Q2_MAX_TERM_ATOMS x place of the higher atom in its term + place of the lower one */

  /* per term, sorted by form */
  int32_t *term_form;
  int32_t *term_atom;       /* [Q2_MAX_TERM_ATOMS], -1 where it has fewer */
  int32_t *term_site;       /* [Q2_MAX_TERM_ATOMS] place of the atom that a place is moved towards, -1: it is a nucleus; with
                               has_sites only */
  int32_t *term_code;       /* [Q2_MAX_COORDINATES] q2_coordinate_code of its coordinates */
  int32_t *term_piece;      /* its first piece */
  int32_t *term_parameter;  /* [Q2_MAX_PARAMETERS] rows of the molecule's parameter list */
  q2_real *term_constant;   /* [Q2_MAX_CONSTANTS] */
  q2_real *term_coordinate; /* [Q2_MAX_COORDINATES]; fixed batches only */
  q2_real *term_slope;      /* [Q2_SLOPE_REALS]; fixed batches with has_slopes only */

  /* per piece */
  int32_t *piece_entry_start; /* [pieces + 1 a molecule, from row piece_start[m] + m] into piece_entry */
  int32_t *piece_entry;       /* entries of the piece, ascending; rows as entry_start */

  /* per parameter of a molecule's list: row of the parameter table, and which derivatives add up to its own */
  int32_t *parameter_row;
  int32_t *parameter_source_start; /* [parameters + 1 a molecule, from row parameter_start[m] + m] into source, within the
                                      molecule */
  int32_t *source;                 /* rows of q2_wave.derivative; rows from source_start */

  /* rigid motions, per molecule [Q2_RIGID][ld]: the first rigid_count columns of the orthogonal Q = I - Y T Y' span
   * them (kernels/rigid_motions.h); columns that a molecule does not need are zero; fixed batches only */
  q2_real *householder;        /* Y */
  q2_real *householder_factor; /* C = Y T */

  /* per molecule [basis_columns][ld]: columns b_i of observables that are b_i' H b_j */
  q2_real *basis;

  /* per molecule [order][ld]: QM modes times M^1/2, for pairing by overlap; NULL otherwise */
  q2_real *normal_mode;

  /* per residual */
  struct q2_residual *residual;

  /* per vibration, rows from molecule * order */
  int32_t *mode_reference; /* the reference that eigenvalue k pairs with, -1: none */
  int32_t *mode_residual;  /* by reference: the residual that compares it, -1: none */
  q2_real *reference;      /* cm-1 */
  q2_real *counted;        /* 1 where the reference enters the RMSD, else 0 */

  /* Where the sums over molecules find their terms (src/batch_sums.c). */
  int32_t *sum_start; /* [rows of the parameter table + 1] into sum_place */
  int32_t *sum_place; /* [2] molecule, its own number of the row; by row, molecules ascending */

  /* J'J: a molecule's variables are those that its parameters follow, ascending; V: all variables, 0 without J'J */
  int64_t variables;              /* V */
  int64_t max_variables;          /* of any molecule of any rank */
  int64_t jacobian_rows;          /* rows of a Jacobian's block */
  int64_t max_probed;             /* largest probed_count */
  int64_t *variable_start;        /* [molecules + 1] */
  int32_t *variable;              /* which one */
  int32_t *variable_source_start; /* [variables of the molecule + 1, from row variable_start[m] + m] into variable_source */
  int32_t *variable_source;       /* numbers in the molecule's parameter list; rows from parameter_start */
  int32_t *variable_place;        /* [molecules][V] place in the molecule's list, -1 */
  int32_t *probed_count;          /* [molecules] residuals whose rows need a probe of their own */
  int32_t *probed_residual;       /* their numbers; rows from residual_start */
};

#endif
