package io.claritystream.embedded.demo;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// The plant in operation, over one connection: [#open] brings the database up to a moment,
/// [#advance] lets time pass. Each commits what it has written, in one transaction.
///
/// After an exception an operation is of no use any more: open another one, which goes on from what
/// was committed.
final class Operation {
  /// A machine writes a reading so often while it is connected.
  static final long PERIOD_MILLIS = 3_000;

  /// What was missed is handed in for so long.
  static final Duration MISSED_MAX = Duration.ofHours(24);

  /// Shifts and stops are on paper, and handed in for longer.
  private static final long MISSED_MINUTES_MAX = 30 * 24 * 60;

  private static final long MINUTE_MILLIS = 60_000;

  /// From here on it is a gap, and readings come by the minute.
  private static final long GAP_MILLIS = 150_000;

  private static final long STAGGER_MILLIS = PERIOD_MILLIS / 60;

  /// A shift: what began before the history is on record too.
  private static final long MINUTES_BEFORE_HISTORY = 480;

  private final Connection connection;
  private final PlantDatabase database;
  private final Fleet fleet;
  private final Physics physics;
  private final Happenings happenings;
  private final Silences silences;
  private final Duration keep;
  private final List<Meter> meters = new ArrayList<>();
  private long minuteDone;
  private long advancedMillis;

  private Operation(Connection connection, long seed, Duration keep) {
    this.connection = connection;
    this.database = new PlantDatabase(connection);
    this.keep = keep;
    Noise noise = new Noise(seed);
    fleet = Fleet.northgate();
    Calendar calendar = new Calendar(noise);
    Faults faults = new Faults(noise, calendar, fleet);
    physics = new Physics(noise, calendar, faults, fleet);
    happenings = new Happenings(noise, fleet, calendar, faults);
    silences = new Silences(noise, fleet);
  }

  /// Makes the database with its history if it is not there, else goes on from where it ends.
  ///
  /// @param connection without auto-commit
  /// @param history how far back the readings of a new database begin, by the minute
  /// @param keep how long readings are kept
  static Operation open(
      Connection connection, long seed, Duration history, Duration keep, long nowMillis)
      throws SQLException {
    Operation operation = new Operation(connection, seed, keep);
    if (operation.database.exists()) {
      operation.resume(new Noise(seed), nowMillis);
    } else {
      operation.found(new Noise(seed), history, nowMillis);
    }
    connection.commit();
    operation.advancedMillis = nowMillis;
    return operation;
  }

  private void found(Noise noise, Duration history, long nowMillis) throws SQLException {
    database.create(fleet, noise);
    long begin = nowMillis - history.toMillis();
    for (Machine machine : fleet.machines()) {
      meters.add(Meter.worn(machine, begin, noise));
    }
    minuteDone = begin / MINUTE_MILLIS - MINUTES_BEFORE_HISTORY;
    writeHappenings(nowMillis);
    handIn(meters, nowMillis);
  }

  private void resume(Noise noise, long nowMillis) throws SQLException {
    long newest = Long.MIN_VALUE;
    for (Machine machine : fleet.machines()) {
      Meter meter = database.meter(machine);
      newest = meter == null ? newest : Math.max(newest, meter.lastMillis());
      meters.add(meter == null ? Meter.worn(machine, nowMillis - 1, noise) : meter);
    }
    long minute = nowMillis / MINUTE_MILLIS;
    minuteDone =
        newest == Long.MIN_VALUE
            ? minute
            : Math.max(newest / MINUTE_MILLIS - 1, minute - MISSED_MINUTES_MAX);
    writeHappenings(nowMillis);
    handIn(gaps(nowMillis), nowMillis);
  }

  /// Writes all that has come due by now.
  ///
  /// @return how many readings it wrote
  int advance(long nowMillis) throws SQLException {
    boolean minuteBegan = nowMillis / MINUTE_MILLIS > minuteDone;
    writeHappenings(nowMillis);
    int written = handIn(gaps(nowMillis), nowMillis);
    for (int i = 0; i < meters.size(); i++) {
      Meter meter = meters.get(i);
      if (silences.silent(meter.machine(), nowMillis / 1_000)) {
        continue;
      }
      long due = due(Math.max(meter.lastMillis(), advancedMillis), i * STAGGER_MILLIS);
      for (; due <= nowMillis; due += PERIOD_MILLIS) {
        BigDecimal[] reading = meter.read(physics, due);
        database.addReading(meter.machine(), due, reading);
        written++;
      }
    }
    database.flushReadings();
    if (minuteBegan) {
      forgetOld(nowMillis);
    }
    connection.commit();
    advancedMillis = nowMillis;
    return written;
  }

  private void writeHappenings(long nowMillis) throws SQLException {
    for (long minute = nowMillis / MINUTE_MILLIS; minuteDone < minute; ) {
      minuteDone++;
      for (Happening happening : happenings.at(minuteDone)) {
        database.write(happening);
      }
    }
  }

  /// Machines that were away so long that what they missed comes by the minute, and are back.
  private List<Meter> gaps(long nowMillis) {
    return meters.stream()
        .filter(meter -> nowMillis - meter.lastMillis() > GAP_MILLIS)
        .filter(meter -> !silences.silent(meter.machine(), nowMillis / 1_000))
        .toList();
  }

  private int handIn(List<Meter> missing, long nowMillis) throws SQLException {
    int written = 0;
    for (MachineClass kind : MachineClass.values()) {
      List<Meter> ofKind = missing.stream().filter(m -> m.machine().kind() == kind).toList();
      if (!ofKind.isEmpty()) {
        written += handIn(kind, ofKind, nowMillis);
      }
    }
    return written;
  }

  /// Minute after minute, as speeds of the last hour are then remembered.
  private int handIn(MachineClass kind, List<Meter> missing, long nowMillis) throws SQLException {
    PlantDatabase.ReadingCopy copy = database.copy(kind);
    long earliest = nowMillis - MISSED_MAX.toMillis();
    long first = missing.stream().mapToLong(Meter::lastMillis).min().orElse(nowMillis);
    int written = 0;
    for (long minute = Math.max(first, earliest) / MINUTE_MILLIS * MINUTE_MILLIS;
        minute <= nowMillis;
        minute += MINUTE_MILLIS) {
      for (Meter meter : missing) {
        long at = minute + meters.indexOf(meter) * STAGGER_MILLIS;
        if (at > meter.lastMillis() && at > earliest && at <= nowMillis) {
          copy.add(meter.machine(), at, meter.read(physics, at));
          written++;
        }
      }
    }
    copy.finish();
    return written;
  }

  /// The first moment after `after` at which a machine's reading is due.
  private static long due(long after, long offset) {
    return (Math.floorDiv(after - offset, PERIOD_MILLIS) + 1) * PERIOD_MILLIS + offset;
  }

  /// One machine a minute, so that each has its turn every hour.
  private void forgetOld(long nowMillis) throws SQLException {
    Machine machine =
        fleet.machines().get((int) Math.floorMod(minuteDone, (long) fleet.machines().size()));
    database.forget(machine, nowMillis - keep.toMillis());
  }
}
