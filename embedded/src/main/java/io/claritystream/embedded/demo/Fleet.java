package io.claritystream.embedded.demo;

import java.util.ArrayList;
import java.util.List;

/// All sites, lines and machines of Northgate Bottling: the same for every seed.
///
/// Each site has two lines of six machines (pump, filler, capper, labeller, packer, conveyor), and
/// two compressors, two chillers, two boilers and two water pumps that serve both.
record Fleet(List<Site> sites, List<Line> lines, List<Machine> machines) {
  private static final List<MachineClass> LINE_MACHINES =
      List.of(
          MachineClass.PUMP,
          MachineClass.FILLER,
          MachineClass.CAPPER,
          MachineClass.LABELLER,
          MachineClass.PACKER,
          MachineClass.CONVEYOR);
  private static final List<MachineClass> UTILITIES =
      List.of(
          MachineClass.COMPRESSOR, MachineClass.CHILLER, MachineClass.BOILER, MachineClass.PUMP);

  Fleet {
    sites = List.copyOf(sites);
    lines = List.copyOf(lines);
    machines = List.copyOf(machines);
  }

  static Fleet northgate() {
    List<Site> sites =
        List.of(
            new Site(
                1, "HAR", "Harwick Spring", "Harwick", 54.41210, -1.98230, "1994-05-16", 212, 0, 0),
            new Site(
                2,
                "MAR",
                "Marden Bridge",
                "Marden Bridge",
                51.17420,
                0.49310,
                "2006-09-04",
                168,
                30,
                1.8),
            new Site(
                3,
                "ABC",
                "Abercorran",
                "Abercorran",
                51.88140,
                -4.42760,
                "2013-03-11",
                131,
                -30,
                0.6));
    List<Line> lines = new ArrayList<>();
    List<Machine> machines = new ArrayList<>();
    for (Site site : sites) {
      for (int number = 1; number <= 2; number++) {
        int nominal = number == 1 ? 36_000 - 3_000 * site.id() : 22_000 + 1_000 * site.id();
        Line line =
            new Line(lines.size(), site, number, site.id() * 10 + number, nominal, number == 1);
        lines.add(line);
        for (MachineClass kind : LINE_MACHINES) {
          machines.add(
              new Machine(
                  site.id() * 100 + number * 10 + LINE_MACHINES.indexOf(kind) + 1,
                  site,
                  line,
                  kind,
                  1,
                  "%s-L%d-%s-01".formatted(site.code(), number, kind.tag()),
                  "%s, line %d".formatted(title(kind), number)));
        }
      }
      for (MachineClass kind : UTILITIES) {
        for (int number = 1; number <= 2; number++) {
          machines.add(
              new Machine(
                  site.id() * 100 + 30 + UTILITIES.indexOf(kind) * 2 + number,
                  site,
                  null,
                  kind,
                  number,
                  "%s-UT-%s-%02d".formatted(site.code(), kind.tag(), number),
                  kind == MachineClass.PUMP
                      ? "Water pump " + number
                      : "%s %d".formatted(title(kind), number)));
        }
      }
    }
    return new Fleet(sites, lines, machines);
  }

  List<Machine> at(Site site) {
    return machines.stream().filter(machine -> machine.site().equals(site)).toList();
  }

  List<Line> linesOf(Site site) {
    return lines.stream().filter(line -> line.site().equals(site)).toList();
  }

  List<Machine> of(MachineClass kind) {
    return machines.stream().filter(machine -> machine.kind() == kind).toList();
  }

  private static String title(MachineClass kind) {
    return Character.toUpperCase(kind.word().charAt(0)) + kind.word().substring(1);
  }
}
