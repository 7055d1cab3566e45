package io.claritystream.stream.materializer;

import static io.claritystream.stream.materializer.Capture.table;
import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.TestDatabase;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.TableSchema;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Whatever the batches were, and whatever was rolled back or forgotten between them, the same
/// events give the same rows, byte for byte.
class ReplayTests {
  private static final int EVENTS = 400;
  private static final Instant BEGIN = Instant.parse("2026-11-20T12:00:00Z");
  private static final UUID TENANT = new UUID(1, 1);
  private static final UUID SOURCE = new UUID(2, 2);

  private static final TableSchema SITES =
      table("sites", "id int4 key", "name text", "opened date");
  private static final TableSchema DEVICES =
      table(
          "devices",
          "id int4 key",
          "site_id int4 -> sites(id)",
          "name text",
          "power_kw numeric",
          "tags jsonb");
  private static final TableSchema READINGS =
      table(
          "readings",
          "device_id int4 -> devices(id)",
          "ts timestamptz",
          "pressure_bar float8",
          "temp_c numeric",
          "mode text",
          "doc jsonb");
  private static final TableSchema READINGS_LATER =
      table(
          "readings",
          "device_id int4 -> devices(id)",
          "ts timestamptz",
          "pressure_bar float8",
          "temp_c numeric",
          "mode int4",
          "doc jsonb",
          "flow_l_min float8");
  private static final TableSchema TALL =
      table(
          "measurements",
          "device_id int4 -> devices(id)",
          "metric text",
          "ts timestamptz",
          "value text");
  private static final TableSchema FLAT =
      table(
          "flat_telemetry",
          "site text required",
          "machine text required",
          "ts timestamptz",
          "speed_rpm float8");
  private static final TableSchema ROWS =
      table("orders", "id int4 key", "total numeric", "doc json", "due timestamptz");
  private static final TableSchema STOPS =
      table(
          "machine_stops",
          "id int4 key",
          "device_id int4 -> devices(id)",
          "started_at timestamptz",
          "ended_at timestamptz",
          "reason text");
  private static final TableSchema STATES =
      table("machine_state_log", "device_id int4 -> devices(id)", "changed_at int8", "state text");
  private static final TableSchema KEYLESS = table("notes", "message text");

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void the_same_events_give_the_same_rows_whatever_the_batches_were(long seed) {
    var events = events(new Random(seed));
    var singly = folded(events, new Random(seed), 1, 0);

    assertSame("in large batches", folded(events, new Random(seed), EVENTS, 0), singly);
    assertSame("in small batches", folded(events, new Random(seed + 100), 7, 0), singly);
    assertSame(
        "with rollbacks and restarts", folded(events, new Random(seed + 200), 60, 0.4), singly);
  }

  private static void assertSame(String how, List<String> rows, List<String> expected) {
    var more = new ArrayList<>(rows);
    more.removeAll(expected);
    var less = new ArrayList<>(expected);
    less.removeAll(rows);
    assertThat(more).as("%s, instead of %s", how, less).isEmpty();
    assertThat(rows).as(how).isEqualTo(expected);
  }

  /// @param troubles how often a batch is rolled back first, and how often all is forgotten
  private static List<String> folded(
      List<ChangeEvent> events, Random random, int batchMax, double troubles) {
    try (var models = new ReadModels(TestDatabase.create(), TENANT, SOURCE)) {
      for (var from = 0; from < events.size(); ) {
        var to = Math.min(events.size(), from + 1 + random.nextInt(batchMax));
        if (random.nextDouble() < troubles) {
          models.applyAndRollBack(events.subList(from, Math.min(events.size(), to + 5)));
        }
        if (random.nextDouble() < troubles) {
          models.restart();
        }
        models.apply(events.subList(from, to));
        from = to;
      }
      return models.everything();
    }
  }

  private static List<ChangeEvent> events(Random random) {
    var capture = new Capture();
    var committed = BEGIN;
    for (var i = 0; i < EVENTS; i++) {
      committed = committed.plusMillis(random.nextInt(5_000));
      var readings = i < EVENTS / 2 || random.nextInt(10) == 0 ? READINGS : READINGS_LATER;
      switch (random.nextInt(15)) {
        case 0 -> capture.insertAt(committed, SITES, random.nextInt(3), text(random), "2020-01-01");
        case 1 ->
            capture.insertAt(
                committed,
                DEVICES,
                random.nextInt(5),
                random.nextBoolean() ? random.nextInt(3) : null,
                text(random),
                number(random),
                document(random));
        case 2 ->
            capture.insertAt(
                committed,
                TALL,
                random.nextInt(5),
                metric(random),
                time(random, committed),
                random.nextInt(4) == 0 ? text(random) : number(random));
        case 3 ->
            capture.insertAt(
                committed,
                FLAT,
                "S" + random.nextInt(2),
                "M" + random.nextInt(2),
                time(random, committed),
                number(random));
        case 4 ->
            capture.insertAt(
                committed,
                ROWS,
                random.nextInt(4),
                number(random),
                document(random),
                time(random, committed));
        case 5 -> capture.insertAt(committed, KEYLESS, text(random));
        case 6 ->
            capture.event(
                random.nextBoolean() ? Op.UPDATE : Op.READ,
                SITES,
                committed,
                random.nextInt(3),
                text(random),
                null);
        case 7, 8 ->
            capture.event(
                random.nextInt(3) == 0 ? Op.UPDATE : Op.INSERT,
                STOPS,
                committed,
                random.nextInt(8),
                random.nextInt(5) == 0 ? null : random.nextInt(7),
                time(random, committed),
                random.nextBoolean() ? null : time(random, committed),
                text(random));
        case 9 ->
            capture.insertAt(
                committed,
                STATES,
                random.nextInt(7),
                random.nextInt(5) == 0 ? null : committed.toEpochMilli() - random.nextInt(60_000),
                text(random));
        default -> {
          Object device = random.nextInt(30) == 0 ? null : random.nextInt(5);
          if (readings == READINGS) {
            capture.insertAt(
                committed,
                READINGS,
                device,
                time(random, committed),
                number(random),
                number(random),
                text(random),
                document(random));
          } else {
            capture.insertAt(
                committed,
                READINGS_LATER,
                device,
                time(random, committed),
                number(random),
                number(random),
                random.nextInt(3),
                document(random),
                number(random));
          }
        }
      }
    }
    return capture.take();
  }

  private static @Nullable String text(Random random) {
    return switch (random.nextInt(5)) {
      case 0 -> null;
      case 1 -> "a \"quoted\\ text, {with} NULL";
      default -> "t" + random.nextInt(3);
    };
  }

  private static String metric(Random random) {
    return random.nextInt(12) == 0 ? " " : "m" + random.nextInt(3);
  }

  private static @Nullable String number(Random random) {
    return switch (random.nextInt(14)) {
      case 0 -> null;
      case 1 -> "NaN";
      case 2 -> random.nextBoolean() ? "Infinity" : "-Infinity";
      case 3 -> "1.10";
      case 4 -> "1.1";
      case 5 -> "-0";
      case 6 -> "1e+20";
      case 7 -> "123456789012345678901234567890.5";
      case 8 -> "5e-324";
      case 9 -> "9".repeat(1_001);
      default -> Double.toString(Math.round(random.nextGaussian() * 1000) / 100.0);
    };
  }

  private static @Nullable String document(Random random) {
    return switch (random.nextInt(7)) {
      case 0 -> null;
      case 5 -> "{\"a\":\"" + "x".repeat(10_001) + "\"}";
      case 1 -> "{\"a\":" + random.nextInt(2) + "}";
      case 2 -> "{\"a\":\"" + random.nextInt(2) + "\"}";
      case 3 -> "{\"a\":true,\"b\":{\"c\":[1.0,1e2]}}";
      case 4 -> "[" + random.nextInt(3) + "]";
      default -> "not a document";
    };
  }

  private static @Nullable String time(Random random, Instant committed) {
    return switch (random.nextInt(10)) {
      case 0 -> null;
      case 1 -> "infinity";
      case 2 -> "1970-01-01 00:00:00+00";
      default ->
          committed
              .minus(Duration.ofSeconds(random.nextInt(300)))
              .truncatedTo(java.time.temporal.ChronoUnit.SECONDS)
              .toString();
    };
  }
}
