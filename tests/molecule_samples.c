/* Small files of every program that io/formats reads, made up for tests. */
#include "molecule_samples.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const int32_t sample_element[SAMPLE_ATOMS] = {8, 1, 1};
const double sample_mass[SAMPLE_ATOMS] = {15.99491, 1.00783, 2.0141};
const double sample_position[SAMPLE_N] = {0.0125, -0.25, 0.75, 1.5, 0.125, -0.5, -1.25, 0.875, 0.0625};
const double sample_frequency[SAMPLE_MODES] = {-120.5, 1600.25, 3700.75};

double sample_gradient(int k) { return (k * 5 % 9 - 4) * 1.25e-5; }

double sample_hessian(int i, int j) {
  const int low = i < j ? i : j, high = i < j ? j : i;
  return (i == j) * 0.5 + ((high + 1) * (low + 2) * 7 % 23 - 11) * 0.0123456;
}

void sample_bytes(struct sample *sample, const void *bytes, size_t size) {
  if (sample->size + size + 1 > sample->capacity) {
    sample->capacity = 2 * (sample->size + size + 1);
    sample->text = realloc(sample->text, sample->capacity);
    if (!sample->text) abort();
  }
  memcpy(sample->text + sample->size, bytes, size);
  sample->size += size;
  sample->text[sample->size] = '\0';
}

void sample_print(struct sample *sample, const char *format, ...) {
  char piece[4096];
  va_list values;
  va_start(values, format);
  const int length = vsnprintf(piece, sizeof piece, format, values);
  va_end(values);
  if (length < 0 || (size_t)length >= sizeof piece) abort();
  sample_bytes(sample, piece, (size_t)length);
}

void sample_free(struct sample *sample) {
  free(sample->text);
  memset(sample, 0, sizeof *sample);
}

static const char *print_real(char *text, size_t size, const char *format, double value) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  snprintf(text, size, format, value);
#pragma GCC diagnostic pop
  return text;
}

double sample_number(const char *format, double value) {
  char text[64];
  return strtod(print_real(text, sizeof text, format, value), NULL);
}

/* `count` reals, `across` in a line. */
static void print_reals(struct sample *sample, const char *format, int across, int count, const double *values) {
  char text[64];
  for (int k = 0; k < count; k++)
    sample_print(sample, "%s%s", print_real(text, sizeof text, format, values[k]),
                 (k + 1) % across == 0 || k + 1 == count ? "\n" : "");
}

static void fill(double *gradient, double *hessian) {
  for (int k = 0; k < SAMPLE_N; k++)
    gradient[k] = sample_gradient(k);
  for (int i = 0; i < SAMPLE_N; i++)
    for (int j = 0; j <= i; j++)
      *hessian++ = sample_hessian(i, j);
}

void sample_fchk(struct sample *sample, int other_weights) {
  double gradient[SAMPLE_N], hessian[SAMPLE_N * (SAMPLE_N + 1) / 2];
  const double modes[2 * SAMPLE_MODES] = {sample_frequency[0], sample_frequency[1], sample_frequency[2], 1.5, 2.5, 3.5};
  fill(gradient, hessian);
  sample_print(sample, "A made up molecule\n%-10s%-30s%-30s\n", "Freq", "RB3LYP", "6-31G(d)");
  sample_print(sample, "%-40s   I     %12d\n", "Number of atoms", 3);
  sample_print(sample, "%-40s   C   N=%12d\nmade up     \n", "Route", 1);
  sample_print(sample, "%-40s   I     %12d\n%-40s   I     %12d\n", "Charge", -1, "Multiplicity", 2);
  sample_print(sample, "%-40s   R     %22.15E\n%-40s   R     %22.15E\n", "SCF Energy", -76.25, "Total Energy", -76.375);
  sample_print(sample, "%-40s   I   N=%12d\n%12d%12d%12d\n", "Atomic numbers", 3, 8, 1, 1);
  sample_print(sample, "%-40s   R   N=%12d\n", "Current cartesian coordinates", 9);
  print_reals(sample, "%16.8E", 5, 9, sample_position);
  sample_print(sample, "%-40s   I   N=%12d\n%12d%12d%12d\n", "Integer atomic weights", 3, 16, 1, 2);
  sample_print(sample, "%-40s   R   N=%12d\n", "Real atomic weights", 3);
  print_reals(sample, "%16.8E", 5, 3, other_weights ? (const double[]){16, 1, 1} : sample_mass);
  sample_print(sample, "%-40s   I     %12d\n", "MxBond", 2);
  sample_print(sample, "%-40s   I   N=%12d\n%12d%12d%12d\n", "NBond", 3, 2, 1, 0);
  sample_print(sample, "%-40s   I   N=%12d\n%12d%12d%12d%12d%12d%12d\n", "IBond", 6, 2, 3, 1, 0, 0, 0);
  sample_print(sample, "%-40s   R   N=%12d\n", "RBond", 6);
  print_reals(sample, "%16.8E", 5, 6, (const double[]){1, 2, 1, 0, 0, 0});
  sample_print(sample, "%-40s   R   N=%12d\n", "Cartesian Gradient", 9);
  print_reals(sample, "%16.8E", 5, 9, gradient);
  sample_print(sample, "%-40s   R   N=%12d\n", "Cartesian Force Constants", 45);
  print_reals(sample, "%16.8E", 5, 45, hessian);
  sample_print(sample, "%-40s   I     %12d\n", "Number of Normal Modes", 3);
  sample_print(sample, "%-40s   R   N=%12d\n", "Vib-E2", 6);
  print_reals(sample, "%16.8E", 5, 6, modes);
  sample_print(sample, "%-40s   R   N=%12d\n", "Vib-AtMass", 3);
  print_reals(sample, "%16.8E", 5, 3, sample_mass);
}

/* Lines of 70 characters, each after a blank. */
static void print_wrapped(struct sample *sample, const struct sample *entry) {
  for (size_t k = 0; k < entry->size; k += 70)
    sample_print(sample, " %.70s\n", entry->text + k);
}

static void print_list(struct sample *sample, const char *format, int count, const double *values) {
  char text[64];
  for (int k = 0; k < count; k++)
    sample_print(sample, "%s%s", k ? "," : "", print_real(text, sizeof text, format, values[k]));
}

/* The archive entry; of an optimisation, without derivatives. */
static void print_entry(struct sample *sample, int frequencies, int z_matrix) {
  double gradient[SAMPLE_N], hessian[SAMPLE_N * (SAMPLE_N + 1) / 2];
  static const char *const name[SAMPLE_ATOMS] = {"O", "H", "H(Iso=2,Fragment=1)"};
  fill(gradient, hessian);
  sample_print(sample, "1\\1\\GINC-NODE7\\%s\\RMP2-FC\\6-31G(d)\\H2O1\\USER\\01-Jan-2020\\0\\\\#P MP2/6-31G(d) ",
               frequencies ? "Freq" : "FOpt");
  sample_print(sample, "Freq\\\\A made up molecule\\\\-1,2\\");
  if (z_matrix)
    sample_print(sample, "O\\H,1,r\\H,1,r,2,104.5\\\\r=0.96\\\\");
  else
    for (int a = 0; a < SAMPLE_ATOMS; a++) {
      sample_print(sample, "%s%s,", name[a], a == 2 ? ",0" : "");
      print_list(sample, "%.10f", 3, sample_position + 3 * a);
      sample_print(sample, "%s", a == 2 ? "\\\\" : "\\");
    }
  sample_print(
      sample,
      "Version=ES64L-G16RevA.03\\State=1-A'\\HF=-76.25\\MP2=-76.375\\RMSD=1.2e-09\\Dipole=0.,0.5,0.25\\PG=CS [SG(H2O1)]");
  if (frequencies) {
    sample_print(sample, "\\NImag=1\\\\");
    print_list(sample, "%.8f", 45, hessian);
    sample_print(sample, "\\\\");
    print_list(sample, "%.8f", 9, gradient);
  }
  sample_print(sample, "\\\\\\@");
}

void sample_gaussian_log(struct sample *sample, char separator, int z_matrix) {
  struct sample entry = {0};
  sample_print(sample, " Entering Gaussian System, Link 0=g16\n                          Input orientation:\n");
  sample_print(sample, " ---------------------\n Center     Atomic      Atomic             Coordinates (Angstroms)\n");
  sample_print(sample, " Number     Number       Type             X           Y           Z\n ---------------------\n");
  for (int a = 0; a < SAMPLE_ATOMS; a++)
    sample_print(sample, "%7d%11d%12d    %12.6f%12.6f%12.6f\n", a + 1, sample_element[a], 0, sample_position[3 * a],
                 sample_position[3 * a + 1], sample_position[3 * a + 2]);
  sample_print(sample, " ---------------------\n Harmonic frequencies (cm**-1), IR intensities (KM/Mole)\n");
  sample_print(sample, "                      1\n Frequencies --     50.0000\n");
  for (int jobs = 0; jobs < 2; jobs++) { /* an optimisation, then the frequencies */
    if (jobs == 1) {
      sample_print(sample, " Harmonic frequencies (cm**-1), IR intensities (KM/Mole)\n                      1\n");
      sample_print(sample, " Frequencies ---  %10.4f\n", 1.0);
      sample_print(sample, " Frequencies --  %10.4f             %10.4f             %10.4f\n", sample_frequency[0],
                   sample_frequency[1], sample_frequency[2]);
      sample_print(sample, " Temperature   298.150 Kelvin.  Pressure   1.00000 Atm.\n");
      for (int a = 0; a < SAMPLE_ATOMS; a++)
        sample_print(sample, " Atom %5d has atomic number %2d and mass %9.5f\n", a + 1, sample_element[a], sample_mass[a]);
    }
    print_entry(&entry, jobs, z_matrix);
    for (char *c = entry.text; *c; c++)
      if (*c == '\\') *c = separator;
    print_wrapped(sample, &entry);
    sample_print(sample, "\n\n A SAYING.\n Normal termination of Gaussian 16.\n");
    if (jobs == 0 && z_matrix) { /* the table belongs to the job whose archive is read */
      sample_print(sample, "                         Z-Matrix orientation:\n -----\n Center\n Number\n -----\n");
      for (int a = 0; a < SAMPLE_ATOMS; a++)
        sample_print(sample, "%7d%11d%12d    %12.6f%12.6f%12.6f\n", a + 1, sample_element[a], 0, sample_position[3 * a],
                     sample_position[3 * a + 1], sample_position[3 * a + 2]);
      sample_print(sample, " -----\n");
    }
    sample_free(&entry);
  }
}

void sample_jaguar_input(struct sample *sample) {
  static const char *const name[SAMPLE_ATOMS] = {"O1", "H2", "H3a"};
  sample_print(sample,
               "MAEFILE: made_up.mae\n&gen ! a comment, molchg=7\n basis=lacvp**, dftname=B3LYP\nmolchg=-1 multip = 2\n");
  sample_print(sample, "iunit=1\n&\nentry_name: made up\n&zmat\n");
  for (int a = 0; a < SAMPLE_ATOMS; a++)
    sample_print(sample, " %-6s%18.10f%s%18.10f%18.10f\n", name[a], sample_position[3 * a], a == 1 ? "#" : "",
                 sample_position[3 * a + 1], sample_position[3 * a + 2]);
  sample_print(sample, "&\n&guess basgss=lacvp** numd=5\n  -0.000104703 1.5\n&\n&hess\n");
  for (int first = 0; first < SAMPLE_N; first += 5) {
    sample_print(sample, "%4d\n", first + 1);
    for (int i = first; i < SAMPLE_N; i++) {
      sample_print(sample, "%4d", i + 1);
      for (int j = first; j <= i && j < first + 5; j++)
        sample_print(sample, "%14.6E", sample_hessian(i, j));
      sample_print(sample, "\n");
    }
  }
  sample_print(sample, "&\n&atomic\natom vdw2 mass\nO1 1.5 ?\nH3a - %.4f\n&\n", sample_mass[2]);
}

void sample_jaguar_output(struct sample *sample) {
  static const char *const name[SAMPLE_ATOMS] = {"O1", "H2", "H3"};
  sample_print(sample, "Job made_up started\n  |  Jaguar version 10.6, release  12 |\n  basis set:             lacvp**\n");
  sample_print(sample, "  net molecular charge:   -1\n  multiplicity:            2\n \n Input geometry:\n");
  sample_print(sample,
               "                                   angstroms\n  atom               x                 y                 z\n");
  sample_print(sample, "  O1   9.0 9.0 9.0\n   \n");
  sample_print(sample, " final geometry:\n                                   angstroms\n  atom               x                 "
                       "y                 z\n");
  for (int a = 0; a < SAMPLE_ATOMS; a++)
    sample_print(sample, "  %-6s%18.10f%18.10f%18.10f \n", name[a], sample_position[3 * a], sample_position[3 * a + 1],
                 sample_position[3 * a + 2]);
  sample_print(sample,
               "   \n  principal moments of inertia:\n SCFE: SCF energy: DFT(b3lyp)     -75.5 hartrees   iterations:  11\n");
  sample_print(sample,
               " SCFE: SCF energy: DFT(b3lyp)     -76.37500000000 hartrees   iterations:  11\n  Number of frequencies: 3\n");
  sample_print(sample, "  harmonic frequencies in cm**-1, reduced masses in amu,\n  frequencies  %10.2f%9.2f%9.2f\n",
               sample_frequency[0], sample_frequency[1], sample_frequency[2]);
  sample_print(sample, "Job made_up completed on node7 at Wed Oct 18 10:49:51 2023\n");
}

void sample_orca(struct sample *sample, int columns) {
  sample_print(
      sample,
      "\n$orca_hessian_file\n\n$act_atom\n  2\n\n$act_coord\n  2\n\n$act_energy\n      -76.375000\n\n$multiplicity\n  2\n\n");
  sample_print(sample, "$hessian\n9\n");
  for (int first = 0; first < SAMPLE_N; first += columns) {
    const int end = first + columns < SAMPLE_N ? first + columns : SAMPLE_N;
    for (int j = first; j < end; j++)
      sample_print(sample, "%19d", j);
    sample_print(sample, "\n");
    for (int i = 0; i < SAMPLE_N; i++) {
      sample_print(sample, "%5d", i);
      for (int j = first; j < end; j++)
        sample_print(sample, "%19.10E", sample_hessian(i, j));
      sample_print(sample, "\n");
    }
  }
  sample_print(sample, "\n$vibrational_frequencies\n9\n");
  for (int k = 0; k < SAMPLE_N; k++)
    sample_print(sample, "%5d %15.6f\n", k, k < 6 ? 0.0 : sample_frequency[k - 6]);
  sample_print(sample, "\n#\n# The atoms: label  mass x y z (in bohrs)\n#\n$atoms\n3\n");
  for (int a = 0; a < SAMPLE_ATOMS; a++)
    sample_print(sample, " %-2s %12.5f %18.12f %18.12f %18.12f\n", a == 0 ? "O" : "H", sample_mass[a], sample_position[3 * a],
                 sample_position[3 * a + 1], sample_position[3 * a + 2]);
  sample_print(sample, "\n$end\n");
}

void sample_xyz(struct sample *sample, int frames) {
  for (int f = 0; f < frames; f++) {
    sample_print(sample, "3\nframe %d\n", f + 1);
    for (int a = 0; a < SAMPLE_ATOMS; a++)
      sample_print(sample, "%-2s%15.8f%15.8f%15.8f\n",
                   a == 0   ? "O"
                   : a == 1 ? "h"
                            : "1",
                   sample_position[3 * a] + f, sample_position[3 * a + 1], sample_position[3 * a + 2]);
  }
}

/* Little endian, whatever this machine is. */
static void print_number(struct sample *sample, double value, int width) {
  unsigned char bytes[8];
  uint64_t bits = 0;
  if (width == 8)
    memcpy(&bits, &value, sizeof bits);
  else {
    const float narrow = (float)value;
    uint32_t half;
    memcpy(&half, &narrow, sizeof half);
    bits = half;
  }
  for (int k = 0; k < width; k++)
    bytes[k] = (unsigned char)(bits >> (8 * k));
  sample_bytes(sample, bytes, (size_t)width);
}

void sample_npy(struct sample *sample, int version, int width, int by_columns) {
  const int begin = version == 1 ? 10 : 12, length = 128 - begin;
  const unsigned char opening[12] = {0x93, 'N', 'U', 'M', 'P', 'Y', (unsigned char)version, 0, (unsigned char)length, 0, 0, 0};
  char header[160];
  snprintf(header, sizeof header, "{'descr': '<f%d', 'fortran_order': %s, 'shape': (9, 9), }", width,
           by_columns ? "True" : "False");
  sample_bytes(sample, opening, (size_t)begin);
  sample_print(sample, "%-*s\n", length - 1, header);
  for (int i = 0; i < SAMPLE_N; i++)
    for (int j = 0; j < SAMPLE_N; j++) /* a difference of the mirror images shows the order */
      print_number(sample, (by_columns ? sample_hessian(j, i) : sample_hessian(i, j)), width);
}

void sample_square(struct sample *sample) {
  sample_print(sample, "# hartree/bohr^2\n");
  for (int i = 0; i < SAMPLE_N; i++)
    for (int j = 0; j < SAMPLE_N; j++)
      sample_print(sample, "%15.6E%s", sample_hessian(i, j), j == SAMPLE_N - 1 ? "\n" : "");
}

void sample_triangle(struct sample *sample) {
  for (int i = 0; i < SAMPLE_N; i++)
    for (int j = 0; j <= i; j++)
      sample_print(sample, "%15.6E%s", sample_hessian(i, j), j == i ? "\n" : "");
}
