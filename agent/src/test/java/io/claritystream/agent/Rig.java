package io.claritystream.agent;

import io.claritystream.agent.postgres.Capture;
import io.claritystream.agent.postgres.Tls;
import io.claritystream.agent.spool.SpoolLimits;
import io.claritystream.agent.uplink.Identity;
import io.claritystream.agent.uplink.Pairing;
import io.claritystream.agent.uplink.Platform;
import io.claritystream.agent.uplink.ServerAddress;
import io.claritystream.agent.uplink.TestPlatform;
import io.claritystream.embedded.TestPostgres;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.Row;
import io.claritystream.protocol.block.TableSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A customer's database, a paired agent's data directory and a platform end, for one test.
final class Rig implements AutoCloseable {
  /// So often an agent looks at its source from aside where a test waits only for what it finds.
  static final Duration CLOSELY = Duration.ofMillis(500);

  static final SpoolLimits SMALL = new SpoolLimits(64 * 1024 * 1024, 64 * 1024, 2 * 1024);

  final TestPostgres.Database database;
  final TestPlatform platform = new TestPlatform();
  final Home home;
  final SpoolLimits limits;

  /// As in production, unless a test says otherwise: it claims how soon something is found.
  Duration watchEvery = Capture.WATCH_EVERY;

  SourceSettings.OnGap onGap = SourceSettings.OnGap.REPAIR;
  private @Nullable SourceWorker worker;
  private @Nullable Platform link;

  Rig(Path directory, SpoolLimits limits) throws IOException {
    this(directory, limits, TestPostgres.shared().createDatabase());
  }

  /// @param database of a server of the test's own
  Rig(Path directory, SpoolLimits limits, TestPostgres.Database database) throws IOException {
    this.limits = limits;
    this.database = database;
    home = new Home(directory).prepared();
    pair();
  }

  void pair() throws IOException {
    var paired =
        Pairing.pair(
            home.directory(),
            ServerAddress.parse(platform.url()),
            platform.code().text(),
            "rig",
            "test",
            Map.of());
    if (!(paired instanceof Pairing.Paired)) {
      throw new IllegalStateException(paired.toString());
    }
  }

  TestPlatform.Source source() {
    return platform.source("plant");
  }

  SourceSettings settings(String tables) throws IOException {
    var password = home.directory().resolve("customer.password");
    Files.writeString(password, database.password());
    return new SourceSettings(
        "plant",
        "127.0.0.1",
        database.port(),
        database.name(),
        database.user(),
        Tls.of("disable"),
        tables,
        "clarity_" + database.name(),
        new SourceSettings.Password.InFile(password),
        1,
        onGap);
  }

  void start() throws IOException {
    start("");
  }

  void start(String tables) throws IOException {
    settings(tables).save(home, "");
    startAgain();
  }

  /// With the settings that are there.
  void startAgain() throws IOException {
    var settings = SourceSettings.load(home, "plant").orElseThrow();
    link =
        new Platform(
                Identity.load(home.directory()).orElseThrow(), "test", Clock.systemUTC(), Map.of())
            .start();
    worker =
        new SourceWorker(home, settings, link, limits, Clock.systemUTC(), watchEvery, Map.of())
            .start();
  }

  /// An agent of its own process, to be killed.
  Process child(Path log, String heap) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            heap,
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("java.class.path"),
            Agent.class.getName(),
            "--data",
            home.directory().toString(),
            "run")
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .start();
  }

  void stop() {
    if (worker != null) {
      worker.close();
      worker = null;
    }
    if (link != null) {
      link.close();
      link = null;
    }
  }

  SourceReport report() {
    if (worker == null) {
      throw new IllegalStateException("nothing runs");
    }
    return worker.report();
  }

  void sql(String... statements) throws SQLException {
    try (var connection = database.connect();
        var statement = connection.createStatement()) {
      for (var sql : statements) {
        statement.execute(sql);
      }
    }
  }

  String value(String sql) throws SQLException {
    try (var connection = database.connect()) {
      return value(connection, sql);
    }
  }

  static String value(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery(sql)) {
      rows.next();
      return String.valueOf(rows.getString(1));
    }
  }

  /// What the events make of a table, by its key: column → text.
  static Map<String, Map<String, String>> fold(List<ChangeEvent> events, String table) {
    var rows = new TreeMap<String, Map<String, String>>();
    for (var event : events) {
      if (!event.schema().name().equals(table)) {
        continue;
      }
      switch (event.op()) {
        case TRUNCATE -> rows.clear();
        case DELETE -> rows.remove(key(event));
        case READ, INSERT, UPDATE -> {
          var after = event.after();
          if (after == null) {
            throw new AssertionError("no row in " + event);
          }
          var keyed = event.oldKey() != null || event.before() != null;
          var before =
              event.op() == Op.UPDATE
                  ? rows.remove(keyed ? key(event) : keyOf(event.schema(), after))
                  : null;
          var row = cells(event.schema(), after, before);
          if (rows.put(keyOf(event.schema(), after), row) != null) {
            throw new AssertionError("a row twice: " + row);
          }
        }
      }
    }
    return rows;
  }

  static Map<String, String> cells(
      TableSchema schema, Row row, @Nullable Map<String, String> before) {
    var cells = new LinkedHashMap<String, String>();
    for (var i = 0; i < row.size(); i++) {
      var name = schema.columns().get(i).name();
      var unchanged = row.length(i) == Row.UNCHANGED && before != null;
      cells.put(name, unchanged ? before.get(name) : String.valueOf(row.text(i)));
    }
    return cells;
  }

  private static String key(ChangeEvent event) {
    var before = event.before();
    if (before != null) {
      return keyOf(event.schema(), before);
    }
    var key = event.oldKey();
    if (key == null) {
      throw new AssertionError("neither key nor row before in " + event);
    }
    var text = new ArrayList<String>();
    for (var i = 0; i < key.size(); i++) {
      text.add(String.valueOf(key.text(i)));
    }
    return String.join("|", text);
  }

  private static String keyOf(TableSchema schema, Row row) {
    var text = new ArrayList<String>();
    for (var i = 0; i < row.size(); i++) {
      if (schema.columns().get(i).key()) {
        text.add(String.valueOf(row.text(i)));
      }
    }
    return String.join("|", text);
  }

  /// An event in words that do not depend on when it was captured.
  static String words(ChangeEvent event) {
    var text = new StringBuilder(event.seq() + " " + event.op() + " " + event.schema().name());
    text.append(" x").append(event.xid()).append(" @").append(event.commitPosition());
    for (var row : new Row[] {event.oldKey(), event.before(), event.after()}) {
      text.append(" [");
      for (var i = 0; row != null && i < row.size(); i++) {
        text.append(row.hasText(i) ? row.text(i) : "<" + row.length(i) + ">").append(',');
      }
      text.append(']');
    }
    return text.toString();
  }

  @Override
  public void close() throws SQLException {
    stop();
    platform.close();
    try (var connection = database.connect();
        var statement = connection.createStatement()) {
      statement.execute(
          """
          SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots
          WHERE database = current_database() AND active_pid IS NOT NULL
          """);
      for (var i = 0; i < 100; i++) {
        if (value(
                connection,
                "SELECT count(*) FROM pg_replication_slots"
                    + " WHERE database = current_database() AND active")
            .equals("0")) {
          break;
        }
        Thread.onSpinWait();
      }
      statement.execute(
          """
          SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
          WHERE database = current_database() AND NOT active
          """);
    }
  }
}
