/* Small files of every program that io/formats reads, made up for tests: one molecule of three atoms, written as each program
 * would. What a test expects is what was printed: sample_number. */
#ifndef Q2_MOLECULE_SAMPLES_H
#define Q2_MOLECULE_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct sample {
  char *text; /* [size + 1], terminated */
  size_t size, capacity;
};

/* Appends; release with sample_free. */
void sample_print(struct sample *sample, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sample_bytes(struct sample *sample, const void *bytes, size_t size);
void sample_free(struct sample *sample);

/* The number that a file has when `value` is printed into it by printf's `format`. */
double sample_number(const char *format, double value);

enum { SAMPLE_ATOMS = 3, SAMPLE_N = 9, SAMPLE_MODES = 3 };
extern const int32_t sample_element[SAMPLE_ATOMS];
extern const double sample_mass[SAMPLE_ATOMS];      /* amu; the third is not the most abundant isotope */
extern const double sample_position[SAMPLE_N];      /* in the file's unit */
extern const double sample_frequency[SAMPLE_MODES]; /* cm-1 */
double sample_gradient(int k);                      /* hartree/bohr */
double sample_hessian(int i, int j);                /* hartree/bohr^2, symmetric */

/* The files. `sample` must be zero. */
void sample_fchk(struct sample *sample, int other_weights); /* than Vib-AtMass has */
void sample_gaussian_log(struct sample *sample, char separator, int z_matrix);
void sample_jaguar_input(struct sample *sample);
void sample_jaguar_output(struct sample *sample);
void sample_orca(struct sample *sample, int columns);
void sample_xyz(struct sample *sample, int frames);
void sample_npy(struct sample *sample, int version, int width, int by_columns);
void sample_square(struct sample *sample);
void sample_triangle(struct sample *sample);

#endif
