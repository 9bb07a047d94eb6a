/* Claim: Gaussian's formatted checkpoints and logs give the numbers that are in them, from the right place, in q2hpc's units;
 * damaged ones are refused by line. */
#include <string.h>

#include "../io/constants.h"
#include "check.h"
#include "damage.h"

static void check_derivatives(const struct q2_molecule_record *record, const char *format) {
  for (int i = 0, k = 0; i < SAMPLE_N; i++)
    for (int j = 0; j <= i; j++, k++)
      CHECK(record->hessian[k] == sample_number(format, sample_hessian(i, j)), "element %d", k);
  for (int k = 0; k < SAMPLE_N; k++)
    CHECK(record->gradient[k] == sample_number(format, sample_gradient(k)), "element %d", k);
}

static void check_molecule(const struct q2_molecule_record *record) {
  CHECK(record->atom_count == 3 && record->has_charge && record->charge == -1);
  CHECK(record->has_multiplicity && record->multiplicity == 2);
  CHECK(record->has_energy && record->energy == -76.375, "%.17g", record->energy);
  CHECK(strcmp(record->name, "A made up molecule") == 0, "%s", record->name);
  CHECK(record->frequency_count == 3);
  for (int a = 0; a < 3; a++) {
    CHECK(record->element[a] == sample_element[a]);
    CHECK(record->mass[a] == sample_mass[a], "%.17g", record->mass[a]);
    CHECK(record->frequency[a] == sample_frequency[a], "%.17g", record->frequency[a]);
  }
}

static void test_fchk(void) {
  struct sample sample = {0};
  struct q2_molecule_list list;
  sample_fchk(&sample, 1);
  read_whole("fchk", &sample, 1, &list);
  const struct q2_molecule_record *record = &list.record[0];
  check_molecule(record); /* the masses are Vib-AtMass's */
  check_derivatives(record, "%16.8E");
  CHECK(strcmp(record->method, "RB3LYP/6-31G(d)") == 0, "%s", record->method);
  for (int k = 0; k < SAMPLE_N; k++) {
    const double position = Q2_BOHR * sample_position[k]; /* rounded here: a compiler may fuse product and difference */
    CHECK_CLOSE(record->position[k], position, 0);
  }
  CHECK(record->bond_count == 2 && record->bond[0][0] == 0 && record->bond[0][1] == 1 && record->bond[1][0] == 0 &&
            record->bond[1][1] == 2,
        "%d bonds", record->bond_count);
  CHECK(record->bond_order[0] == Q2_BOND_SINGLE && record->bond_order[1] == Q2_BOND_DOUBLE);
  q2_molecule_list_free(&list);
  sample_free(&sample);
}

/* Without Vib-AtMass the weights are the masses; Gaussian 94 calls the gradient forces. */
static void test_old_fchk(void) {
  struct sample sample = {0}, old = {0};
  struct q2_molecule_list list;
  sample_fchk(&sample, 1);
  char *at = strstr(sample.text, "Cartesian Gradient");
  memcpy(at, "Cartesian Forces  ", 18);
  sample_bytes(&old, sample.text, (size_t)(strstr(sample.text, "Vib-AtMass") - sample.text));
  read_whole("fchk", &old, 1, &list);
  CHECK(list.record[0].mass[0] == 16 && list.record[0].mass[2] == 1);
  check_derivatives(&list.record[0], "%16.8E");
  q2_molecule_list_free(&list);
  sample_free(&old);
  sample_free(&sample);
}

static void test_damaged_fchk(void) {
  struct sample sample = {0};
  sample_fchk(&sample, 0);
  check_damaged("fchk", &sample, 100, CUT_LEAVES_PARTS);
  check_refused_with("fchk", &sample, "Number of atoms                            I                3",
                     "Number of atoms                            I       1000000000", "sample:3: expected 1 to 20000 atoms");
  check_refused_with("fchk", &sample, "I                3", "I               -3",
                     "sample:3: expected 1 to 20000 atoms, found -3");
  check_refused_with("fchk", &sample, "I                3", "I            12000", "claims 12000 atoms");
  check_refused_with("fchk", &sample, "I                3", "I                2", "expected 2 values of \"Atomic numbers\"");
  check_refused_with("fchk", &sample, "R   N=          45", "R   N=  2000000000", "claims 2000000000");
  check_refused_with("fchk", &sample, "R   N=          45", "R   N=          44", "expected 45 values");
  check_refused_with("fchk", &sample, "R   N=          45", "R   N=         -45", "found -45");
  check_refused_with("fchk", &sample, "           8           1", "           0           1", "found 0 for atom 1");
  check_refused_with("fchk", &sample, "           8           1", "         119           1", "found 119 for atom 1");
  check_refused_with("fchk", &sample, "I                2\nNBond", "I             2000\nNBond", "expected MxBond from 0 to 64");
  check_refused_with("fchk", &sample, "           2           3           1", "           2           4           1",
                     "expected another of 3 atoms");
  check_refused_with("fchk", &sample, "           2           1           0", "           3           1           0",
                     "expected 0 to MxBond = 2 bonds of atom 1, found 3");
  check_refused_with("fchk", &sample, "SCF Energy  ", "Total Energy", "\"Total Energy\" appears again, first in line 8");
  check_refused_with("fchk", &sample, "Atomic numbers  ", "Nuclear charges ", "ends without \"Atomic numbers\"");
  check_refused_with("fchk", &sample, "           8           1           1\n",
                     "           8           1           1           1\n", "has more than 3 values");
  check_refused_with("fchk", &sample, "           8           1           1\n",
                     "           8           1           1\n           1\n", "expected an entry after the 3 values");
  check_refused_with("fchk", &sample, "-2.50000000E-01", "            NaN",
                     "sample:13: expected Current cartesian coordinates, found \"NaN\"");
  sample_free(&sample);
}

/* `separator` is "|" on Windows. After a Z-matrix, the geometry is that of the report. */
static void test_log(char separator, int z_matrix) {
  struct sample sample = {0};
  struct q2_molecule_list list;
  sample_gaussian_log(&sample, separator, z_matrix);
  read_whole("gaussian", &sample, 1, &list);
  const struct q2_molecule_record *record = &list.record[0];
  check_molecule(record); /* the energy is MP2's */
  check_derivatives(record, "%.8f");
  CHECK(strcmp(record->method, "RMP2-FC/6-31G(d), ES64L-G16RevA.03") == 0, "%s", record->method);
  for (int k = 0; k < SAMPLE_N; k++)
    CHECK(record->position[k] == sample_position[k], "%.17g", record->position[k]);
  q2_molecule_list_free(&list);
  check_damaged("gaussian", &sample, z_matrix ? 65 : 75, CUT_LEAVES_PARTS);
  sample_free(&sample);
}

static void test_refused_logs(void) {
  struct sample sample = {0}, first = {0};
  sample_gaussian_log(&sample, '\\', 0);
  const char *second = strstr(strstr(sample.text, "1\\1\\GINC") + 1, "1\\1\\GINC");
  sample_bytes(&first, sample.text, (size_t)(second - sample.text));
  check_refused("gaussian", &first, "sample:14: the archive entry has no Hessian: only a frequency job writes one");
  check_refused_with("gaussian", &sample, "@", "", "sample:14: the archive entry that begins here has no end (@)");
  check_refused_with("gaussian", &sample, "NImag=1\\\\", "NImag=1\\\\0.1,",
                     "expected the Hessian of 3 atoms, 45 numbers, found 46");
  check_refused_with("gaussian", &sample, "atomic number  8", "atomic number  9", "atom 1 of element 9 is not one");
  check_refused_with("gaussian", &sample, " Atom     1 has", " Atom     4 has", "atom 4 of element 8");
  check_refused_with("gaussian", &sample, " Atom     2 has", " Atom     3 has", "expected the masses of 3 atoms, found 2");
  sample_free(&first);
  sample_free(&sample);
  sample_gaussian_log(&sample, '\\', 1);
  check_refused_with("gaussian", &sample, "Z-Matrix orientation", "Standard orientation", "run formchk");
  sample_free(&sample);
}

int main(void) {
  test_fchk();
  test_old_fchk();
  test_damaged_fchk();
  test_log('\\', 0);
  test_log('|', 0);
  test_log('\\', 1);
  test_refused_logs();
  return check_result();
}
