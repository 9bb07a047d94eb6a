# Claims: import, export, import again gives the same parameters, for every format: in the force field's own file (which an export without a fit
# leaves byte for byte, and a fit changes in the fitted numbers alone) and in a new file of each format; ff a Tinker, an AMBER, an OpenMM file.
. "$(dirname "$0")/common.sh"
rm -f ./*.prm ./*.csv ./*.xml ./*.frcmod ./*.mol2

# molecule FILE TYPES...: acetaldehyde (types CT C O HA HC) and formaldehyde (C O HA)
molecules() {
  cat >ethanal.mol2 <<END
@<TRIPOS>MOLECULE
ethanal
 7 6 0 0 0
SMALL
USER_CHARGES
@<TRIPOS>ATOM
 1 C1  0.00  0.00  0.00 $1 1 RES -0.1250
 2 C2  1.50  0.00  0.01 $2 1 RES  0.4950
 3 O3  2.10  1.05  0.00 $3 1 RES -0.5000
 4 H4  2.05 -0.95  0.00 $4 1 RES  0.0025
 5 H5 -0.36  1.03  0.00 $5 1 RES  0.0425
 6 H6 -0.36 -0.51  0.89 $5 1 RES  0.0425
 7 H7 -0.36 -0.52 -0.89 $5 1 RES  0.0425
@<TRIPOS>BOND
 1 1 2 1
 2 2 3 2
 3 2 4 1
 4 1 5 1
 5 1 6 1
 6 1 7 1
END
  cat >methanal.mol2 <<END
@<TRIPOS>MOLECULE
methanal
 4 3 0 0 0
SMALL
USER_CHARGES
@<TRIPOS>ATOM
 1 C1  0.00  0.00  0.02 $2 1 RES  0.4950
 2 O2  0.00  1.21  0.00 $3 1 RES -0.5000
 3 H3  0.94 -0.54  0.00 $4 1 RES  0.0025
 4 H4 -0.94 -0.55  0.00 $4 1 RES  0.0025
@<TRIPOS>BOND
 1 1 2 2
 2 1 3 1
 3 1 4 1
END
}

cat >made.frcmod <<'END'
made for a round trip
MASS
CT 12.01
C  12.01
O  16.00
HA 1.008
HC 1.008

BOND
CT-HC   340.0000     1.090000      a comment
CT-C    317.0000     1.522000
C -O    570.0000     1.229000
C -HA   340.2500     1.080000

ANGL
HC-CT-HC    35.0000    109.500000
HC-CT-C     50.0000    109.600000
CT-C -O     80.0000    120.400000
CT-C -HA    50.0000    115.000000
O -C -HA    50.0000    120.000000
HA-C -HA    35.5000    117.000000

DIHE
HC-CT-C -O     1    0.8000000        0.000         -1.
HC-CT-C -O     1    0.0800000      180.000          3.
HC-CT-C -HA    3    0.3750000        0.000          3.

IMPR
CT-HA-C -O          1.1000000      180.000          2.

NONB
  CT          1.9080000    0.1094000
  C           1.9080000    0.0860000
  O           1.6612000    0.2100000
  HA          1.4590000    0.0150000
  HC          1.4870000    0.0157000

END
cat >made.prm <<'END'
forcefield made
vdwindex TYPE
vdwtype LENNARD-JONES
radiusrule ARITHMETIC
radiustype R-MIN
radiussize RADIUS
epsilonrule GEOMETRIC
vdw-14-scale 2.0
chg-14-scale 1.2
torsionunit 0.5
imptorunit 1.0
atom 1 1 CT "methyl" 6 12.01 4
atom 2 2 C "carbonyl" 6 12.01 3
atom 3 3 O "oxygen" 8 16.00 1
atom 4 4 HA "aldehyde" 1 1.008 1
atom 5 5 HC "hydrogen" 1 1.008 1
vdw 1     1.908000      0.109400
vdw 2     1.908000      0.086000
vdw 3     1.661200      0.210000
vdw 4     1.459000      0.015000
vdw 5     1.487000      0.015700
bond 1 5      340.000000      1.090000     # OPT
bond 1 2      317.000000      1.522000     # OPT
bond 2 3      570.000000      1.229000
bond 2 4      340.250000      1.080000
angle 5 1 5      35.000000      109.500000    # OPT
angle 5 1 2      50.000000      109.600000
angle 1 2 3      80.000000      120.400000
angle 1 2 4      50.000000      115.000000
angle 3 2 4      50.000000      120.000000
angle 4 2 4      35.500000      117.000000
torsion 5 1 2 3      0.800000   0.0 1     0.080000   180.0 3
torsion 5 1 2 4      0.125000   0.0 3
imptors 1 4 2 3      1.100000   180.0 2
imptors 4 4 2 3      1.200000   180.0 2
charge 1 -0.1250
charge 2  0.4950
charge 3 -0.5000
charge 4  0.0025
charge 5  0.0425
END
cat >made.xml <<'END'
<ForceField>
 <AtomTypes>
  <Type name="CT" class="CT" element="C" mass="12.01"/>
  <Type name="C" class="C" element="C" mass="12.01"/>
  <Type name="O" class="O" element="O" mass="16"/>
  <Type name="HA" class="HA" element="H" mass="1.008"/>
  <Type name="HC" class="HC" element="H" mass="1.008"/>
 </AtomTypes>
 <HarmonicBondForce>
  <Bond class1="CT" class2="HC" length="0.109000" k="284512.000000" fit="1"/>
  <Bond class1="CT" class2="C" length="0.152200" k="265265.600000" fit="1"/>
  <Bond class1="C" class2="O" length="0.122900" k="476976.000000"/>
  <Bond class1="C" class2="HA" length="0.108000" k="284721.200000"/>
 </HarmonicBondForce>
 <HarmonicAngleForce>
  <Angle class1="HC" class2="CT" class3="HC" angle="1.9111355309" k="292.880000" fit="1"/>
  <Angle class1="HC" class2="CT" class3="C" angle="1.9128808601" k="418.400000"/>
  <Angle class1="CT" class2="C" class3="O" angle="2.1013764195" k="669.440000"/>
  <Angle class1="CT" class2="C" class3="HA" angle="2.0071286398" k="418.400000"/>
  <Angle class1="O" class2="C" class3="HA" angle="2.0943951024" k="418.400000"/>
  <Angle class1="HA" class2="C" class3="HA" angle="2.0420352248" k="297.064000"/>
 </HarmonicAngleForce>
 <PeriodicTorsionForce ordering="amber">
  <Proper class1="HC" class2="CT" class3="C" class4="O" periodicity1="1" phase1="0" k1="3.347200" periodicity2="3" phase2="3.14159265358979" k2="0.334720"/>
  <Proper class1="" class2="CT" class3="C" class4="HA" periodicity1="3" phase1="0" k1="0.523000"/>
  <Improper class1="C" class2="CT" class3="HA" class4="O" periodicity1="2" phase1="3.14159265358979" k1="4.602400"/>
 </PeriodicTorsionForce>
 <NonbondedForce coulomb14scale="0.833333" lj14scale="0.5">
  <UseAttributeFromResidue name="charge"/>
  <Atom class="CT" sigma="0.339967" epsilon="0.457730"/>
  <Atom class="C" sigma="0.339967" epsilon="0.359824"/>
  <Atom class="O" sigma="0.295992" epsilon="0.878640"/>
  <Atom class="HA" sigma="0.259964" epsilon="0.062760"/>
  <Atom class="HC" sigma="0.264953" epsilon="0.065689"/>
 </NonbondedForce>
</ForceField>
END

bring() { # FIELD FILE.h5: import
  on 0 import ethanal.mol2 methanal.mol2 -force_field "$1" -observables geometry -fit "${fit:-marked}" -o "$2" -quiet
  ends_with 0
}

# parameters FILE.h5 FILE [RESULT.h5]: kinds and values (kcal/mol, angstrom, degree), by kind and value: labels may be others in another
# format, and so may units.
parameters() {
  on 0 export "$1" -to csv -o table.csv ${3:+-parameters "$3"}
  ends_with 0
  awk -F, '
    BEGIN { f["radian"] = 57.295779513082320877; f["nm"] = 10; f["kJ/mol"] = f["kJ/mol/rad^2"] = 1 / 4.184; f["kJ/mol/nm^2"] = 1 / 418.4 }
    NR > 1 { printf "%s %.17g\n", $2, $5 * ($4 in f ? f[$4] : 1) }' table.csv | sort -k1,1 -k2,2g >"$2"
}

# same A B TOLERANCE LEAST: the same kinds, values that differ by no more than the tolerance, of them or of LEAST.
same() {
  [ "$(wc -l <"$1")" -gt 30 ] || failed "$1: too few parameters"
  paste -d' ' "$1" "$2" | awk -v tolerance="$3" -v least="$4" '
    function size(x) { return x < 0 ? -x : x }
    $1 != $3 || size($2 - $4) > tolerance * (size($2) > least ? size($2) : least) { print; bad = 1 } END { exit bad || NR == 0 }' >differences ||
    failed "$1 and $2 differ: $(head -3 differences)"
}

names="CT C O HA HC"
for ending in frcmod prm xml; do
  if [ $ending = prm ]; then names="1 2 3 4 5"; else names="CT C O HA HC"; fi
  # shellcheck disable=SC2086
  molecules $names
  bring made.$ending one.h5
  parameters one.h5 one
  on 0 export one.h5 -o back.$ending
  ends_with 0
  cmp -s back.$ending made.$ending || failed "$ending: an export without a fit has changed the file"

  # A fit rewrites it, and import reads what the result has.
  on 2 one.h5 -o fitted.h5 -export fitted.$ending -tao_max_it 4 -identify off
  ends_with 0
  cmp -s fitted.$ending made.$ending && failed "$ending: the fit has changed nothing"
  sed -E 's/[-0-9.]+/#/g;s/ +/ /g' made.$ending >before
  sed -E 's/[-0-9.]+/#/g;s/ +/ /g' fitted.$ending >after
  cmp -s before after || failed "$ending: words have changed"
  [ "$(wc -c <made.$ending)" -eq "$(wc -c <fitted.$ending)" ] || failed "$ending: longer or shorter"
  bring fitted.$ending two.h5
  parameters one.h5 result fitted.h5
  parameters two.h5 again
  same result again 1e-5 0.01 # the digits that the columns have

  # A new file of each format, read again.
  fit=none
  for to in tinker amber openmm; do
    case $to in tinker) file=new.prm ;; amber) file=new.frcmod ;; *) file=new.xml ;; esac
    on 2 export one.h5 -to $to -o $file
    if [ $ending = prm ] && [ $to != tinker ]; then
      # Tinker has an improper for each of two orders of formaldehyde's hydrogens, the others one a centre.
      ends_with 1
      says err "improper_fourier of methanal"
      continue
    fi
    ends_with 0
    if [ $to = tinker ] && [ $ending != prm ]; then # names are numbers there
      numbers=$(for name in $names; do sed -n "s/^atom *\([0-9]*\) .*\"$name\".*/\1/p" $file; done)
      # shellcheck disable=SC2086
      molecules $numbers
    fi
    bring $file new.h5
    # shellcheck disable=SC2086
    molecules $names
    parameters new.h5 new
    same one new 1e-14 0
  done
  fit=marked
done
exit $((failures > 0))
