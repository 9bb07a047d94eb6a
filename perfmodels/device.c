/* Counting what an evaluation does on a device, and turning it into seconds. */
#include "device.h"

#include <math.h>

/* --- devices --- */

/* A100: NVIDIA A100 Tensor Core GPU data sheet (80 GB SXM) and Ampere architecture white paper. H100: NVIDIA H100 Tensor Core
 * GPU data sheet (SXM) and Hopper architecture white paper. RTX 5090: NVIDIA RTX Blackwell GPU architecture white paper, its
 * table of the GeForce RTX 5090; float64 at 1/64 of float32. Products of float32 without TF32, which would lose digits. */
const struct q2_device_rates q2_device_models[Q2_DEVICE_COUNT] = {
    {"A100 SXM 80 GB", {9.7e12, 19.5e12}, {19.5e12, 19.5e12}, 2.039e12, 80e9, 108, 1.41e9},
    {"H100 SXM 80 GB", {34e12, 67e12}, {67e12, 67e12}, 3.35e12, 80e9, 132, 1.98e9},
    {"RTX 5090 32 GB", {1.64e12, 104.8e12}, {1.64e12, 104.8e12}, 1.792e12, 32e9, 170, 2.407e9},
};

/* Assumptions: the share of the peaks that is reached, and latencies. Small batched products stay far below large ones; bodies
 * that gather by index lists keep the arithmetic units waiting. */
#define ATTAINED_VECTOR 0.25
#define ATTAINED_PRODUCT 0.4
#define ATTAINED_BANDWIDTH 0.8
#define LAUNCH_SECONDS 2.5e-6 /* one kernel of a captured graph, until the next one begins */
#define CALL_SECONDS 1e-5     /* a call of cuBLAS or cuSOLVER: several kernels */

/* --- counting: one molecule --- */

/* Operations of one body, counted in its source; of forms that differ, a harmonic term and Lennard-Jones with Coulomb. A
 * division, root or exponential counts as one. tests/test_device_cost.c counts them while the bodies run. */
enum {
  TERM_JET = 20,         /* q2_load_term */
  PAIR_JET = 87,         /* q2_load_pair: combining rule, Lennard-Jones, Coulomb, scaling */
  PAIR_BLOCK = 38,       /* q2_add_pair_block without its pair */
  PAIR_CONTRACT = 30,    /* q2_pair_contract of a given block: 9 x 3 and the trace */
  PAIR_COTANGENTS = 17,  /* q2_pair_back without these two */
  COTANGENT_BLOCK = 27,  /* q2_cotangent_block */
  ENTRY = 36,            /* G and D of an entry, forwards or backwards */
  PROBE_BLOCK = 4 * 27,  /* the three blocks of a probe's outer product */
  FREQUENCY = 23,        /* q2_frequencies and its share of q2_sums */
  PROBE_PAIR = 3 * 8 + 1 /* q2_pair_contract of a probe */
};

/* Indices that a body reads, 4 bytes each. */
enum {
  TERM_INDICES = 3 + 4 + 4, /* form, first piece, start; parameters and their rows */
  BLOCK_INDICES = 3,        /* start of the entries, class and special row of the pair */
  ENTRY_INDICES = 1,
  SOURCE_INDICES = 1
};

/* Reals that are stored by term, entry, pair: kernels/batch.h, kernels/wave.h. */
enum {
  COORDINATES = 3,
  CONSTANTS = 2,
  PARAMETERS = 4,
  ENTRY_REALS = 18,
  ENTRY_BARS = 2,
  PAIR_REALS = 4,
  PAIR_SLOPES = 13,
  PAIR_BARS = 3,
  RIGID = 6
};

static double reals(enum q2_precision precision, double count) {
  return precision == Q2_PRECISION_FLOAT64 ? 8 * count : 4 * count;
}

/* operations, reals and indices of `count` elements. */
static void add(struct q2_device_stage *stage, enum q2_precision precision, double count, double operations, double real_count,
                double indices) {
  stage->operations[precision] += count * operations;
  stage->bytes += count * (reals(precision, real_count) + 4 * indices);
}

/* A product of m x k and k x n; passes: how often the m x n result is read or written. */
static void multiply(struct q2_device_stage *stage, enum q2_precision precision, double m, double n, double k, double passes) {
  stage->products[precision] += 2 * m * n * k;
  stage->bytes += reals(precision, m * k + k * n + passes * m * n);
}

/* Pairs that interact: all but those of bonds and angles, which are about half of the terms. */
static double interacting(const struct q2_cost_sizes *sizes) {
  const double blocks = 0.5 * sizes->atoms * (sizes->atoms - 1.0);
  return sizes->nonbonded ? fmax(0, blocks - 0.5 * (double)sizes->terms) : 0;
}

static void add_terms(const struct q2_cost_sizes *sizes, enum q2_precision precision, struct q2_device_stage *stage) {
  add(stage, precision, (double)sizes->terms, TERM_JET, COORDINATES + CONSTANTS + PARAMETERS + 3, TERM_INDICES);
  if (sizes->nonbonded) add(stage, precision, sizes->atoms, 0, 2, 2); /* charges */
}

static void add_hessian(const struct q2_cost_sizes *sizes, enum q2_precision precision, struct q2_device_stage *stage) {
  const double atoms = sizes->atoms, blocks = 0.5 * atoms * (atoms - 1), c = 3 * atoms;
  add(stage, precision, blocks, 0, 2 * 9, BLOCK_INDICES);
  add(stage, precision, (double)sizes->entries, ENTRY, ENTRY_REALS + 2, ENTRY_INDICES);
  add(stage, precision, interacting(sizes), PAIR_JET + PAIR_BLOCK, PAIR_REALS, 0);
  add(stage, precision, 2 * blocks, 9, 9, 0); /* the diagonal from the rest of its rows */
  add(stage, precision, atoms, 18, 9, 0);     /* and made symmetric */
  add(stage, precision, c * c, 2, 2, 0);      /* mass-weighting */
}

static void add_projection(const struct q2_cost_sizes *sizes, enum q2_precision precision, struct q2_device_stage *stage) {
  const double c = 3.0 * sizes->atoms, n = sizes->order;
  if (sizes->rigid) {
    multiply(stage, precision, c, RIGID, c, 1);
    add(stage, precision, RIGID * RIGID, 2 * c, 1, 0);
    stage->bytes += reals(precision, 2 * RIGID * c);
    add(stage, precision, RIGID * c, 3 * RIGID, 6, 0);
    multiply(stage, precision, c, c, 2 * RIGID, 2);
  }
  add(stage, precision, n * n, 0, 2, 0); /* the vibrations' block */
  add(stage, precision, n * n, 2, 1, 0); /* bounds of its rows */
}

static void add_displacements(const struct q2_cost_sizes *sizes, enum q2_precision precision, struct q2_device_stage *stage) {
  const double c = 3.0 * sizes->atoms, n = sizes->order;
  add(stage, precision, c * n, 0, 2, 0);
  if (sizes->rigid) {
    multiply(stage, precision, RIGID, n, c, 1);
    multiply(stage, precision, c, n, RIGID, 2);
  }
  add(stage, precision, c * n, 1, 2, 0);
}

/* Back from W, or from a probe whose blocks take `block` and whose pairs take `pair` operations. */
static void add_parameters(const struct q2_cost_sizes *sizes, const struct q2_device_mode *mode, struct q2_device_stage *stage,
                           double block, double pair, double block_reals) {
  const double atoms = sizes->atoms, blocks = 0.5 * atoms * (atoms - 1);
  const enum q2_precision precision = mode->stage[Q2_COST_PARAMETERS];
  const double bonded = fmin((double)sizes->terms, blocks), pairs = interacting(sizes); /* about a block a term */
  add(stage, precision, bonded, block, block_reals, 0);
  add(stage, precision, blocks, 0, 0, BLOCK_INDICES);
  add(stage, precision, (double)sizes->entries, ENTRY, ENTRY_REALS + ENTRY_BARS, 0);
  add(stage, mode->reduction, (double)sizes->entries, 2, ENTRY_BARS, ENTRY_INDICES);
  add(stage, mode->reduction, (double)sizes->terms, TERM_JET + 2 * PARAMETERS, COORDINATES + CONSTANTS + 2 * PARAMETERS,
      TERM_INDICES);
  add(stage, precision, pairs, pair + PAIR_COTANGENTS, block_reals + PAIR_REALS + PAIR_SLOPES + PAIR_BARS, 0);
  add(stage, precision, 2 * pairs, 6, PAIR_BARS + 3, 1);
  add(stage, mode->reduction, PARAMETERS * (double)sizes->terms + 2 * atoms * sizes->nonbonded, 1, 1, SOURCE_INDICES);
}

/* Slopes of pairs: once an evaluation, however many probes follow. */
static void add_pair_slopes(const struct q2_cost_sizes *sizes, enum q2_precision precision, struct q2_device_stage *stage) {
  add(stage, precision, interacting(sizes), PAIR_JET, PAIR_REALS + PAIR_SLOPES, 2);
}

static void scale(struct q2_device_stage *stage, double factor) {
  for (int p = 0; p < Q2_PRECISION_COUNT; p++) {
    stage->operations[p] *= factor;
    stage->products[p] *= factor;
  }
  stage->bytes *= factor;
}

static void gather(struct q2_device_stage *sum, const struct q2_device_stage *stage) {
  for (int p = 0; p < Q2_PRECISION_COUNT; p++) {
    sum->operations[p] += stage->operations[p];
    sum->products[p] += stage->products[p];
  }
  sum->bytes += stage->bytes;
}

/* One step of a relaxation; the coordinates of the moved geometry are left out beside its Hessian. */
static void add_relaxation(const struct q2_cost_sizes *sizes, struct q2_device_work *work) {
  const enum q2_precision precision = work->mode.stage[Q2_COST_RELAX];
  struct q2_device_stage step = {{0}, {0}, 0, 0, 0};
  add_terms(sizes, precision, &step);
  add_hessian(sizes, precision, &step);
  add_projection(sizes, precision, &step);
  step.bytes += reals(precision, 4.0 * sizes->order * sizes->order);
  add_displacements(sizes, precision, &step);
  add(&step, precision, 6.0 * sizes->atoms * sizes->order, 2, 1, 0);
  scale(&step, Q2_COST_NEWTON_STEPS);
  gather(&work->stage[Q2_COST_RELAX], &step);
}

/* Twice the size of a number: it is read in one precision and written in the other. */
static void convert(struct q2_device_stage *stage, int differ, double count) { stage->bytes += differ ? 12 * count : 0; }

/* The large arrays that one stage leaves to another in the other precision. */
static void add_conversions(const struct q2_cost_sizes *sizes, const struct q2_device_mode *mode,
                            struct q2_device_stage stage[Q2_COST_STAGES]) {
  const double c = 3.0 * sizes->atoms, n = sizes->order, refined = mode->refinement != Q2_DEVICE_REFINE_NOT;
  const enum q2_precision *p = mode->stage, vectors = refined ? Q2_PRECISION_FLOAT64 : p[Q2_COST_EIGEN];
  convert(&stage[Q2_COST_HESSIAN], p[Q2_COST_TERMS] != p[Q2_COST_HESSIAN], 2 * (double)sizes->terms);
  convert(&stage[Q2_COST_PROJECT], p[Q2_COST_HESSIAN] != p[Q2_COST_PROJECT], c * c);
  convert(&stage[Q2_COST_EIGEN], p[Q2_COST_PROJECT] != p[Q2_COST_EIGEN], n * n);
  convert(&stage[Q2_COST_EIGEN], refined && p[Q2_COST_PROJECT] != Q2_PRECISION_FLOAT64, n * n); /* the matrix */
  convert(&stage[Q2_COST_EIGEN], refined, n * n);                                               /* its eigenvectors */
  convert(&stage[Q2_COST_COTANGENT], vectors != p[Q2_COST_COTANGENT], n * n);
  convert(&stage[Q2_COST_PARAMETERS], p[Q2_COST_COTANGENT] != p[Q2_COST_PARAMETERS], c * c);
  convert(&stage[Q2_COST_PARAMETERS], p[Q2_COST_PARAMETERS] != mode->reduction,
          2 * ENTRY_BARS * (double)sizes->entries + 3 * PARAMETERS * (double)sizes->terms);
}

/* Steps of the refinement that a device makes: it cannot stop early (kernels/refine.c). */
enum { REFINE_STEPS = 4 };

static void add_refinement(const struct q2_cost_sizes *sizes, const struct q2_device_mode *mode,
                           struct q2_device_stage *stage) {
  const double n = sizes->order;
  const int steps = mode->refinement == Q2_DEVICE_REFINE_ALL ? REFINE_STEPS : 0;
  if (mode->refinement == Q2_DEVICE_REFINE_VALUES) {
    multiply(stage, Q2_PRECISION_FLOAT64, n, n, n, 1);
    add(stage, Q2_PRECISION_FLOAT64, n * n, 5, 4, 0); /* quotients, and columns of length 1 */
  }
  for (int step = 0; step < steps; step++) {
    for (int product = 0; product < 4; product++)
      multiply(stage, Q2_PRECISION_FLOAT64, n, n, n, 1);
    add(stage, Q2_PRECISION_FLOAT64, n * n, 4, 2, 0);   /* squares of S and R */
    add(stage, Q2_PRECISION_FLOAT64, n * n, 3.5, 3, 0); /* the correction, a pair of elements at a time */
    add(stage, Q2_PRECISION_FLOAT64, n * n, 2, 4, 0);   /* added; the largest */
  }
  if (mode->refinement != Q2_DEVICE_REFINE_NOT) add(stage, Q2_PRECISION_FLOAT64, n * n, 0, 2, 0); /* in order */
}

void q2_device_add_molecule(const struct q2_cost_sizes *sizes, struct q2_device_work *work) {
  const double c = 3.0 * sizes->atoms, n = sizes->order;
  const struct q2_device_mode *mode = &work->mode;
  const enum q2_precision *p = mode->stage;
  const int geometries = sizes->relaxed ? 2 : 1;
  struct q2_device_stage own[Q2_COST_STAGES] = {{{0}, {0}, 0, 0, 0}};
  add_terms(sizes, p[Q2_COST_TERMS], &own[Q2_COST_TERMS]);
  add_hessian(sizes, p[Q2_COST_HESSIAN], &own[Q2_COST_HESSIAN]);
  add_projection(sizes, p[Q2_COST_PROJECT], &own[Q2_COST_PROJECT]);
  own[Q2_COST_EIGEN].bytes +=
      reals(p[Q2_COST_EIGEN], 4 * n * n); /* the matrix in, vectors out, and once through the tridiagonal form */
  add_refinement(sizes, mode, &own[Q2_COST_EIGEN]);
  add(&own[Q2_COST_OBSERVABLES], p[Q2_COST_OBSERVABLES], n, FREQUENCY, 8, 12);
  add_displacements(sizes, p[Q2_COST_COTANGENT], &own[Q2_COST_COTANGENT]);
  add(&own[Q2_COST_COTANGENT], p[Q2_COST_COTANGENT], c * n, 1, 2, 0);
  multiply(&own[Q2_COST_COTANGENT], p[Q2_COST_COTANGENT], c, c, n, 1);
  add(&own[Q2_COST_COTANGENT], p[Q2_COST_COTANGENT], c, 0, 2, 0);
  add_pair_slopes(sizes, p[Q2_COST_PARAMETERS], &own[Q2_COST_PARAMETERS]);
  add_parameters(sizes, mode, &own[Q2_COST_PARAMETERS], COTANGENT_BLOCK, COTANGENT_BLOCK + PAIR_CONTRACT, 9);
  add_conversions(sizes, mode, own);
  for (int s = 0; s < Q2_COST_STAGES; s++) {
    const int again = s == Q2_COST_OBSERVABLES || s == Q2_COST_COTANGENT || s == Q2_COST_PARAMETERS;
    scale(&own[s], again ? geometries : 1);
    gather(&work->stage[s], &own[s]);
  }
  if (sizes->relaxed) add_relaxation(sizes, work);
  work->table_bytes += (double)q2_cost_table_bytes(sizes);
  work->wave_bytes += (double)q2_cost_wave_bytes(sizes);
}

void q2_device_add_normal(const struct q2_cost_sizes *sizes, struct q2_device_work *work) {
  const struct q2_device_mode *mode = &work->mode;
  struct q2_device_stage probe = {{0}, {0}, 0, 0, 0}, *stage = &work->stage[Q2_COST_PARAMETERS];
  const double c = 3.0 * sizes->atoms, parameters = (double)sizes->parameters, rows = sizes->order;
  add(&probe, mode->stage[Q2_COST_COTANGENT], c, 0, 5, 0);
  add_parameters(sizes, mode, &probe, PROBE_BLOCK + COTANGENT_BLOCK, PROBE_PAIR, 4 * 3);
  add(&probe, mode->stage[Q2_COST_OBSERVABLES], parameters, 1, 2, 1);
  scale(&probe, rows);
  gather(stage, &probe);
  multiply(stage, mode->stage[Q2_COST_OBSERVABLES], parameters, parameters, rows, 2);
}

/* --- counting: launches --- */

static void launch(struct q2_device_stage *stage, double launches, double calls) {
  stage->launches += launches;
  stage->calls += calls;
}

/* Stages 1 to 4 and the displacements, as the steps of a relaxation meet them too. */
static void launch_forces(const struct q2_device_batch *b, struct q2_device_stage *stage) {
  launch(stage, 1 + (b->nonbonded ? 1 : 0) + (b->energies || b->moving ? 2 : 0) + (b->gradients || b->moving ? 1 : 0), 0);
}
static void launch_hessian(const struct q2_device_batch *b, struct q2_device_stage *stage) {
  launch(stage, 2 + (b->sites && b->nonbonded ? 2 : 0), 0);
}
static void launch_projection(const struct q2_device_batch *b, struct q2_device_stage *stage) {
  launch(stage, 1 + (b->rigid ? 2 : 0) + (b->padded ? 2 : 0), b->rigid ? 2 : 0);
}
static void launch_displacements(const struct q2_device_batch *b, struct q2_device_stage *stage) {
  launch(stage, 2, b->rigid ? 2 : 0);
}

static void launch_parameters(const struct q2_device_batch *b, struct q2_device_stage *stage, double times) {
  launch(stage, times * (3 + (b->nonbonded_varies ? 3 : 0) + (b->moving ? 2 + (b->modes ? 2 : 0) : 0)), 0);
}

static void launch_relaxation(const struct q2_device_batch *b, struct q2_device_stage *stage) {
  struct q2_device_stage step = {{0}, {0}, 0, 0, 0};
  launch_forces(b, &step);
  launch_hessian(b, &step);
  launch_projection(b, &step);
  launch_displacements(b, &step);
  launch(&step, 3 + 1 + 3, 1); /* coordinates, pairs, rigid motions; mass-weighting; the step; the decomposition */
  launch(stage, 1 + Q2_COST_NEWTON_STEPS * step.launches, Q2_COST_NEWTON_STEPS * step.calls);
}

void q2_device_launches(const struct q2_device_batch *b, struct q2_device_stage stage[Q2_COST_STAGES]) {
  if (b->moving) {
    launch_relaxation(b, &stage[Q2_COST_RELAX]);
  } else {
    launch_forces(b, &stage[Q2_COST_TERMS]);
    launch_hessian(b, &stage[Q2_COST_HESSIAN]);
    launch(&stage[Q2_COST_HESSIAN], 1, 0); /* mass-weighting */
    launch_projection(b, &stage[Q2_COST_PROJECT]);
    launch(&stage[Q2_COST_EIGEN], 0, 1);
  }
  launch(&stage[Q2_COST_HESSIAN], 1, b->basis ? 2 : 0); /* residuals */
  launch(&stage[Q2_COST_OBSERVABLES], 2, 0);
  if (!b->residuals) return;
  if (b->modes && !b->moving) launch_displacements(b, &stage[Q2_COST_COTANGENT]);
  launch(&stage[Q2_COST_COTANGENT],
         1 + (b->basis ? 2 : 0) + (b->elements ? 1 : 0) + 1 + (b->gradients ? 1 : 0) + (b->moving ? 1 : 0),
         (b->modes ? 1 : 0) + (b->basis ? 2 : 0));
  launch(&stage[Q2_COST_PARAMETERS], b->nonbonded_varies ? 1 : 0, 0);
  launch_parameters(b, &stage[Q2_COST_PARAMETERS], 1);
}

void q2_device_normal_launches(const struct q2_device_batch *batch, int order, struct q2_device_stage stage[Q2_COST_STAGES]) {
  launch(&stage[Q2_COST_PARAMETERS], 2.0 * order, 1); /* the probe, its row; the square */
  launch_parameters(batch, &stage[Q2_COST_PARAMETERS], order);
}

void q2_device_mode_launches(const struct q2_device_batch *b, const struct q2_device_mode *mode,
                             struct q2_device_stage stage[Q2_COST_STAGES]) {
  const enum q2_precision *p = mode->stage, t = p[Q2_COST_TERMS], h = p[Q2_COST_HESSIAN], r = mode->reduction,
                          e = mode->refinement ? Q2_PRECISION_FLOAT64 : p[Q2_COST_EIGEN];
  const int refined = mode->refinement != Q2_DEVICE_REFINE_NOT, steps = REFINE_STEPS;
  if (b->moving) return;
  launch(&stage[Q2_COST_TERMS], t || h || p[Q2_COST_PARAMETERS] || r ? 1 : 0, 0); /* the parameters */
  launch(&stage[Q2_COST_HESSIAN], t != h ? 3 : 0, 0);                             /* of terms: f'', f'; charges */
  launch(&stage[Q2_COST_HESSIAN], t ? 1 : 0, 0);                                  /* the gradient's place */
  launch(&stage[Q2_COST_PROJECT], h != p[Q2_COST_PROJECT] ? 1 : 0, 0);
  launch(&stage[Q2_COST_EIGEN], p[Q2_COST_PROJECT] != p[Q2_COST_EIGEN] ? 2 : 0, 0); /* the matrix, sums of its columns */
  if (refined) launch(&stage[Q2_COST_EIGEN], 1 + (p[Q2_COST_PROJECT] ? 1 : 0), 0);
  if (mode->refinement == Q2_DEVICE_REFINE_VALUES) launch(&stage[Q2_COST_EIGEN], 4, 1);
  if (mode->refinement == Q2_DEVICE_REFINE_ALL) launch(&stage[Q2_COST_EIGEN], 2 + 5 * steps + 3 * (steps - 1), 4 * steps);
  launch(&stage[Q2_COST_OBSERVABLES], (e ? 1 : 0) + (t ? 1 : 0), 0); /* eigenvalues, the energy's place */
  launch(&stage[Q2_COST_COTANGENT], (e != p[Q2_COST_COTANGENT] ? 1 : 0) + (p[Q2_COST_COTANGENT] ? 2 : 0), 0);
  launch(&stage[Q2_COST_PARAMETERS], (t == h && t != p[Q2_COST_PARAMETERS] ? 1 : 0), 0); /* charges */
  launch(&stage[Q2_COST_PARAMETERS], p[Q2_COST_COTANGENT] != p[Q2_COST_PARAMETERS] ? 6 : 0, 0);
  launch(&stage[Q2_COST_PARAMETERS], p[Q2_COST_PARAMETERS] != r ? (b->nonbonded_varies ? 5 : 2) : 0, 0);
  launch(&stage[Q2_COST_PARAMETERS], p[Q2_COST_COTANGENT] == p[Q2_COST_PARAMETERS] && p[Q2_COST_COTANGENT] != r ? 2 : 0, 0);
  launch(&stage[Q2_COST_PARAMETERS], r ? 2 : 0, 0); /* the gradient, that of probes */
}

/* --- seconds --- */

/* Batched decompositions are the least certain number. The law rests on one public set of timings of cusolverDnXsyevBatched
 * (with vectors; GeForce RTX 4080, 76 multiprocessors at 2.505 GHz, 48.7e12 operations a second in float32 and 1/64 of it in
 * float64; CUDA 12.8; notes to PyTorch issue 175585): float64, 1,024 matrices: n = 33 15.1 ms, 48 21.9 ms, 64 30.4 ms, 128
 * 145.7 ms; 64 matrices of 512 about 161 ms; float32, 1,024 of 33: 3.3 ms. With 9 n^3 operations a matrix, spread over the
 * multiprocessors,
 *
 *     1 / rate = 1 / (share(n) peak) + 1 / (0.53 (n / 33) clock)     of one multiprocessor,
 *
 * the second from float32, where arithmetic is not what limits: latency, so many operations a cycle; the first from float64,
 * where it does. On the H100 in float64 this comes to 1 to 3 % of the peak, as is reported for large matrices (Wang et al.,
 * "Extracting the Potential of Emerging Hardware Accelerators for Symmetric Eigenvalue Decomposition": below 3 %). */
#define LATENCY_RATE 0.53 /* operations a cycle of a multiprocessor, at LATENCY_ORDER, in proportion to the order */
#define LATENCY_ORDER 33.0
#define ALONE_COLUMN 3.8e-5 /* seconds a column of a single matrix, launch after launch (4.9 ms at n = 128, same source) */

static double share_of_peak(double n) {
  static const double order[] = {33, 48, 64, 128, 512}, share[] = {0.037, 0.09, 0.177, 0.265, 0.9};
  if (n <= order[0]) return share[0];
  for (int k = 0; k < 4; k++) {
    if (n < order[k + 1]) return share[k] * pow(n / order[k], log(share[k + 1] / share[k]) / log(order[k + 1] / order[k]));
  }
  return share[4];
}

double q2_device_eigen(const struct q2_device_rates *device, enum q2_precision precision, int order) {
  const double n = order, operations = 9 * n * n * n;
  if (order <= 0) return 0;
  const double arithmetic = share_of_peak(n) * device->vector[precision] / device->multiprocessors,
               latency = LATENCY_RATE * (n / LATENCY_ORDER) * device->clock;
  return operations / arithmetic + operations / latency;
}

double q2_device_eigen_alone(const struct q2_device_rates *device, enum q2_precision precision, int order) {
  const double batched = q2_device_eigen(device, precision, order), alone = ALONE_COLUMN * order;
  return batched < alone ? batched : alone;
}

/* Operations in either precision, at the share of its peak that is reached. */
static double arithmetic_seconds(const struct q2_device_rates *device, const struct q2_device_stage *stage) {
  double seconds = 0;
  for (int p = 0; p < Q2_PRECISION_COUNT; p++)
    seconds += stage->operations[p] / (ATTAINED_VECTOR * device->vector[p]) +
               stage->products[p] / (ATTAINED_PRODUCT * device->product[p]);
  return seconds;
}

double q2_device_seconds(const struct q2_device_rates *device, const struct q2_device_work *work, double eigen, double longest,
                         double *stage) {
  double total = 0;
  for (int s = 0; s < Q2_COST_STAGES; s++) {
    const struct q2_device_stage *w = &work->stage[s];
    const double memory = w->bytes / (ATTAINED_BANDWIDTH * device->bandwidth);
    double seconds = fmax(arithmetic_seconds(device, w), memory) + w->launches * LAUNCH_SECONDS + w->calls * CALL_SECONDS;
    if (s == Q2_COST_EIGEN) seconds += fmax(eigen / device->multiprocessors, longest);
    if (stage) stage[s] = seconds;
    total += seconds;
  }
  return total;
}

/* A mode that mixes keeps tables and work space in both precisions; nearly all of them are reals. */
double q2_device_memory(const struct q2_device_work *work) {
  int singles = work->mode.reduction != Q2_PRECISION_FLOAT64;
  for (int s = 0; s < Q2_COST_STAGES; s++)
    singles |= work->mode.stage[s] != Q2_PRECISION_FLOAT64;
  return (singles ? 1.5 : 1) * (work->table_bytes + work->wave_bytes);
}
