/* What an evaluation should cost on a GPU: floating-point operations, bytes, launches and library calls, counted from the
 * bodies of kernels/ and the sizes of the molecules, and seconds by published rates. A forecast: nothing in it was measured on
 * the devices that it names.
 *
 * A stage takes max(operations / rate, bytes / bandwidth) + launches x latency + calls x latency; the eigen-decompositions have
 * a law of their own (device.c). Rates are the vendor's peaks times a fraction that is assumed to be reached. */
#ifndef Q2_DEVICE_H
#define Q2_DEVICE_H

#include "cost.h"

enum q2_precision { Q2_PRECISION_FLOAT64, Q2_PRECISION_FLOAT32, Q2_PRECISION_COUNT };

/* What is done to a decomposition in float32 with the float64 matrix at hand (kernels/refine.h). */
enum q2_device_refinement { Q2_DEVICE_REFINE_NOT, Q2_DEVICE_REFINE_VALUES, Q2_DEVICE_REFINE_ALL };

/* The precision of each stage. All zero: float64. */
struct q2_device_mode {
  enum q2_precision stage[Q2_COST_STAGES]; /* of PARAMETERS: the way back to terms and pairs; RELAX is always float64 */
  enum q2_precision reduction;             /* the rest of PARAMETERS: from terms and pairs to the parameters, and J'J */
  enum q2_device_refinement refinement;
};

/* One device, as its vendor describes it. */
struct q2_device_rates {
  const char *name;
  double vector[Q2_PRECISION_COUNT];  /* operations a second of the arithmetic units, a multiply-add counting as two */
  double product[Q2_PRECISION_COUNT]; /* the same in matrix products without loss of precision (float64: tensor cores) */
  double bandwidth;                   /* bytes a second of its memory */
  double memory;                      /* bytes */
  double multiprocessors, clock;      /* their number; 1/s */
};
enum { Q2_DEVICE_COUNT = 3 };
extern const struct q2_device_rates q2_device_models[Q2_DEVICE_COUNT];

/* What a stage does in one evaluation of the molecules counted so far. */
struct q2_device_stage {
  double operations[Q2_PRECISION_COUNT]; /* of the kernels' bodies */
  double products[Q2_PRECISION_COUNT];   /* operations of the matrix products, 2 m n k each */
  double bytes;                          /* read from and written to the device's memory, each array once a kernel */
  double launches;                       /* kernels */
  double calls;                          /* of cuBLAS and cuSOLVER */
};

/* Sums over the molecules of one rank. The eigen-decompositions are counted apart: seconds on one multiprocessor depend on
 * device, precision and order. */
struct q2_device_work {
  struct q2_device_mode mode;
  struct q2_device_stage stage[Q2_COST_STAGES];
  double table_bytes, wave_bytes; /* what stays during the fit; work space, all molecules in one wave */
};

/* Which kernels an evaluation of a batch runs: its flags in kernels/batch.h. */
struct q2_device_batch {
  int moving, rigid, residuals, nonbonded, nonbonded_varies, energies, gradients, modes, elements, sites, basis, padded;
};

/* Kernels launched, and library calls made, in one wave of one batch, by stage, added to `stage`; of the relaxation: with
 * Q2_COST_NEWTON_STEPS steps. What the backend adds of its own (Q2_DEVICE_CHECKS, Q2_DEVICE_SUMS) is not among them. */
void q2_device_launches(const struct q2_device_batch *batch, struct q2_device_stage stage[Q2_COST_STAGES]);

/* What the mode adds to them in a wave of a fixed batch without bases, gradients, elements and energies: arrays that are
 * converted between stages (kernels/mixed.c), and the refinement. The parameters are converted once a wave. */
void q2_device_mode_launches(const struct q2_device_batch *batch, const struct q2_device_mode *mode,
                             struct q2_device_stage stage[Q2_COST_STAGES]);

enum {
  Q2_DEVICE_CHECKS = 6, /* launches around a decomposition that find matrices which failed */
  Q2_DEVICE_SUMS = 4    /* launches at the end of a wave that turn shares into fixed-point sums */
};

/* Value and gradient of one molecule: operations and bytes, added to `work`. */
void q2_device_add_molecule(const struct q2_cost_sizes *sizes, struct q2_device_work *work);

/* What J'J adds for one molecule: a backward pass for each vibration, and the square of the rows. With the launches of one wave
 * of one bucket of such molecules: q2_device_normal_launches. */
void q2_device_add_normal(const struct q2_cost_sizes *sizes, struct q2_device_work *work);
void q2_device_normal_launches(const struct q2_device_batch *batch, int order, struct q2_device_stage stage[Q2_COST_STAGES]);

/* Seconds of one matrix of that order, with eigenvectors, on one multiprocessor of the device. */
double q2_device_eigen(const struct q2_device_rates *device, enum q2_precision precision, int order);

/* The same where a single matrix has the device for itself. */
double q2_device_eigen_alone(const struct q2_device_rates *device, enum q2_precision precision, int order);

/* Seconds of one evaluation: `work`, and eigen-decompositions that take `eigen` seconds on one multiprocessor together and
 * `longest` seconds where the largest has the device for itself. stage: [Q2_COST_STAGES] set, or NULL. */
double q2_device_seconds(const struct q2_device_rates *device, const struct q2_device_work *work, double eigen, double longest,
                         double *stage);

/* Bytes of device memory that `work` needs besides the libraries' own. */
double q2_device_memory(const struct q2_device_work *work);

#endif
