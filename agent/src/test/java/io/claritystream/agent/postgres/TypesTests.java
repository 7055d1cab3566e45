package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.agent.spool.Spool;
import io.claritystream.embedded.TestPostgres;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.Row;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A file for each type says which values it has and how they are captured: by the snapshot, and in
/// the stream as what was inserted, what was before and after an update, and what was deleted.
///
/// `[value]` is captured as it was written, `[value]=[text]` as that text; `\n`, `\t`, `\r` and
/// `\\` stand for what they do elsewhere.
class TypesTests {
  @TempDir Path directory;

  private record Golden(String table, String type, List<String> values, List<String> texts) {}

  @Test
  void everyValueIsCapturedAsItsFileSays() throws Exception {
    var database = TestPostgres.shared().createDatabase();
    var slot = "clarity_" + database.name();
    var captures = new TestCapture(database, slot);
    var goldens = goldens();
    assertThat(goldens).hasSizeGreaterThan(40);
    try (var connection = captures.source().connect()) {
      Settings.make(connection);
      var rows = 0;
      for (var golden : goldens) {
        run(
            connection,
            "CREATE TABLE public." + golden.table() + " (id int, v " + golden.type() + ")");
        run(connection, "ALTER TABLE public." + golden.table() + " REPLICA IDENTITY FULL");
        insert(connection, golden);
        rows += golden.values().size();
      }
      var expected = new TreeMap<String, List<String>>();
      goldens.forEach(golden -> expected.put(golden.table(), golden.texts()));
      var home = Files.createDirectories(directory.resolve("home"));
      var state = captures.run(home, captures.fresh(), rows);
      for (var golden : goldens) {
        run(connection, "UPDATE public." + golden.table() + " SET id = -id");
        run(connection, "DELETE FROM public." + golden.table());
        insert(connection, golden);
      }
      captures.run(home, state, 4L * rows);
      var captured = captured(home);
      for (var what :
          List.of("READ after", "INSERT after", "UPDATE before", "UPDATE after", "DELETE before")) {
        assertThat(captured.get(what)).as(what).isEqualTo(expected);
      }
    } finally {
      Footprint.remove(captures.source(), slot);
    }
  }

  private static void insert(Connection connection, Golden golden) throws SQLException {
    try (var statement =
        connection.prepareStatement(
            "INSERT INTO public."
                + golden.table()
                + " VALUES (?, CAST(? AS text)::"
                + golden.type()
                + ")")) {
      for (var i = 0; i < golden.values().size(); i++) {
        statement.setInt(1, i + 1);
        statement.setString(2, golden.values().get(i));
        statement.execute();
      }
    }
  }

  /// Texts by what they were, and by table, in the order of the rows.
  private static Map<String, Map<String, List<String>>> captured(Path home) throws IOException {
    var result = new TreeMap<String, Map<String, List<String>>>();
    try (var spool = Spool.open(home.resolve("spool"), 1, TestCapture.EVENT_BY_EVENT)) {
      for (var event : TestBlocks.events(spool)) {
        var table = event.schema().name();
        take(result, event.op(), "before", table, event.before());
        take(result, event.op(), "after", table, event.after());
      }
    }
    return result;
  }

  private static void take(
      Map<String, Map<String, List<String>>> into, Op op, String part, String table, Row row) {
    if (row != null) {
      into.computeIfAbsent(op + " " + part, _ -> new TreeMap<>())
          .computeIfAbsent(table, _ -> new ArrayList<>())
          .add(String.valueOf(row.text(1)));
    }
  }

  private static List<Golden> goldens() throws IOException, URISyntaxException {
    var directory = Path.of(TypesTests.class.getResource("types").toURI());
    var goldens = new ArrayList<Golden>();
    try (var files = Files.list(directory)) {
      for (var file : files.sorted().toList()) {
        goldens.add(golden(file));
      }
    }
    return goldens;
  }

  private static Golden golden(Path file) throws IOException {
    var lines = Files.readAllLines(file);
    var values = new ArrayList<String>();
    var texts = new ArrayList<String>();
    for (var line : lines.subList(1, lines.size())) {
      var inner = line.substring(1, line.length() - 1);
      var split = inner.indexOf("]=[");
      var arrayBounds = file.getFileName().toString().contains("array");
      values.add(plain(split < 0 || arrayBounds ? inner : inner.substring(0, split)));
      texts.add(plain(split < 0 || arrayBounds ? inner : inner.substring(split + 3)));
    }
    var table = "t_" + file.getFileName().toString().replace(".txt", "").replace('-', '_');
    return new Golden(table, lines.getFirst().substring("type ".length()), values, texts);
  }

  private static String plain(String escaped) {
    var text = new StringBuilder();
    for (var i = 0; i < escaped.length(); i++) {
      var letter = escaped.charAt(i);
      if (letter != '\\') {
        text.append(letter);
        continue;
      }
      text.append(
          switch (escaped.charAt(++i)) {
            case 'n' -> '\n';
            case 't' -> '\t';
            case 'r' -> '\r';
            case '\\' -> '\\';
            default -> throw new IllegalArgumentException(escaped);
          });
    }
    return text.toString();
  }

  private static void run(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
