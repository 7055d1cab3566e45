package io.claritystream.embedded.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/// The customer's tables, over one connection that is in a transaction. Nothing here commits.
final class PlantDatabase {
  private static final int COPY_BUFFER = 1 << 15;

  private final Connection connection;
  private final Map<MachineClass, PreparedStatement> inserts = new EnumMap<>(MachineClass.class);

  PlantDatabase(Connection connection) {
    this.connection = connection;
  }

  boolean exists() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result =
            statement.executeQuery("SELECT to_regclass('plant.machine') IS NOT NULL")) {
      result.next();
      return result.getBoolean(1);
    }
  }

  /// Makes all tables, and fills those that rarely change.
  void create(Fleet fleet, Noise noise) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(script());
    }
    insertSites(fleet);
    insertWorkCentres(fleet);
    insertMachines(fleet, noise);
    insertProducts();
  }

  private static String script() {
    try (InputStream in = PlantDatabase.class.getResourceAsStream("plant.sql")) {
      if (in == null) {
        throw new IllegalStateException("plant.sql is missing beside its class");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void insertSites(Fleet fleet) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            INSERT INTO plant.site (site_id, code, name, town, latitude, longitude, time_zone,
              opened_on, employees)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)) {
      for (Site site : fleet.sites()) {
        insert.setInt(1, site.id());
        insert.setString(2, site.code());
        insert.setString(3, site.name());
        insert.setString(4, site.town());
        insert.setBigDecimal(5, BigDecimal.valueOf(site.latitude()));
        insert.setBigDecimal(6, BigDecimal.valueOf(site.longitude()));
        insert.setString(7, Calendar.TIME_ZONE);
        insert.setObject(8, LocalDate.parse(site.openedOn()));
        insert.setInt(9, site.employees());
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  private void insertWorkCentres(Fleet fleet) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            INSERT INTO plant.work_centre (work_centre_id, site_id, code, description,
              nominal_bottles_per_hour)
            VALUES (?, ?, ?, ?, ?)
            """)) {
      for (Line line : fleet.lines()) {
        insert.setInt(1, line.workCentreId());
        insert.setInt(2, line.site().id());
        insert.setString(3, "%s-L%d".formatted(line.site().code(), line.number()));
        insert.setString(4, "Bottling line " + line.number());
        insert.setInt(5, line.nominalBph());
        insert.addBatch();
      }
      for (Site site : fleet.sites()) {
        insert.setInt(1, utilities(site));
        insert.setInt(2, site.id());
        insert.setString(3, site.code() + "-UT");
        insert.setString(4, "Utilities");
        insert.setNull(5, Types.INTEGER);
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  private static int utilities(Site site) {
    return site.id() * 10 + 9;
  }

  private void insertMachines(Fleet fleet, Noise noise) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            INSERT INTO plant.machine (machine_id, site_id, work_centre_id, tag, name,
              machine_class, manufacturer, model, serial_no, commissioned_on, rated_power_kw,
              critical, nameplate)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb)
            """)) {
      for (Machine machine : fleet.machines()) {
        Nameplate plate = Nameplate.of(machine, noise);
        Line line = machine.line();
        insert.setInt(1, machine.id());
        insert.setInt(2, machine.site().id());
        insert.setInt(3, line == null ? utilities(machine.site()) : line.workCentreId());
        insert.setString(4, machine.tag());
        insert.setString(5, machine.name());
        insert.setString(6, machine.kind().word());
        insert.setString(7, plate.manufacturer());
        insert.setString(8, plate.model());
        insert.setString(9, plate.serialNo());
        insert.setObject(10, plate.commissionedOn());
        insert.setBigDecimal(11, BigDecimal.valueOf(machine.kind().ratedKw()));
        insert.setBoolean(12, plate.critical());
        insert.setString(13, plate.json());
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  private void insertProducts() throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            INSERT INTO plant.product (sku, description, volume_ml, carbonated, fill_temperature_c)
            VALUES (?, ?, ?, ?, ?)
            """)) {
      for (Product product : Product.ALL) {
        insert.setString(1, product.sku());
        insert.setString(2, product.description());
        insert.setInt(3, product.volumeMl());
        insert.setBoolean(4, product.carbonated());
        insert.setBigDecimal(5, BigDecimal.valueOf(product.fillTemperatureC()));
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  /// Goes on where a machine's newest row is; null if it has none.
  @Nullable Meter meter(Machine machine) throws SQLException {
    List<Metric> metrics = machine.kind().metrics();
    String sql =
        "SELECT read_at, %s FROM %s WHERE machine_id = ? ORDER BY read_at DESC LIMIT 1"
            .formatted(columns(machine.kind()), machine.kind().table());
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setInt(1, machine.id());
      try (ResultSet result = select.executeQuery()) {
        if (!result.next()) {
          return null;
        }
        double[] counters = new double[metrics.size()];
        for (int i = 0; i < counters.length; i++) {
          counters[i] = metrics.get(i).counter() ? result.getDouble(i + 2) : 0;
        }
        long newest = result.getObject(1, OffsetDateTime.class).toInstant().toEpochMilli();
        return new Meter(machine, newest, counters);
      }
    }
  }

  /// The names of a class's columns: they come from [Metric] alone.
  private static String columns(MachineClass kind) {
    return kind.metrics().stream().map(Metric::column).collect(Collectors.joining(", "));
  }

  /// Many readings of machines of one class, by COPY. Write them through what it gives, then close.
  ReadingCopy copy(MachineClass kind) throws SQLException {
    String sql =
        "COPY %s (machine_id, read_at, %s) FROM STDIN".formatted(kind.table(), columns(kind));
    return new ReadingCopy(connection.unwrap(PGConnection.class).getCopyAPI().copyIn(sql));
  }

  /// Rows on their way into a table. Left open by a failure, the transaction's end discards them.
  static final class ReadingCopy {
    private final CopyIn copy;
    private final StringBuilder text = new StringBuilder(COPY_BUFFER + 512);

    private ReadingCopy(CopyIn copy) {
      this.copy = copy;
    }

    void add(Machine machine, long millis, BigDecimal[] reading) throws SQLException {
      text.append(machine.id()).append('\t').append(Instant.ofEpochMilli(millis));
      for (BigDecimal value : reading) {
        text.append('\t').append(value.toPlainString());
      }
      text.append('\n');
      if (text.length() >= COPY_BUFFER) {
        send();
      }
    }

    void finish() throws SQLException {
      send();
      copy.endCopy();
    }

    private void send() throws SQLException {
      byte[] bytes = text.toString().getBytes(StandardCharsets.US_ASCII);
      copy.writeToCopy(bytes, 0, bytes.length);
      text.setLength(0);
    }
  }

  /// One reading; sent with [#flushReadings()].
  void addReading(Machine machine, long millis, BigDecimal[] reading) throws SQLException {
    PreparedStatement insert = inserts.get(machine.kind());
    if (insert == null) {
      insert = connection.prepareStatement(insertInto(machine.kind()));
      inserts.put(machine.kind(), insert);
    }
    insert.setInt(1, machine.id());
    insert.setObject(2, Instant.ofEpochMilli(millis).atOffset(ZoneOffset.UTC));
    for (int i = 0; i < reading.length; i++) {
      insert.setBigDecimal(i + 3, reading[i]);
    }
    insert.addBatch();
  }

  private static String insertInto(MachineClass kind) {
    return "INSERT INTO %s (machine_id, read_at, %s) VALUES (?, ?%s)"
        .formatted(kind.table(), columns(kind), ", ?".repeat(kind.metrics().size()));
  }

  void flushReadings() throws SQLException {
    for (PreparedStatement insert : inserts.values()) {
      insert.executeBatch();
    }
  }

  /// Forgets what a machine read before a time, as the customer keeps its readings for some days.
  void forget(Machine machine, long beforeMillis) throws SQLException {
    String sql =
        "DELETE FROM %s WHERE machine_id = ? AND read_at < ?".formatted(machine.kind().table());
    try (PreparedStatement delete = connection.prepareStatement(sql)) {
      delete.setInt(1, machine.id());
      delete.setObject(2, at(beforeMillis / 1_000));
      delete.executeUpdate();
    }
  }

  /// Writes a happening, unless it is written already.
  void write(Happening happening) throws SQLException {
    switch (happening) {
      case Happening.ShiftBegan began ->
          run(
              """
              INSERT INTO plant.shift (shift_id, site_id, name, crew, starts_at, ends_at)
              VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
              """,
              began.id(),
              began.site().id(),
              began.name(),
              began.crew(),
              at(began.second()),
              at(began.second() + 60L * began.lastsMinutes()));
      case Happening.OrderReleased released ->
          run(
              """
              INSERT INTO plant.production_order (order_no, work_centre_id, sku, planned_bottles,
                released_at)
              VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
              """,
              released.number(),
              released.line().workCentreId(),
              released.product().sku(),
              released.bottles(),
              at(released.second()));
      case Happening.OrderFinished finished ->
          run(
              """
              UPDATE plant.production_order SET finished_at = ?
              WHERE order_no = ? AND finished_at IS NULL
              """,
              at(finished.second()),
              finished.number());
      case Happening.Noted noted -> {
        Integer machine = noted.machineId();
        run(
            """
            INSERT INTO plant.operator_note (note_id, site_id, machine_id, written_at, author, note)
            VALUES (?, ?, ?::integer, ?, ?, ?) ON CONFLICT DO NOTHING
            """,
            noted.id(),
            noted.site().id(),
            machine,
            at(noted.second()),
            noted.author(),
            noted.note());
      }
      case Happening.StateChanged changed ->
          run(
              """
              INSERT INTO plant.machine_state (state_id, machine_id, since, state, reason)
              VALUES (?, ?, ?, ?, ?::text) ON CONFLICT DO NOTHING
              """,
              changed.id(),
              changed.machine().id(),
              at(changed.second()),
              changed.state().word(),
              changed.reason());
      case Happening.MachineStopped stopped ->
          run(
              """
              INSERT INTO plant.machine_stop (stop_id, machine_id, started_at, reason_code, reason)
              VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
              """,
              stopped.fault().id(),
              stopped.fault().machine().id(),
              at(stopped.fault().stops()),
              stopped.fault().kind().code(),
              stopped.fault().kind().reason());
      case Happening.RepairBegan began ->
          run(
              """
              INSERT INTO plant.work_order (work_order_no, machine_id, opened_at, technician,
                description)
              VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
              """,
              began.fault().id(),
              began.fault().machine().id(),
              at(began.second()),
              began.technician(),
              began.fault().kind().reason());
      case Happening.MachineStarted started -> {
        run(
            """
            UPDATE plant.machine_stop SET ended_at = ? WHERE stop_id = ? AND ended_at IS NULL
            """,
            at(started.fault().repaired()),
            started.fault().id());
        run(
            """
            UPDATE plant.work_order SET closed_at = ? WHERE work_order_no = ? AND closed_at IS NULL
            """,
            at(started.fault().repaired()),
            started.fault().id());
      }
    }
  }

  private void run(String sql, @Nullable Object... parameters) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(i + 1, parameters[i]);
      }
      statement.executeUpdate();
    }
  }

  private static OffsetDateTime at(long second) {
    return Instant.ofEpochSecond(second).atOffset(ZoneOffset.UTC);
  }

  /// What is engraved on a machine.
  private record Nameplate(
      String manufacturer,
      String model,
      String serialNo,
      LocalDate commissionedOn,
      boolean critical,
      String json) {
    private static final List<String> MAKERS =
        List.of("Halvorsen", "Brandt & Keel", "Ostrava Works", "Lindqvist", "Carrow Engineering");

    static Nameplate of(Machine machine, Noise noise) {
      String maker =
          MAKERS.get((machine.kind().ordinal() * 2 + machine.site().id()) % MAKERS.size());
      int series = 100 + 20 * noise.below(20, machine.stream(901), 0);
      LocalDate commissioned =
          LocalDate.of(2014, 1, 6).plusDays(noise.below(3_600, machine.stream(902), 0));
      String serial =
          "%s%02d-%05d"
              .formatted(
                  machine.kind().tag(),
                  commissioned.getYear() % 100,
                  machine.id() * 37 + noise.below(37, machine.stream(903), 0));
      boolean bearingsSealed = noise.uniform(machine.stream(904), 0) < 0.5;
      String json =
          String.format(
              Locale.ROOT,
              """
              {"motor": {"rated_speed_rpm": %d, "efficiency_class": "IE%d", "poles": %d},
               "bearings_sealed": %b, "last_overhaul_at": "%s", "weight_kg": %d}
              """,
              noise.uniform(machine.stream(905), 0) < 0.6 ? 1_480 : 2_960,
              3 + noise.below(2, machine.stream(906), 0),
              noise.uniform(machine.stream(905), 0) < 0.6 ? 4 : 2,
              bearingsSealed,
              commissioned.plusDays(900).atTime(9, 30).toInstant(ZoneOffset.UTC),
              400 + 10 * noise.below(600, machine.stream(907), 0));
      boolean critical =
          machine.kind() == MachineClass.FILLER || machine.kind() == MachineClass.CHILLER;
      return new Nameplate(
          maker,
          "%s%d".formatted(machine.kind().tag(), series),
          serial,
          commissioned,
          critical,
          json);
    }
  }
}
