/* Claim: Jaguar's inputs, restart files and outputs, and ORCA's Hessian files, give the numbers that are in them, in q2hpc's
 * units; damaged ones are refused by line. */
#include <string.h>

#include "../io/constants.h"
#include "../io/elements.h"
#include "check.h"
#include "damage.h"

static void check_hessian(const struct q2_molecule_record *record, const char *format) {
  for (int i = 0, k = 0; i < SAMPLE_N; i++)
    for (int j = 0; j <= i; j++, k++)
      CHECK(record->hessian[k] == sample_number(format, sample_hessian(i, j)), "element %d", k);
}

static void check_geometry(const struct q2_molecule_record *record, double unit) {
  CHECK(record->atom_count == 3);
  for (int a = 0; a < 3; a++)
    CHECK(record->element[a] == sample_element[a]);
  for (int k = 0; k < SAMPLE_N; k++)
    CHECK(record->position[k] == unit * sample_position[k], "%.17g", record->position[k]);
}

static void check_frequencies(const struct q2_molecule_record *record) {
  CHECK(record->frequency_count == 3, "%d", record->frequency_count);
  for (int k = 0; k < record->frequency_count; k++)
    CHECK(record->frequency[k] == sample_frequency[k]);
}

static void test_jaguar_input(void) {
  struct sample sample = {0};
  struct q2_molecule_list list;
  sample_jaguar_input(&sample);
  read_whole("jaguar", &sample, 1, &list);
  const struct q2_molecule_record *record = &list.record[0];
  check_geometry(record, 1.0);
  check_hessian(record, "%14.6E");
  CHECK(record->has_charge && record->charge == -1 && record->has_multiplicity && record->multiplicity == 2);
  CHECK(strcmp(record->method, "B3LYP/lacvp**, Jaguar") == 0, "%s", record->method);
  CHECK(strcmp(record->label[2].text, "H3a") == 0);
  CHECK(record->mass[0] == q2_element_mass(8) && record->mass[1] == q2_element_mass(1) && record->mass[2] == sample_mass[2]);
  q2_molecule_list_free(&list);
  check_damaged("jaguar", &sample, 73, CUT_LEAVES_PARTS);
  sample_free(&sample);
}

/* The same with other words for it: capitals, "$", one line, bohr. */
static void test_jaguar_spellings(void) {
  struct sample sample = {0};
  struct q2_molecule_list list;
  sample_print(&sample, "$GEN MOLCHG=2,IUNIT=0 METHOD=hf BASIS=sto-3g$\n$ZMAT\nCL1 1.0 2.0 3.0\n$END\n&hess\n&\n");
  read_whole("jaguar", &sample, 1, &list);
  CHECK(list.record[0].element[0] == 17 && list.record[0].position[2] == 3.0 * Q2_BOHR && list.record[0].charge == 2);
  CHECK(!list.record[0].hessian && !list.record[0].mass && strcmp(list.record[0].method, "hf/sto-3g, Jaguar") == 0);
  q2_molecule_list_free(&list);
  sample_free(&sample);
}

static void test_refused_jaguar_inputs(void) {
  struct sample sample = {0};
  sample_jaguar_input(&sample);
  check_refused_with("jaguar", &sample, "H2  ", "X2  ", "sample:10: expected an element, found \"X2\"");
  check_refused_with("jaguar", &sample, "H2  ", "H2@ ", "a counterpoise centre");
  check_refused_with("jaguar", &sample, " O1 ", " O1 0.0 ", "sample:9: expected an atom's name and Cartesian coordinates");
  check_refused_with("jaguar", &sample, "&guess", "&zmat\n&\n&guess", "section &zmat appears again, first in line 8");
  check_refused_with("jaguar", &sample, "&hess\n   1\n", "&hess\n   2\n", "expected column number 1, found 2");
  check_refused_with("jaguar", &sample, "\n   4", "\n   5", "expected row number 4, found 5");
  check_refused_with("jaguar", &sample, "&\n&atomic", "   9  1.0\n&\n&atomic", "&hess goes on behind the Hessian of 3 atoms");
  check_refused_with("jaguar", &sample, "iunit=1", "iunit=4", "sample:5: expected iunit from 0 to 3, found 4");
  check_refused_with("jaguar", &sample, "iunit=1", "massav=1", "masses averaged over isotopes");
  check_refused_with("jaguar", &sample, "H3a - ", "H4 - ", "\"H4\" is no atom of &zmat");
  check_refused_with("jaguar", &sample, "atom vdw2 mass", "atom isotope mass", "isotopes are not known here");
  sample_free(&sample);
}

static void test_jaguar_output(void) {
  struct sample sample = {0};
  struct q2_molecule_list list;
  sample_jaguar_output(&sample);
  read_whole("jaguar-out", &sample, 1, &list);
  const struct q2_molecule_record *record = &list.record[0];
  check_geometry(record, 1.0); /* the last geometry, the last energy */
  check_frequencies(record);
  CHECK(record->has_energy && record->energy == -76.375 && !record->hessian && !record->mass);
  CHECK(record->charge == -1 && record->multiplicity == 2);
  CHECK(strcmp(record->method, "DFT(b3lyp)/lacvp**, Jaguar") == 0, "%s", record->method);
  q2_molecule_list_free(&list);
  check_damaged("jaguar-out", &sample, 16, CUT_LEAVES_PARTS);
  check_refused_with("jaguar-out", &sample, " completed on ", " stopped on ", "the job did not end normally");
  check_refused_with("jaguar-out", &sample, "frequencies: 3", "frequencies: 4", "expected 4 frequencies, found 3");
  check_refused_with("jaguar-out", &sample, "-76.37500000000 hartrees", "-76.37500000000 eV", "\"hartrees\"");
  sample_free(&sample);
}

/* Five columns in a block, or version 3's six. */
static void test_orca(int columns) {
  struct sample sample = {0};
  struct q2_molecule_list list;
  sample_orca(&sample, columns);
  read_whole("orca", &sample, 1, &list);
  const struct q2_molecule_record *record = &list.record[0];
  check_geometry(record, Q2_BOHR);
  check_hessian(record, "%19.10E");
  check_frequencies(record);
  CHECK(record->has_energy && record->energy == -76.375 && record->has_multiplicity && record->multiplicity == 2);
  for (int a = 0; a < 3; a++)
    CHECK(record->mass[a] == sample_mass[a]);
  q2_molecule_list_free(&list);
  check_damaged("orca", &sample, 120, CUT_LEAVES_PARTS);
  sample_free(&sample);
}

static void test_refused_orca(void) {
  struct sample sample = {0};
  sample_orca(&sample, 5);
  check_refused_with("orca", &sample, "$hessian\n9", "$hessian\n900000000", "expected a Hessian of 9 rows for 3 atoms");
  check_refused_with("orca", &sample, "$hessian\n9", "$hessian\n-9", "found -9");
  check_refused_with("orca", &sample, "$atoms\n3", "$atoms\n1000000000", "expected 1 to 20000 atoms");
  check_refused_with("orca", &sample, "$atoms\n3", "$atoms\n4", "expected an atom");
  check_refused_with("orca", &sample, "$atoms\n3", "$atoms\n2", "found 9");
  check_refused_with("orca", &sample, " H ", " DA", "expected an element, found \"DA\"");
  check_refused_with("orca", &sample, "$act_atom", "$hessian", "$hessian appears again");
  char number[32];
  snprintf(number, sizeof number, "%19.10E", sample_hessian(1, 0));
  check_refused_with("orca", &sample, number, "   1.5", "the Hessian is not symmetric: element (2, 1) is");
  sample_free(&sample);
}

int main(void) {
  test_jaguar_input();
  test_jaguar_spellings();
  test_refused_jaguar_inputs();
  test_jaguar_output();
  test_orca(5);
  test_orca(6);
  test_refused_orca();
  return check_result();
}
