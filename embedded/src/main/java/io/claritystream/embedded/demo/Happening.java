package io.claritystream.embedded.demo;

import org.jspecify.annotations.Nullable;

/// What people and the production system write down, other than readings. Numbers are the same
/// whenever a happening is computed, so that writing one twice changes nothing.
sealed interface Happening {
  /// A crew takes over.
  ///
  /// @param lastsMinutes until the next one does
  record ShiftBegan(long id, Site site, String name, String crew, long second, int lastsMinutes)
      implements Happening {}

  record OrderReleased(long number, Line line, Product product, int bottles, long second)
      implements Happening {}

  record OrderFinished(long number, long second) implements Happening {}

  record Noted(long id, Site site, Integer machineId, String author, String note, long second)
      implements Happening {}

  /// The line control notes what a machine of it does from now on.
  record StateChanged(
      long id, Machine machine, MachineState state, @Nullable String reason, long second)
      implements Happening {}

  record MachineStopped(Fault fault) implements Happening {}

  record RepairBegan(Fault fault, String technician, long second) implements Happening {}

  /// The stop and the repair are over.
  record MachineStarted(Fault fault) implements Happening {}
}
