/* The elements: symbols, masses, covalent radii, metals. */
#include "elements.h"

#include <stdio.h>
#include <string.h>

static const char *const symbols[Q2_ELEMENT_LAST + 1] = {
    "?",  "H",  "He", "Li", "Be", "B",  "C",  "N",  "O",  "F",  "Ne", "Na", "Mg", "Al", "Si", "P",  "S",  "Cl", "Ar", "K",
    "Ca", "Sc", "Ti", "V",  "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br", "Kr", "Rb", "Sr", "Y",
    "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn", "Sb", "Te", "I",  "Xe", "Cs", "Ba", "La", "Ce", "Pr",
    "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Hf", "Ta", "W",  "Re", "Os", "Ir", "Pt", "Au",
    "Hg", "Tl", "Pb", "Bi", "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th", "Pa", "U",  "Np", "Pu", "Am", "Cm", "Bk", "Cf", "Es",
    "Fm", "Md", "No", "Lr", "Rf", "Db", "Sg", "Bh", "Hs", "Mt", "Ds", "Rg", "Cn", "Nh", "Fl", "Mc", "Lv", "Ts", "Og",
};

/* amu. NIST, Atomic Weights and Isotopic Compositions (Standard Reference Database 144), as QCElemental 0.51 lists them: the
 * most abundant isotope, else the longest-lived. */
static const double masses[Q2_ELEMENT_LAST + 1] = {
    /* clang-format off */
    0.0,
    1.00782503223, 4.00260325413, 7.0160034366, 9.012183065, 11.00930536, 12.0000000, 14.00307400443, 15.99491461957,
    18.99840316273, 19.9924401762, 22.9897692820, 23.985041697, 26.98153853, 27.97692653465, 30.97376199842, 31.9720711744,
    34.968852682, 39.9623831237, 38.9637064864, 39.962590863, 44.95590828, 47.94794198, 50.94395704, 51.94050623,
    54.93804391, 55.93493633, 58.93319429, 57.93534241, 62.92959772, 63.92914201, 68.9255735, 73.921177761,
    74.92159457, 79.9165218, 78.9183376, 83.9114977282, 84.9117897379, 87.9056125, 88.9058403, 89.9046977,
    92.9063730, 97.90540482, 97.9072124, 101.9043441, 102.9054980, 105.9034804, 106.9050916, 113.90336509,
    114.903878776, 119.90220163, 120.9038120, 129.906222748, 126.9044719, 131.9041550856, 132.9054519610, 137.90524700,
    138.9063563, 139.9054431, 140.9076576, 141.9077290, 144.9127559, 151.9197397, 152.9212380, 157.9241123,
    158.9253547, 163.9291819, 164.9303288, 165.9302995, 168.9342179, 173.9388664, 174.9407752, 179.9465570,
    180.9479958, 183.95093092, 186.9557501, 191.9614770, 192.9629216, 194.9647917, 196.96656879, 201.97064340,
    204.9744278, 207.9766525, 208.9803991, 208.9824308, 209.9871479, 222.0175782, 223.0197360, 226.0254103,
    227.0277523, 232.0380558, 231.0358842, 238.0507884, 237.0481736, 244.0642053, 243.0613813, 247.0703541,
    247.0703073, 251.0795886, 252.082980, 257.0951061, 258.0984315, 259.10103, 266.11983, 267.12179,
    268.12567, 271.13393, 270.13336, 269.13375, 278.15631, 281.16451, 282.16912, 285.17712,
    286.18221, 289.19042, 289.19363, 293.20449, 294.21046, 294.21392,
    /* clang-format on */
};

const char *q2_element_symbol(int element) {
  return element >= 1 && element <= Q2_ELEMENT_LAST ? symbols[element] : symbols[0];
}

int q2_element_number(const char *symbol) {
  for (int element = 1; element <= Q2_ELEMENT_LAST; element++)
    if (strcmp(symbol, symbols[element]) == 0) return element;
  return 0;
}

double q2_element_mass(int element) { return element >= 1 && element <= Q2_ELEMENT_LAST ? masses[element] : 0.0; }

/* angstrom x 100; B. Cordero et al., Dalton Trans. 2008, 2832, table 2. */
static const short radii[Q2_ELEMENT_LAST_RADIUS + 1] = {
    /* clang-format off */
    0,
    31, 28, 128, 96, 84, 76, 71, 66, 57, 58, 166, 141, 121, 111, 107, 105, 102, 106, 203, 176,
    170, 160, 153, 139, 139, 132, 126, 124, 132, 122, 122, 120, 119, 120, 120, 116, 220, 195, 190, 175,
    164, 154, 147, 146, 142, 139, 145, 144, 142, 139, 139, 138, 139, 140, 244, 215, 207, 204, 203, 201,
    199, 198, 198, 196, 194, 192, 192, 189, 190, 187, 187, 175, 170, 162, 151, 144, 141, 136, 136, 132,
    145, 146, 148, 140, 150, 150, 260, 221, 215, 206, 200, 196, 190, 187, 180, 169,
    /* clang-format on */
};

double q2_element_radius(int element) {
  return element >= 1 && element <= Q2_ELEMENT_LAST_RADIUS ? radii[element] / 100.0 : 0.0;
}

int q2_element_is_metal(int element) {
  static const char nonmetals[] = " H He B C N O F Ne Si P S Cl Ar Ge As Se Br Kr Te I Xe At Rn ";
  char word[8];
  snprintf(word, sizeof word, " %s ", q2_element_symbol(element));
  return strstr(nonmetals, word) == NULL;
}
