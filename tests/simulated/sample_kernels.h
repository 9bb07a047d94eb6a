/* Kernels of the simulated device's own tests: one that is right, others with one mistake each. */
#ifndef Q2_SAMPLE_KERNELS_H
#define Q2_SAMPLE_KERNELS_H

struct vector {
  double *x;
  int n;
};

#define Q2_TEST_ELEMENT (int)(blockIdx.x * blockDim.x + threadIdx.x)

extern "C" __global__ void __launch_bounds__(64) test_fill(const __grid_constant__ struct vector v, double value) {
  const int k = Q2_TEST_ELEMENT;
  if (k < v.n) v.x[k] = value;
}

/* Rows of a plane by y, as kernels over slots have it. */
extern "C" __global__ void test_place(double *x, int columns) {
  const int k = Q2_TEST_ELEMENT;
  if (k < columns) x[blockIdx.y * columns + k] = 100 * blockIdx.y + k;
}

/* y += x */
extern "C" __global__ void test_add(const __grid_constant__ struct vector y, const double *x) {
  const int k = Q2_TEST_ELEMENT;
  if (k < y.n) y.x[k] += x[k];
}

/* Neighbouring bytes have different owners, which is right. */
extern "C" __global__ void test_bytes(unsigned char *x, int n) {
  const int k = Q2_TEST_ELEMENT;
  if (k < n) x[k] = (unsigned char)k;
}

extern "C" __global__ void test_no_index_check(struct vector v) { v.x[Q2_TEST_ELEMENT] = 1; }

extern "C" __global__ void test_underrun(struct vector v) {
  const int k = Q2_TEST_ELEMENT;
  if (k < v.n) v.x[k - 1] = 1;
}

extern "C" __global__ void test_write_twice(struct vector v) {
  const int k = Q2_TEST_ELEMENT;
  if (k < v.n) v.x[k / 2] = 1;
}

/* An element is read before its owner writes it, or after: */
extern "C" __global__ void test_race_ahead(struct vector v) {
  const int k = Q2_TEST_ELEMENT;
  if (k + 1 < v.n) v.x[k] = v.x[k + 1];
}

extern "C" __global__ void test_race_behind(struct vector v) {
  const int k = Q2_TEST_ELEMENT;
  if (k > 0 && k < v.n) v.x[k] = v.x[k - 1];
}

#endif
