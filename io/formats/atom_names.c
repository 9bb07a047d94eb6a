/* Elements from the names that force fields and their files give to atoms. */
#include "atom_names.h"

#include <ctype.h>
#include <string.h>

#include "../elements.h"

/* Types that MacroModel brings: MacroModel Reference Manual, "Atom Types" (the file atom.typ). Wildcards (C0, 00), dummies,
 * lone pairs and coordination geometries without element are left out: no atom of a molecule may have one. United atoms, which
 * stand for several, too. */
static const struct {
  int number;
  char name[3];
  int element;
} macromodel[] = {
    {1, "C1", 6},    {2, "C2", 6},    {3, "C3", 6},    {10, "CM", 6},   {11, "CP", 6},   {12, "CR", 6},   {15, "O2", 8},
    {16, "O3", 8},   {18, "OM", 8},   {20, "OP", 8},   {21, "OQ", 8},   {24, "N1", 7},   {25, "N2", 7},   {26, "N3", 7},
    {31, "N4", 7},   {32, "N5", 7},   {38, "NM", 7},   {39, "NP", 7},   {41, "H1", 1},   {42, "H2", 1},   {43, "H3", 1},
    {44, "H4", 1},   {45, "H5", 1},   {49, "S1", 16},  {51, "SM", 16},  {53, "P3", 15},  {54, "B2", 5},   {55, "B3", 5},
    {56, "F0", 9},   {57, "Cl", 17},  {58, "Br", 35},  {59, "I0", 53},  {60, "Si", 14},  {65, "Li", 3},   {66, "Na", 11},
    {67, "K0", 19},  {68, "Rb", 37},  {69, "Cs", 55},  {70, "Ca", 20},  {71, "Ba", 56},  {72, "Mg", 12},  {73, "M2", 25},
    {74, "M3", 25},  {75, "M4", 25},  {76, "M5", 25},  {77, "M6", 25},  {78, "M7", 25},  {79, "f2", 26},  {80, "f3", 26},
    {81, "o2", 27},  {82, "o3", 27},  {83, "n2", 28},  {84, "n3", 28},  {85, "c1", 29},  {86, "c2", 29},  {87, "Zn", 30},
    {88, "m3", 42},  {89, "m4", 42},  {90, "m5", 42},  {91, "m6", 42},  {92, "Sr", 38},  {93, "L0", 3},   {94, "M0", 12},
    {95, "As", 33},  {100, "SP", 16}, {101, "S2", 16}, {102, "Cm", 17}, {104, "Fm", 9},  {105, "Bm", 35}, {106, "Im", 53},
    {107, "P5", 15}, {109, "S4", 16}, {110, "S6", 16}, {111, "P4", 15}, {112, "Se", 34}, {113, "ST", 16}, {114, "Sm", 16},
    {115, "Om", 8},
};

enum { MACROMODEL_TYPES = sizeof macromodel / sizeof *macromodel };

const char *q2_macromodel_type(int number) {
  for (int t = 0; t < MACROMODEL_TYPES; t++)
    if (macromodel[t].number == number) return macromodel[t].name;
  return NULL;
}

int q2_element_of_macromodel_type(const char *name) {
  for (int t = 0; t < MACROMODEL_TYPES; t++)
    if (strcmp(macromodel[t].name, name) == 0) return macromodel[t].element;
  return q2_element_of_atom_name(name, "");
}

/* The letters at the beginning of `name`, after digits: at most two, then terminated. Returns how many there are. */
static int first_letters(const char *name, char letters[3]) {
  int count = 0;
  while (isdigit((unsigned char)*name))
    name++;
  while (count < 2 && isalpha((unsigned char)name[count])) {
    letters[count] = name[count];
    count++;
  }
  letters[count] = '\0';
  return count;
}

/* The element whose symbol is the first `count` letters, whatever their case, or 0. */
static int element_of(const char letters[3], int count) {
  const char symbol[3] = {(char)toupper((unsigned char)letters[0]),
                          count == 2 ? (char)tolower((unsigned char)letters[1]) : '\0', '\0'};
  return q2_element_number(symbol);
}

/* Written as an element with two letters is: "Ca". */
static int is_symbol(const char letters[3]) { return isupper((unsigned char)letters[0]) && islower((unsigned char)letters[1]); }

static int same_letters(const char a[3], const char b[3]) {
  for (int k = 0; k < 2; k++)
    if (toupper((unsigned char)a[k]) != toupper((unsigned char)b[k])) return 0;
  return 1;
}

int q2_element_of_atom_name(const char *name, const char *type) {
  char letters[3] = "", of_type[3] = "";
  const int count = first_letters(name, letters);
  first_letters(type, of_type);
  if (count == 0) return 0;
  const int one = element_of(letters, 1), two = count == 2 ? element_of(letters, 2) : 0;
  if (!one || !two) return one ? one : two;
  if (is_symbol(letters)) return two;
  if (*type && !same_letters(letters, of_type)) return one;
  if (is_symbol(of_type)) return two;
  static const char *const symbols[] = {"Cl", "Br", "Si", "Cu", "Ni"};
  for (size_t s = 0; s < sizeof symbols / sizeof *symbols; s++)
    if (strcmp(q2_element_symbol(two), symbols[s]) == 0) return two;
  return strchr("HCNOSP", toupper((unsigned char)letters[0])) ? one : two;
}
