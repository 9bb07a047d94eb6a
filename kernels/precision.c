/* The table of precision modes. */
#include "precision.h"

#include <string.h>

/* clang-format off */
const struct q2_precision_mode q2_precision_modes[Q2_MODE_COUNT] = {
    /*                                         coordinates geometry terms Hessian projection eigen observables cotangent
                                                                                                 parameters reduction sums */
    [Q2_MODE_FP64] = {"fp64", "everything in float64",                          {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, Q2_REFINE_NOT},
    [Q2_MODE_FP32] = {"fp32", "float32, but for the terms' own derivatives",    {0, 0, 0, 1, 1, 1, 0, 1, 1, 0, 0}, Q2_REFINE_NOT},
    [Q2_MODE_PURE32] = {"pure32", "everything in float32",                      {0, 0, 1, 1, 1, 1, 0, 1, 1, 1, 0}, Q2_REFINE_NOT},
    [Q2_MODE_HESSIAN32] = {"hessian32", "fp32 with a float64 eigen-solver",     {0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0}, Q2_REFINE_NOT},
    [Q2_MODE_EIGEN32] = {"eigen32", "float64 with a float32 eigen-solver",      {0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0}, Q2_REFINE_NOT},
    [Q2_MODE_FP32_QUOTIENTS] = {"fp32_quotients", "fp32 with float64 Rayleigh quotients",
                                                                                {0, 0, 0, 1, 1, 1, 0, 1, 1, 0, 0}, Q2_REFINE_VALUES},
    [Q2_MODE_QUOTIENTS] = {"quotients", "float64 Hessian, float32 eigen-solver and cotangents, float64 Rayleigh quotients",
                                                                                {0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0}, Q2_REFINE_VALUES},
    [Q2_MODE_REFINED] = {"refined", "float64, the eigenvectors refined from float32 ones",
                                                                                {0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0}, Q2_REFINE_ALL},
    {"only_coordinates", "float64 with rounded coordinates",                    {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, Q2_REFINE_NOT},
    {"only_geometry", "float64 with rounded derivatives of coordinates",        {0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}, Q2_REFINE_NOT},
    {"only_terms", "float64, but the terms' derivatives",                       {0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}, Q2_REFINE_NOT},
    {"only_hessian", "float64, but pairs and the Hessian",                      {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}, Q2_REFINE_NOT},
    {"only_projection", "float64, but the projection",                          {0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}, Q2_REFINE_NOT},
    {"only_eigen", "float64, but the eigen-solver",                             {0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0}, Q2_REFINE_NOT},
    {"only_cotangent", "float64, but the Hessian's cotangent",                  {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}, Q2_REFINE_NOT},
    {"only_parameters", "float64, but the way back to terms and pairs",         {0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}, Q2_REFINE_NOT},
    {"only_reduction", "float64, but the way back to parameters",               {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0}, Q2_REFINE_NOT},
};
/* clang-format on */

int q2_precision_find(const char *name) {
  for (int p = 0; p < Q2_MODE_COUNT; p++) {
    if (strcmp(q2_precision_modes[p].name, name) == 0) return p;
  }
  return -1;
}

int q2_precision_mixes(const struct q2_precision_mode *mode) {
  for (int part = Q2_PART_TERMS; part < Q2_PART_COUNT; part++) {
    if (mode->single[part]) return 1;
  }
  return 0;
}

int q2_precision_rounds(const struct q2_precision_mode *mode) {
  return mode->single[Q2_PART_COORDINATES] || mode->single[Q2_PART_GEOMETRY];
}
