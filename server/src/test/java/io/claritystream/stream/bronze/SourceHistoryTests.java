package io.claritystream.stream.bronze;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TestDatabase;
import io.claritystream.protocol.block.BlockReader;
import io.claritystream.protocol.block.BlockWriter;
import io.claritystream.protocol.block.ByteSink;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.PayloadJson;
import io.claritystream.protocol.block.PayloadReader;
import io.claritystream.protocol.block.Row;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.protocol.block.ValueKind;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.Codec;
import io.claritystream.stream.source.TestSources;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What bronze keeps is read back to the letter, in the order of the source.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SourceHistoryTests {
  private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
  private static final int EVENTS = 300;

  /// Each kind twice, half of them key; names that JSON has to escape.
  private static final TableSchema EVERY_KIND = everyKind();

  private final TestDatabase database = TestDatabase.create();
  private final BronzePartitions partitions =
      new BronzePartitions(database.as("service"), Clock.fixed(NOON, ZoneOffset.UTC));

  @BeforeAll
  void days() {
    partitions.ensure(LocalDate.of(2026, 11, 18).datesUntil(LocalDate.of(2026, 11, 23)).toList());
  }

  @AfterAll
  void close() {
    database.close();
  }

  private static TableSchema everyKind() {
    var columns = new ArrayList<Column>();
    for (var kind : ValueKind.values()) {
      columns.add(new Column("k \"" + kind + "\\", "t", 0, kind, true, true, ""));
      columns.add(new Column("v\n" + kind + "é😀", "t", 0, kind, false, false, ""));
    }
    return new TableSchema("public", "every", 'f', "", columns, List.of());
  }

  private UUID source(TenantId tenant, TableSchema... schemas) {
    var id = UUID.randomUUID();
    TestSources.register(database, tenant, id, 0);
    for (var version = 1; version <= schemas.length; version++) {
      database
          .superuser()
          .sql(
              """
              INSERT INTO control.source_table (source_id, table_name, schema_version, tenant_id,
                schema_fingerprint, schema, mapping, first_seq, first_epoch, in_force_seq)
              VALUES (:source, :table, :version, :tenant, :version, :schema, '{}', 1, 1, :version)
              """)
          .param("source", id)
          .param("table", schemas[version - 1].qualifiedName())
          .param("version", version)
          .param("tenant", tenant.value())
          .param("schema", schemas[version - 1].encode())
          .update();
    }
    return id;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void every_cell_comes_back_as_it_was_captured(long seed) throws SQLException {
    var random = new Random(seed);
    var tenant = database.tenant("cells");
    var id = source(tenant, EVERY_KIND);
    var events = new ArrayList<ChangeEvent>();
    for (var seq = 1; seq <= EVENTS; seq++) {
      events.add(event(random, seq));
    }
    var rows = new BronzeBatch();
    for (var event : events) {
      rows.add(new SourceEpoch(tenant, id, 1), event, 1, captured(event), NOON);
    }
    try (var connection = database.dataSource("service").getConnection()) {
      rows.copy(connection);
    }

    assertThat(texts(all(id, 7))).isEqualTo(texts(events));
  }

  @Test
  void a_payload_comes_back_as_it_was_written_also_without_a_database() {
    var random = new Random(9);
    var reader = new PayloadReader();
    for (var seq = 1; seq <= EVENTS; seq++) {
      var event = event(random, seq);
      var payload = new ByteSink(1_024);
      new PayloadJson().write(event, payload);
      var images = reader.read(payload.toByteArray(), EVERY_KIND);
      assertThat(text(images.oldKey())).isEqualTo(text(event.oldKey()));
      assertThat(text(images.before())).isEqualTo(text(event.before()));
      assertThat(text(images.after())).isEqualTo(text(event.after()));
    }
  }

  @Test
  void a_payload_that_bronze_had_to_wrap_comes_back_too() {
    var event = event(new Random(4), 1);
    var payload = new ByteSink(1_024);
    new PayloadJson().write(event, payload);
    var wrapped =
        "{\"$raw\": \""
            + java.util.Base64.getEncoder().encodeToString(payload.toByteArray())
            + "\", \"$encoding\": \"base64\"}";
    var images = new PayloadReader().read(wrapped.getBytes(StandardCharsets.UTF_8), EVERY_KIND);
    assertThat(text(images.after())).isEqualTo(text(event.after()));
  }

  @Test
  void events_come_in_the_order_of_their_source_across_epochs_and_days_and_versions()
      throws SQLException {
    var tenant = database.tenant("order");
    var older = schema("v");
    var newer = schema("v", "w");
    var id = source(tenant, older, newer);
    var other = source(tenant, older);
    var rows = new BronzeBatch();
    for (var epoch = 1; epoch <= 2; epoch++) {
      for (var seq = 1; seq <= 40; seq++) {
        // Captured backwards: the clock of an agent may be set.
        var captured = NOON.minusSeconds(3_000L * seq * epoch).toEpochMilli();
        var schema = seq % 3 == 0 ? newer : older;
        var event = read(schema, seq, "x", schema == newer ? "y" : null);
        rows.add(
            new SourceEpoch(tenant, id, epoch), event, schema == newer ? 2 : 1, captured, NOON);
        rows.add(
            new SourceEpoch(tenant, other, epoch), read(older, seq, "z", null), 1, captured, NOON);
      }
    }
    partitions.ensure(rows.days());
    try (var connection = database.dataSource("service").getConnection()) {
      rows.copy(connection);
    }

    var history = new SourceHistory(id);
    var places = new ArrayList<Place>();
    try (var connection = transaction()) {
      var at = new Place(1, 5);
      var upTo = new Place(2, 30);
      assertThat(history.distance(connection, at, upTo)).isEqualTo(65);
      for (var part = history.next(connection, at, upTo, 9, 1 << 20);
          !part.isEmpty();
          part = history.next(connection, at, upTo, 9, 1 << 20)) {
        for (var event : part.events()) {
          assertThat(event.after().size()).isEqualTo(event.seq() % 3 == 0 ? 2 : 1);
          assertThat(event.after().text(0)).isEqualTo("x");
          places.add(new Place(part.epoch(), event.seq()));
        }
        at = part.last();
      }
    }
    assertThat(places)
        .hasSize(65)
        .isSorted()
        .startsWith(new Place(1, 6))
        .endsWith(new Place(2, 30));
  }

  @Test
  void a_part_ends_where_its_bytes_are_enough_but_holds_an_event() throws SQLException {
    var tenant = database.tenant("bytes");
    var schema = schema("v");
    var id = source(tenant, schema);
    var rows = new BronzeBatch();
    for (var seq = 1; seq <= 10; seq++) {
      rows.add(
          new SourceEpoch(tenant, id, 1),
          read(schema, seq, "x".repeat(1_000), null),
          1,
          NOON.toEpochMilli(),
          NOON);
    }
    try (var connection = transaction()) {
      rows.copy(connection);
      var history = new SourceHistory(id);
      var end = new Place(1, 10);
      assertThat(history.next(connection, new Place(1, 0), end, 100, 1).events()).hasSize(1);
      assertThat(history.next(connection, new Place(1, 0), end, 100, 2_500).events()).hasSize(3);
      assertThat(history.next(connection, end, end, 100, 2_500).isEmpty()).isTrue();
      // What else the transaction asks is planned as it was before.
      try (var ask = connection.createStatement();
          var sort = ask.executeQuery("SHOW enable_sort")) {
        sort.next();
        assertThat(sort.getString(1)).isEqualTo("on");
      }
    }
  }

  private Connection transaction() throws SQLException {
    var connection = database.dataSource("service").getConnection();
    connection.setAutoCommit(false);
    return connection;
  }

  private List<ChangeEvent> all(UUID id, int atATime) throws SQLException {
    var history = new SourceHistory(id);
    var found = new ArrayList<ChangeEvent>();
    try (var connection = transaction()) {
      var at = new Place(1, 0);
      var end = new Place(1, Long.MAX_VALUE);
      for (var part = history.next(connection, at, end, atATime, 1 << 20);
          !part.isEmpty();
          part = history.next(connection, at, end, atATime, 1 << 20)) {
        found.addAll(part.events());
        at = part.last();
      }
    }
    return found;
  }

  private static TableSchema schema(String... names) {
    return new TableSchema(
        "public",
        "t",
        'd',
        "",
        Arrays.stream(names)
            .map(name -> new Column(name, "text", 0, ValueKind.TEXT, false, false, ""))
            .toList(),
        List.of());
  }

  private static ChangeEvent read(TableSchema schema, long seq, String v, @Nullable String w) {
    var writer = begin(Op.INSERT, schema);
    writer.after();
    for (var text : w == null ? List.of(v) : List.of(v, w)) {
      var bytes = text.getBytes(StandardCharsets.UTF_8);
      writer.value(bytes, 0, bytes.length);
    }
    return end(writer, seq);
  }

  private static long captured(ChangeEvent event) {
    return event.capturedAtUs() / 1_000;
  }

  private static BlockWriter begin(Op op, TableSchema schema) {
    var us = NOON.toEpochMilli() * 1_000;
    var writer = new BlockWriter(1 << 12);
    writer.transaction(1, 100, us, 0);
    writer.beginEvent(op, schema, 100, us);
    return writer;
  }

  private static ChangeEvent end(BlockWriter writer, long seq) {
    writer.endEvent();
    var bytes = Arrays.copyOf(writer.array(), writer.size());
    var header =
        BatchHeader.newBuilder()
            .setFirstSeq(seq)
            .setCount(1)
            .setCells(writer.cells())
            .setCodec(Codec.PLAIN_BLOCK_V1)
            .setFirstCapturedAtUs(NOON.toEpochMilli() * 1_000)
            .setLastCapturedAtUs(NOON.toEpochMilli() * 1_000)
            .setUncompressedBytes(bytes.length)
            .build();
    return new BlockReader().read(header, bytes).events().getFirst();
  }

  /// What a policy does to a column it does to all images.
  private enum Fate {
    PLAIN,
    HASHED,
    DROPPED,
    REDACTED
  }

  private static ChangeEvent event(Random random, long seq) {
    var ops = Op.values();
    var op = ops[random.nextInt(ops.length)];
    var writer = begin(op, EVERY_KIND);
    var fates = new ArrayList<Fate>();
    for (var column : EVERY_KIND.columns()) {
      var drawn = random.nextInt(12);
      fates.add(drawn < 3 && !column.key() ? Fate.values()[drawn + 1] : Fate.PLAIN);
    }
    if (op == Op.UPDATE && random.nextBoolean()) {
      writer.oldKey();
      image(writer, random, fates, true, false);
    }
    if (op == Op.DELETE || op == Op.UPDATE && random.nextBoolean()) {
      writer.before();
      image(writer, random, fates, false, false);
    }
    if (op != Op.DELETE && op != Op.TRUNCATE) {
      writer.after();
      image(writer, random, fates, false, true);
    }
    return end(writer, seq);
  }

  private static void image(
      BlockWriter writer, Random random, List<Fate> fates, boolean ofKey, boolean after) {
    for (var i = 0; i < EVERY_KIND.columns().size(); i++) {
      var column = EVERY_KIND.columns().get(i);
      if (ofKey && !column.key()) {
        continue;
      }
      switch (fates.get(i)) {
        case DROPPED -> writer.marker(Row.DROPPED);
        case REDACTED -> writer.marker(Row.REDACTED);
        case HASHED -> {
          if (random.nextInt(4) == 0) {
            writer.marker(Row.NULL);
          } else {
            writer.hashedValue("a1b2".getBytes(StandardCharsets.UTF_8), 0, 4);
          }
        }
        case PLAIN -> {
          switch (random.nextInt(10)) {
            case 0 -> writer.marker(Row.NULL);
            case 1 -> writer.marker(after ? Row.UNCHANGED : Row.NULL);
            case 2 -> writer.marker(Row.OMITTED);
            default -> {
              var bytes = value(random, column.kind());
              writer.value(bytes, 0, bytes.length);
            }
          }
        }
      }
    }
  }

  private static byte[] value(Random random, ValueKind kind) {
    var texts =
        switch (kind) {
          case BOOL -> List.of("t", "f", "yes");
          case INT -> List.of("0", "-7", "9223372036854775807", "007");
          case NUMERIC ->
              List.of("1.10", "NaN", "-Infinity", "0.000", "9".repeat(400), "-0.00", "1e5", ".5");
          case FLOAT -> List.of("5e-324", "-0", "0.1", "1.7976931348623157e+308", "Infinity");
          // As PostgreSQL's jsonb prints them.
          case JSONB ->
              List.of(
                  "null",
                  "true",
                  "1.10",
                  "\"a \\\"b\\\" \\\\ \\n é\"",
                  "[]",
                  "{}",
                  "{\"a\": [1.10, null, \"x\"], \"bb\": {\"c\": \"}\"}}",
                  "{\"$raw\": \"x\"}",
                  "{\"$redacted\": true}",
                  "[".repeat(1_500) + "]".repeat(1_500));
          case JSON -> List.of("{\"a\":1,  \"a\":2}", "null", " \"\\u0000\" ", "not JSON");
          case BINARY -> List.of("\\x", "\\x00ff");
          case OTHER, TEXT, DATE, TIME, TIMESTAMP, TIMESTAMPTZ, UUID, ARRAY ->
              List.of(
                  "",
                  "plain",
                  "null",
                  "infinity",
                  "{\"$raw\":\"x\"}",
                  "quote \" back \\ slash / tab \t bell \u0007 nl \n del \u007f",
                  "é 😀 \u2028",
                  "x".repeat(3_000));
        };
    if (random.nextInt(15) == 0) {
      return new byte[] {'a', 0, (byte) 0xff};
    }
    return texts.get(random.nextInt(texts.size())).getBytes(StandardCharsets.UTF_8);
  }

  private static List<String> texts(List<ChangeEvent> events) {
    return events.stream()
        .map(
            event ->
                event.op()
                    + " "
                    + event.seq()
                    + " "
                    + event.position()
                    + " "
                    + event.committedAtUs()
                    + " "
                    + event.capturedAtUs()
                    + "\nkey "
                    + text(event.oldKey())
                    + "\nbefore "
                    + text(event.before())
                    + "\nafter "
                    + text(event.after()))
        .toList();
  }

  private static String text(@Nullable Row row) {
    if (row == null) {
      return "none";
    }
    var text = new StringBuilder();
    for (var i = 0; i < row.size(); i++) {
      text.append(i).append(row.hashed(i) ? '#' : '=');
      if (row.hasText(i)) {
        text.append(
            HexFormat.of().formatHex(row.bytes(), row.offset(i), row.offset(i) + row.length(i)));
      } else {
        text.append(row.length(i));
      }
      text.append(' ');
    }
    return text.toString();
  }
}
