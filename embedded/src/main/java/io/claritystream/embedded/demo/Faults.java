package io.claritystream.embedded.demo;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Which machine breaks when: one a site in each slot of two hours, the sites' slots shifted
/// against one another. A fault begins and ends within its slot, so a site has one at a time.
/// Not safe for several threads.
final class Faults {
  private static final long SLOT_S = 7_200;
  private static final long SITE_SHIFT_S = 2_400;
  private static final int TRIES = 12;
  private static final int REMEMBERED_MAX = 64;
  private static final int STREAM = 20_000;

  private final Noise noise;
  private final Calendar calendar;
  private final Map<Integer, List<Machine>> machines = new HashMap<>();
  private final Map<Integer, List<Machine>> utilities = new HashMap<>();
  private final Map<Long, Fault> remembered = new HashMap<>();

  Faults(Noise noise, Calendar calendar, Fleet fleet) {
    this.noise = noise;
    this.calendar = calendar;
    for (Site site : fleet.sites()) {
      List<Machine> all = fleet.at(site);
      machines.put(site.id(), all);
      utilities.put(site.id(), all.stream().filter(machine -> machine.line() == null).toList());
    }
  }

  /// The one fault of a site's slot that this second belongs to: past, present or to come.
  Fault around(Site site, double second) {
    long slot = Math.floorDiv((long) Math.floor(second) + site.id() * SITE_SHIFT_S, SLOT_S);
    long id = slot * 8 + site.id();
    Fault known = remembered.get(id);
    if (known == null) {
      if (remembered.size() >= REMEMBERED_MAX) {
        remembered.clear();
      }
      known = make(site, slot, id);
      remembered.put(id, known);
    }
    return known;
  }

  /// The fault that bears on a machine at a second.
  @Nullable Fault of(Machine machine, double second) {
    Fault fault = around(machine.site(), second);
    return fault.machine().id() == machine.id() ? fault : null;
  }

  /// All faults of a site whose slots touch the time from `from` to `to`.
  List<Fault> between(Site site, long from, long to) {
    List<Fault> found = new ArrayList<>();
    long first = Math.floorDiv(from + site.id() * SITE_SHIFT_S, SLOT_S);
    long last = Math.floorDiv(to + site.id() * SITE_SHIFT_S, SLOT_S);
    for (long slot = first; slot <= last; slot++) {
      found.add(around(site, slot * SLOT_S - site.id() * SITE_SHIFT_S));
    }
    return found;
  }

  private Fault make(Site site, long slot, long id) {
    long slotBegins = slot * SLOT_S - site.id() * SITE_SHIFT_S;
    for (int attempt = 0; attempt < TRIES; attempt++) {
      long stream = STREAM + 10L * attempt;
      // The last try is among the utilities, which always run.
      List<Machine> candidates = (attempt < TRIES - 1 ? machines : utilities).get(site.id());
      Machine machine = candidates.get(noise.below(candidates.size(), stream, id));
      List<FaultKind> kinds = FaultKind.of(machine.kind());
      FaultKind kind = kinds.get(noise.below(kinds.size(), stream + 1, id));
      long onset = 60L * (24 + noise.below(16, stream + 2, id));
      long standing = 60L * (8 + noise.below(11, stream + 3, id));
      // Ten minutes at the slot's end are left for the machine to calm down.
      long spare = SLOT_S - onset - standing - 1_200;
      long begins = slotBegins + 60 * (long) (noise.uniform(stream + 4, id) * (spare / 60));
      Fault fault = new Fault(id, machine, kind, begins, begins + onset, begins + onset + standing);
      if (machine.line() == null || busy(machine.line(), fault)) {
        return fault;
      }
    }
    throw new IllegalStateException("a utility is always taken");
  }

  /// A machine that stands anyway shows nothing and stops nothing.
  private boolean busy(Line line, Fault fault) {
    for (long second = fault.begins(); second <= fault.repaired(); second += 120) {
      Calendar.Planned planned = calendar.planned(line, second / 60);
      boolean nearStop = second > fault.stops() - 1_200 && second < fault.stops() + 120;
      if (planned.doing() == Calendar.Doing.UNMANNED || nearStop && planned.speed() == 0) {
        return false;
      }
    }
    return true;
  }
}
