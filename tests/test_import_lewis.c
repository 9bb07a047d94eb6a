/* Claims: aromatic bonds become the single and double bonds of a Lewis structure, in which every atom that needs a double bond
 * has one; where there is none the molecule is refused; bonds of other orders stay. */
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "../src/setup/import_lewis.h"
#include "check.h"

struct drawing {
  const char *name, *elements; /* a letter an atom: C N O S H; M is iron */
  const char *bonds;           /* "0:1 1-2 2=3 3.4": aromatic, single, double, partial */
  int doubles;                 /* bonds of order 2 that were aromatic; -1: there is no structure */
  int left;                    /* carbons in aromatic bonds without a double bond */
};

static const struct drawing drawings[] = {
    {"benzene", "CCCCCCHHHHHH", "0:1 1:2 2:3 3:4 4:5 5:0 0-6 1-7 2-8 3-9 4-a 5-b", 3, 0},
    /* the fused bond is a place where a greedy choice goes wrong */
    {"naphthalene", "CCCCCCCCCC", "0:1 1:2 2:3 3:4 4:5 5:0 4:6 6:7 7:8 8:9 9:5", 5, 0},
    {"azulene", "CCCCCCCCCC", "0:1 1:2 2:3 3:4 4:0 3:5 5:6 6:7 7:8 8:9 9:4", 5, 0},
    {"pyridine", "NCCCCC", "0:1 1:2 2:3 3:4 4:5 5:0", 3, 0},
    {"pyrrole", "NCCCCH", "0:1 1:2 2:3 3:4 4:0 0-5", 2, 0},
    {"pyrrole, bonds in another order", "CCCCNH", "1:2 2:3 0:1 3:4 4:0 4-5", 2, 0},
    {"thiophene, its middle bond first", "CCCSC", "0:1 1:2 2:3 3:4 4:0", 2, 0},
    {"imidazolium", "CNCCNHH", "0:1 1:2 2:3 3:4 4:0 1-5 4-6", 2, 0},
    {"pyridinium", "NCCCCCH", "0:1 1:2 2:3 3:4 4:5 5:0 0-6", 3, 0},
    {"pyridone, its C=O drawn", "NCCCCCOH", "0:1 1:2 2:3 3:4 4:5 5:0 1=6 0-7", 2, 0},
    {"ferrocene's half", "CCCCCM", "0:1 1:2 2:3 3:4 4:0 0-5 1-5 2-5 3-5 4-5", 2, 1},
    {"a carboxylate as mol2 has it", "CCOO", "0-1 1:2 1:3", 1, 0},
    {"phenalenyl, an odd number: one is left without", "CCCCCCCCCCCCC",
     "0:1 1:2 2:3 3:4 4:c c:0 4:5 5:6 6:7 7:8 8:c 8:9 9:a a:b b:0", 6, 1},
    {"three carbons around one: two would be left without", "CCCC", "0:1 0:2 0:3", -1, 0},
    {"no aromatic bond", "CCO", "0-1 1=2", 0, 0},
};

static int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

static int element_of(char letter) {
  return letter == 'C' ? 6 : letter == 'N' ? 7 : letter == 'O' ? 8 : letter == 'S' ? 16 : letter == 'M' ? 26 : 1;
}

static int order_of(char c) {
  return c == ':' ? Q2_BOND_AROMATIC : c == '=' ? Q2_BOND_DOUBLE : c == '.' ? Q2_BOND_PARTIAL : Q2_BOND_SINGLE;
}

static struct q2_molecule_record *draw(const struct drawing *d, struct q2_molecule_list *list) {
  const int atoms = (int)strlen(d->elements), bonds = (int)(strlen(d->bonds) + 1) / 4;
  struct q2_molecule_record *record = q2_molecule_add(list, atoms);
  record->element = q2_allocate(atoms, sizeof *record->element);
  record->bond = q2_allocate(bonds, sizeof *record->bond);
  record->bond_order = q2_allocate(bonds, sizeof *record->bond_order);
  record->bond_count = bonds;
  for (int a = 0; a < atoms; a++)
    record->element[a] = element_of(d->elements[a]);
  for (int b = 0; b < bonds; b++) {
    record->bond[b][0] = digit(d->bonds[4 * b]);
    record->bond[b][1] = digit(d->bonds[4 * b + 2]);
    record->bond_order[b] = order_of(d->bonds[4 * b + 1]);
  }
  return record;
}

static void check(const struct drawing *d) {
  struct q2_molecule_list list = {0};
  struct q2_error error = {""};
  struct q2_molecule_record *record = draw(d, &list);
  const int status = q2_lewis_orders(record, &error);
  CHECK((status == Q2_OK) == (d->doubles >= 0), "%s: %s", d->name, status == Q2_OK ? "was drawn" : error.text);
  int doubles = 0, left = 0, at[16] = {0}, aromatic[16] = {0};
  for (int b = 0; b < record->bond_count && status == Q2_OK; b++) {
    const char drawn = d->bonds[4 * b + 1];
    const int order = record->bond_order[b];
    CHECK(drawn == ':' ? order == Q2_BOND_SINGLE || order == Q2_BOND_DOUBLE : order == order_of(drawn),
          "%s: bond %d has order %d", d->name, b, order);
    doubles += drawn == ':' && order == Q2_BOND_DOUBLE;
    for (int end = 0; end < 2; end++) {
      at[record->bond[b][end]] += order == Q2_BOND_DOUBLE;
      aromatic[record->bond[b][end]] |= drawn == ':';
    }
  }
  for (int a = 0; a < record->atom_count; a++) {
    left += record->element[a] == 6 && aromatic[a] && at[a] == 0;
    CHECK(at[a] <= 1, "%s: atom %d has %d double bonds", d->name, a, at[a]);
  }
  if (status == Q2_OK) CHECK(left == d->left, "%s: %d carbons without a double bond", d->name, left);
  if (status == Q2_OK) CHECK(doubles == d->doubles, "%s: %d double bonds, expected %d", d->name, doubles, d->doubles);
  q2_molecule_list_free(&list);
}

int main(void) {
  for (size_t k = 0; k < sizeof drawings / sizeof drawings[0]; k++)
    check(&drawings[k]);
  return check_result();
}
