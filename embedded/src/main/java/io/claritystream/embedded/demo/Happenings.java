package io.claritystream.embedded.demo;

import java.util.ArrayList;
import java.util.List;

/// What happens in a minute. Everything that people do begins at a whole one.
final class Happenings {
  private static final int STREAM = 50_000;
  private static final long REPAIR_BEGINS_AFTER_S = 120;
  private static final int SHIFT_MINUTES = 480;

  private static final List<String> OPERATORS =
      List.of(
          "K. Adeyemi",
          "M. Lowther",
          "S. Pritchard",
          "J. Castellano",
          "A. Birch",
          "R. Mistry",
          "T. Hallam",
          "E. Nowak",
          "D. Fenwick",
          "G. Sayle");
  private static final List<String> TECHNICIANS =
      List.of("P. Okafor", "L. Trevithick", "H. Brandt", "C. Murray", "N. Osei");

  private final Noise noise;
  private final Fleet fleet;
  private final Calendar calendar;
  private final Faults faults;
  private final LineControl control;

  Happenings(Noise noise, Fleet fleet, Calendar calendar, Faults faults) {
    this.noise = noise;
    this.fleet = fleet;
    this.calendar = calendar;
    this.faults = faults;
    control = new LineControl(calendar, faults);
  }

  /// In the order in which they are to be written.
  List<Happening> at(long minute) {
    List<Happening> found = new ArrayList<>();
    for (Site site : fleet.sites()) {
      if (calendar.minuteOfShift(site, minute) == 0) {
        shiftChange(site, minute, found);
      }
      for (Line line : fleet.linesOf(site)) {
        if (calendar.minuteOfOrder(line, minute) == 0) {
          orderChange(line, minute, found);
        }
      }
      fault(faults.around(site, minute * 60.0), minute * 60, found);
      for (Machine machine : fleet.at(site)) {
        stateChange(machine, minute, found);
      }
    }
    return found;
  }

  private void shiftChange(Site site, long minute, List<Happening> found) {
    long shift = calendar.shift(site, minute);
    long id = shift * 8 + site.id();
    String crew = "Crew " + (char) ('A' + Math.floorMod(shift, 4L));
    found.add(
        new Happening.ShiftBegan(
            id, site, calendar.shiftName(shift).label(), crew, minute * 60, SHIFT_MINUTES));
    StringBuilder note = new StringBuilder("Handover.");
    for (Line line : fleet.linesOf(site)) {
      note.append(" Line ").append(line.number());
      if (calendar.manned(line, minute)) {
        Product product = calendar.product(line, calendar.order(line, minute));
        note.append(": ").append(product.description()).append('.');
      } else {
        note.append(" closed for the night.");
      }
    }
    found.add(
        new Happening.Noted(
            id * 2 + 1, site, null, pick(OPERATORS, id, 1), note.toString(), minute * 60));
  }

  private void orderChange(Line line, long minute, List<Happening> found) {
    long order = calendar.order(line, minute);
    if (calendar.manned(line, minute - 1)) {
      found.add(new Happening.OrderFinished(number(line, order - 1), minute * 60));
    }
    if (calendar.manned(line, minute)) {
      Product product = calendar.product(line, order);
      int bottles = (int) (line.nominalBph() * product.pace() * 4 * 0.82 / 1_000) * 1_000;
      found.add(
          new Happening.OrderReleased(number(line, order), line, product, bottles, minute * 60));
    }
  }

  private static long number(Line line, long order) {
    return order * 16 + line.index();
  }

  private void fault(Fault fault, long second, List<Happening> found) {
    long onset = fault.stops() - fault.begins();
    long noticed = fault.begins() + onset * 3 / 4 / 60 * 60;
    if (second == noticed && noise.uniform(STREAM, fault.id()) < 0.8) {
      found.add(note(fault, 0, fault.kind().note(), pick(OPERATORS, fault.id(), 2), second));
    }
    if (second == fault.stops()) {
      found.add(new Happening.MachineStopped(fault));
    }
    String technician = pick(TECHNICIANS, fault.id(), 3);
    if (second == fault.stops() + REPAIR_BEGINS_AFTER_S) {
      found.add(new Happening.RepairBegan(fault, technician, second));
    }
    if (second == fault.repaired()) {
      found.add(new Happening.MachineStarted(fault));
      found.add(note(fault, 1, fault.kind().repair(), technician, second));
    }
  }

  private void stateChange(Machine machine, long minute, List<Happening> found) {
    Line line = machine.line();
    LineControl.Says says = line == null ? null : control.changes(line, machine, minute);
    if (says != null) {
      found.add(
          new Happening.StateChanged(
              minute * 1_000 + machine.id(), machine, says.state(), says.reason(), minute * 60));
    }
  }

  private static Happening.Noted note(
      Fault fault, int which, String text, String author, long second) {
    Machine machine = fault.machine();
    return new Happening.Noted(
        (fault.id() * 4 + which) * 2, machine.site(), machine.id(), author, text, second);
  }

  private String pick(List<String> names, long id, int purpose) {
    return names.get(noise.below(names.size(), STREAM + purpose, id));
  }
}
