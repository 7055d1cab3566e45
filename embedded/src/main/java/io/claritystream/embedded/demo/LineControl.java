package io.claritystream.embedded.demo;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What the control of a line says of its machines: they run together or not at all.
final class LineControl {
  /// @param reason why; null where it goes without saying
  record Says(MachineState state, @Nullable String reason) {}

  private final Calendar calendar;
  private final Faults faults;

  LineControl(Calendar calendar, Faults faults) {
    this.calendar = calendar;
    this.faults = faults;
  }

  /// What it says of a machine from this minute on; null if it says nothing new.
  @Nullable Says changes(Line line, Machine machine, long minute) {
    Says now = says(line, machine, minute);
    return Objects.equals(now, says(line, machine, minute - 1)) ? null : now;
  }

  Says says(Line line, Machine machine, long minute) {
    Fault fault = faults.around(machine.site(), minute * 60.0);
    if (line.equals(fault.machine().line()) && fault.standing(minute * 60.0)) {
      return fault.machine().id() == machine.id()
          ? new Says(MachineState.STOPPED, fault.kind().reason())
          : new Says(MachineState.WAITING, fault.machine().kind().word() + " stands");
    }
    Calendar.Planned planned = calendar.planned(line, minute);
    return switch (planned.doing()) {
      case UNMANNED -> new Says(MachineState.OFF, "No shift");
      case CHANGEOVER ->
          new Says(
              MachineState.CHANGEOVER,
              "To " + calendar.product(line, calendar.order(line, minute)).description());
      case BREAK ->
          planned.speed() > 0
              ? new Says(MachineState.RUNNING, null)
              : new Says(MachineState.WAITING, "Break");
      case RUNNING -> new Says(MachineState.RUNNING, null);
    };
  }
}
