/* Claims: results of QCSchema, versions 1 and 2, flat or nested, one or many, come in q2hpc's units with all that a record
 * holds; what is no JSON is refused with its line, what is no QCSchema with its path. */
#include "../io/constants.h"
#include "format_texts.h"

#define MOLECULE                                                                                                               \
  "{\"schema_name\": \"qcschema_molecule\", \"schema_version\": 2, \"name\": \"HF\", \"symbols\": [\"H\", \"F\"],\n"           \
  " \"geometry\": [0.0, 0.0, -0.5, 0, 0.25, 1.5], \"masses\": [1.00782503223, 18.99840316273],\n"                              \
  " \"real\": [true, true], \"molecular_charge\": -1.0, \"molecular_multiplicity\": 2,\n"                                      \
  " \"connectivity\": [[1, 0, 1.0]]}"
#define ROW0 "0.5, 0.01, 0, 0, 0, 0"
#define ROW1 "0.01, 0.6, 0, 0, 0, 0"
#define ROW2 "0, 0, 0.7, 0, 0, -2.5e-2"
#define ROW3 "0, 0, 0, 0.8, 0, 0"
#define ROW4 "0, 0, 0, 0, 0.9, 0"
#define ROW5 "0, 0, -0.025, 0, 0, 1"

static const char version1[] =
    "{\"schema_name\": \"qcschema_output\", \"schema_version\": 1, \"driver\": \"hessian\", \"success\": true, \"error\": "
    "null,\n"
    " \"model\": {\"method\": \"B3LYP\", \"basis\": \"6-31G*\"}, \"provenance\": {\"creator\": \"Psi4\", \"version\": "
    "\"1.9\"},\n"
    " \"properties\": {\"return_energy\": -100.25, \"return_gradient\": [0, 0, 0.125, 0, 0, -0.125]},\n"
    " \"molecule\": " MOLECULE ",\n"
    " \"return_result\": [" ROW0 ", " ROW1 ", " ROW2 ", " ROW3 ", " ROW4 ", " ROW5 "]}\n";

static const char version2[] =
    "{\"schema_name\": \"qcschema_atomic_result\", \"schema_version\": 2,\n"
    " \"input_data\": {\"specification\": {\"driver\": \"hessian\", \"model\": {\"method\": \"B3LYP\", \"basis\": {\"name\": "
    "\"6-31G*\"}}}},\n"
    " \"provenance\": {\"creator\": \"Psi4\", \"version\": \"1.9\"}, \"success\": true,\n"
    " \"properties\": {\"return_energy\": -100.25, \"return_gradient\": [[0, 0, 0.125], [0, 0, -0.125]]}, "
    "\"molecule\": " MOLECULE ",\n"
    " \"return_result\": [[" ROW0 "], [" ROW1 "], [" ROW2 "], [" ROW3 "], [" ROW4 "], [" ROW5 "]]}\n";

static void check_hydrogen_fluoride(const struct q2_molecule_record *record) {
  CHECK(strcmp(record->name, "HF") == 0 && strcmp(record->method, "B3LYP/6-31G*, Psi4 1.9") == 0, "%s, %s", record->name,
        record->method);
  CHECK(record->atom_count == 2 && record->element[0] == 1 && record->element[1] == 9);
  CHECK_CLOSE(record->position[2], -0.5 * Q2_BOHR, 1e-15);
  CHECK_CLOSE(record->position[4], 0.25 * Q2_BOHR, 1e-15);
  CHECK(record->mass[0] == 1.00782503223 && record->mass[1] == 18.99840316273);
  CHECK(record->has_charge && record->charge == -1 && record->has_multiplicity && record->multiplicity == 2);
  CHECK(record->has_energy && record->energy == -100.25);
  CHECK(record->gradient[2] == 0.125 && record->gradient[5] == -0.125);
  CHECK(record->bond_count == 1 && record->bond[0][0] == 0 && record->bond[0][1] == 1 &&
        record->bond_order[0] == Q2_BOND_SINGLE);
  const double expected[] = {0.5, 0.01, 0.6, 0, 0, 0.7, 0, 0, 0, 0.8, 0, 0, 0, 0, 0.9, 0, 0, -0.025, 0, 0, 1};
  for (int k = 0; k < 21; k++)
    CHECK(record->hessian[k] == expected[k], "%d: %g", k, record->hessian[k]);
}

static void test_results(void) {
  struct q2_molecule_list one, two;
  read_text("qcschema", version1, 1, &one);
  read_text("qcschema", version2, 1, &two);
  check_hydrogen_fluoride(&one.record[0]);
  check_hydrogen_fluoride(&two.record[0]);
  q2_molecule_list_free(&one);
  q2_molecule_list_free(&two);
  CHECK(recognised_as("qcschema", "a.json", version1) && recognised_as("qcschema", "a", version2));
  check_text_damaged("qcschema", version1, 1);
  check_text_damaged("qcschema", version2, 1);
}

static void test_many(void) {
  char text[sizeof version1 + sizeof version2 + 1024];
  struct q2_molecule_list list;
  snprintf(text, sizeof text, "[%s, %s, %s]", version1, version2, MOLECULE);
  read_text("qcschema", text, 3, &list);
  check_hydrogen_fluoride(&list.record[0]);
  check_hydrogen_fluoride(&list.record[1]);
  CHECK(!list.record[2].hessian && !list.record[2].has_energy && list.record[2].bond_count == 1);
  q2_molecule_list_free(&list);
  check_text_refused_with("qcschema", text, "[0, 0, 0.125]", "[0, 0]",
                          "[1].properties.return_gradient[0]: expected an array of 3");
  check_text_refused("qcschema", "[]", "expected results");
}

static void test_energy_and_gradient(void) {
  struct q2_molecule_list list;
  read_text("qcschema",
            "{\"driver\": \"energy\", \"molecule\": {\"symbols\": [\"He\"], \"geometry\": [0, 0, 0]}, \"return_result\": -2}",
            1, &list);
  CHECK(list.record[0].energy == -2.0 && list.record[0].bond_count == -1 && !list.record[0].mass && !list.record[0].has_charge);
  q2_molecule_list_free(&list);
  read_text("qcschema",
            "{\"driver\": \"gradient\", \"molecule\": {\"symbols\": [\"He\"], \"geometry\": [[0, 0, 0]]}, \"return_result\": "
            "[1, 2, 3]}",
            1, &list);
  CHECK(list.record[0].gradient[2] == 3.0 && !list.record[0].hessian);
  q2_molecule_list_free(&list);
}

/* A replacement in version1 and what is said of it. */
static const struct wrong_text wrong[] = {
    {"\"symbols\": [\"H\", \"F\"]", "\"symbols\": [\"H\", \"X\"]",
     "molecule.symbols[1]: expected an element's symbol, found \"X\""},
    {"\"symbols\": [\"H\", \"F\"]", "\"symbols\": [\"H\", 9]", "molecule.symbols[1]: expected an element's symbol, found 9"},
    {"\"symbols\": [\"H\", \"F\"]", "\"symbols\": []", "molecule.symbols: expected an array of 1 to"},
    {"\"symbols\": [\"H\", \"F\"]", "\"symbols\": {\"H\": 1}", "molecule.symbols: expected an array of 1 to"},
    {"\"symbols\": [\"H\", \"F\"],", "", "molecule.symbols: expected an array of 1 to"},
    {"\"geometry\": [0.0, 0.0, -0.5, ", "\"geometry\": [0.0, 0.0, ", "molecule.geometry: expected an array of 6 numbers"},
    {"-0.5, 0, 0.25", "-0.5, 0, \"0.25\"", "molecule.geometry[4]: expected a number, found \"0.25\""},
    {"-0.5, 0, 0.25", "-0.5, null, 0.25", "molecule.geometry[3]: expected a number, found nothing"},
    {"-0.5, 0, 0.25", "-0.5, 1e999, 0.25", "sample:5: no JSON"},
    {"-0.5, 0, 0.25", "-0.5, NaN, 0.25", "sample:5: no JSON"},
    {"-0.5, 0, 0.25", "-0.5, 99999999999999999999999, 0.25", "sample:5: no JSON"},
    {"-0.5, 0, 0.25", "-0.5, 1D3, 0.25", "sample:5: no JSON"},
    {"\"masses\": [1.00782503223, ", "\"masses\": [0, ", "molecule.masses[0]: expected a mass above 0, found 0"},
    {"\"masses\": [1.00782503223, ", "\"masses\": [", "molecule.masses: expected an array of 2 numbers"},
    {"\"real\": [true, true]", "\"real\": [true, false]",
     "molecule.real[1]: expected true (ghost atoms are not read), found false"},
    {"\"real\": [true, true]", "\"real\": [true]", "molecule.real: expected an array of true for each atom"},
    {"\"molecular_charge\": -1.0", "\"molecular_charge\": -0.5", "molecule.molecular_charge: expected a whole number"},
    {"\"molecular_charge\": -1.0", "\"molecular_charge\": 1e300", "molecule.molecular_charge: expected a whole number"},
    {"\"molecular_multiplicity\": 2", "\"molecular_multiplicity\": 0",
     "molecule.molecular_multiplicity: expected a number above 0"},
    {"[[1, 0, 1.0]]", "[[1, 0, 1.0], [0, 1, 1.0]]", "molecule.connectivity[1]: the bond of atoms 0 and 1 is there already"},
    {"[[1, 0, 1.0]]", "[[1, 1, 1.0]]", "molecule.connectivity[0]: atom 1 is bonded to itself"},
    {"[[1, 0, 1.0]]", "[[1, 2, 1.0]]", "molecule.connectivity[0]: a bond to atom 2; there are atoms 0 to 1"},
    {"[[1, 0, 1.0]]", "[[1, -1, 1.0]]", "molecule.connectivity[0]: a bond to atom -1; there are atoms 0 to 1"},
    {"[[1, 0, 1.0]]", "[[1, 0]]", "molecule.connectivity[0]: expected an array of two atoms and an order"},
    {"[[1, 0, 1.0]]", "[[1, 0.5, 1]]", "molecule.connectivity[0][1]: expected the number of an atom"},
    {"[[1, 0, 1.0]]", "7", "molecule.connectivity: expected an array of bonds, found 7"},
    {"\"return_result\": [0.5, ", "\"return_result\": [",
     "return_result: expected an array of 36 numbers, or of 6 arrays of 6, found an array of 35"},
    {"\"return_result\": [0.5, 0.01", "\"return_result\": [0.5, 0.31", "return_result: expected a symmetric matrix"},
    {"\"return_result\": [0.5, ", "\"return_result\": [[0.5], ", "return_result: expected an array of 36 numbers"},
    {"\"return_result\"", "\"result\"", "expected molecule and return_result"},
    {"\"driver\": \"hessian\"", "\"driver\": 7", "driver: expected energy, gradient, hessian or properties, found 7"},
    {"\"return_energy\": -100.25", "\"return_energy\": [1]",
     "properties.return_energy: expected an energy, found an array of 1"},
    {"\"success\": true, \"error\": null", "\"success\": false, \"error\": {\"error_message\": \"no convergence\"}",
     "the calculation failed: no convergence"},
    {"\"schema_version\": 1,", "\"driver\": \"energy\",", "sample:1: no JSON: duplicate object key"},
    {"qcschema_output\",", "qcschema_output\" ", "sample:1: no JSON"},
    {"\"B3LYP\"", "\"B3LYP\\u0000\"", "sample:2: no JSON"},
    {"]}\n", "]} 1\n", "sample:"},
};

static void test_refused(void) {
  CHECK_WRONG_TEXTS("qcschema", version1, wrong);
  check_text_refused("qcschema", "", "no JSON");
  check_text_refused("qcschema", "7", "no JSON");
  check_text_refused("qcschema", "{}", "expected molecule and return_result");
  check_text_refused("qcschema", "[[]]", "[0]: expected an object of QCSchema, found an array of 0");
}

/* Claim: arrays in arrays to any depth end in a message. */
static void test_deep(void) {
  struct sample sample = {0};
  for (int depth = 0; depth < 100000; depth++)
    sample_bytes(&sample, "[", 1);
  check_refused("qcschema", &sample, "maximum parsing depth");
  sample_free(&sample);
}

/* Claim: too many atoms are refused by their number, and a Hessian that the text cannot hold before it is allocated. */
static void test_large(void) {
  struct sample sample = {0};
  sample_print(&sample, "{\"symbols\": [\"H\"");
  for (int atom = 1; atom <= Q2_MOST_ATOMS; atom++)
    sample_print(&sample, ",\"H\"");
  sample_print(&sample, "], \"geometry\": []}");
  check_refused("qcschema", &sample, "symbols: expected an array of 1 to 20000 symbols, found an array of 20001");
  sample_free(&sample);
  sample_print(&sample, "{\"driver\": \"hessian\", \"return_result\": [], \"molecule\": {\"symbols\": [\"H\"");
  for (int atom = 1; atom < 10000; atom++)
    sample_print(&sample, ",\"H\"");
  sample_print(&sample, "], \"geometry\": [0");
  for (int k = 1; k < 30000; k++)
    sample_print(&sample, ",0");
  sample_print(&sample, "]}}");
  check_refused("qcschema", &sample, "claims 900000000 numbers of a Hessian");
  sample_free(&sample);
}

int main(void) {
  test_results();
  test_many();
  test_energy_and_gradient();
  test_refused();
  test_deep();
  test_large();
  return check_result();
}
