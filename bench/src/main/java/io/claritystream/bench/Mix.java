package io.claritystream.bench;

import io.claritystream.protocol.block.BlockWriter;
import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.ForeignKey;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.protocol.block.ValueKind;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Random;

/// The load of the design's measure: readings of three values; one in ten changes its device's five
/// extras (text, text, number, truth, time); one in fifty is an update and one in 500 a delete of
/// an earlier reading. Deterministic for a seed, but for the time. Not safe for several threads.
final class Mix {
  static final String READINGS = "fleet.pump_reading";
  static final String DEVICES = "fleet.pump";

  private static final int UPDATE_EVERY = 50;
  private static final int DELETE_EVERY = 500;
  private static final int EXTRAS_EVERY = 10;
  private static final int EVENT_BYTES = 120;

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSSS'+00'").withZone(ZoneOffset.UTC);

  private static final TableSchema PUMP =
      new TableSchema(
          "fleet",
          "pump",
          'd',
          "",
          List.of(
              new Column("pump_id", "integer", 23, ValueKind.INT, true, true, ""),
              new Column("name", "text", 25, ValueKind.TEXT, false, true, "")),
          List.of());

  private static final TableSchema READING =
      new TableSchema(
          "fleet",
          "pump_reading",
          'd',
          "",
          List.of(
              new Column("pump_id", "integer", 23, ValueKind.INT, true, true, ""),
              new Column(
                  "read_at",
                  "timestamp with time zone",
                  1184,
                  ValueKind.TIMESTAMPTZ,
                  true,
                  true,
                  ""),
              new Column("flow_m3_h", "numeric(8,2)", 1700, ValueKind.NUMERIC, false, true, ""),
              new Column("pressure_bar", "double precision", 701, ValueKind.FLOAT, false, true, ""),
              new Column("temperature_c", "numeric(6,1)", 1700, ValueKind.NUMERIC, false, true, ""),
              new Column("operating_mode", "text", 25, ValueKind.TEXT, false, false, ""),
              new Column("operator", "text", 25, ValueKind.TEXT, false, false, ""),
              new Column("recipe_code", "integer", 23, ValueKind.INT, false, false, ""),
              new Column("maintenance_due", "boolean", 16, ValueKind.BOOL, false, false, ""),
              new Column(
                  "calibrated_at",
                  "timestamp with time zone",
                  1184,
                  ValueKind.TIMESTAMPTZ,
                  false,
                  false,
                  "")),
          List.of(new ForeignKey(List.of("pump_id"), "fleet", "pump", List.of("pump_id"))));

  private static final byte[][] MODES = texts("auto", "manual", "cleaning", "standby", "service");
  private static final byte[][] OPERATORS =
      texts("K. Adeyemi", "M. Lowther", "S. Pritchard", "J. Castellano", "A. Birch");
  private static final byte[][] TRUTHS = texts("t", "f");

  private final Random random;
  private final int devices;
  private final byte[][] ids;
  private final byte[][][] extras;
  private final byte[][] lastReadAt;
  private final StringBuilder text = new StringBuilder(40);
  private long events;
  private long position = 0x1_0000_0000L;
  private long xid = 1_000;

  /// @param devices how many pumps take turns
  Mix(long seed, int devices) {
    random = new Random(seed);
    this.devices = devices;
    ids = new byte[devices][];
    extras = new byte[devices][5][];
    lastReadAt = new byte[devices][];
    Instant longAgo = Instant.parse("2026-01-05T08:00:00Z");
    for (int i = 0; i < devices; i++) {
      ids[i] = ascii(Integer.toString(i + 1));
      changeExtras(i, longAgo);
    }
  }

  private static byte[][] texts(String... texts) {
    byte[][] bytes = new byte[texts.length][];
    for (int i = 0; i < texts.length; i++) {
      bytes[i] = ascii(texts[i]);
    }
    return bytes;
  }

  private static byte[] ascii(CharSequence text) {
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }

  private void changeExtras(int device, Instant at) {
    extras[device][0] = MODES[random.nextInt(MODES.length)];
    extras[device][1] = OPERATORS[random.nextInt(OPERATORS.length)];
    extras[device][2] = ascii(Integer.toString(100 + random.nextInt(900)));
    extras[device][3] = TRUTHS[random.nextInt(2)];
    extras[device][4] = ascii(TIME.format(at.minusSeconds(random.nextInt(1_000_000))));
  }

  /// The rows of the pumps themselves, as one transaction.
  void describe(BlockWriter block, long nowUs) {
    block.transaction(++xid, position, nowUs, 0);
    for (int i = 0; i < devices; i++) {
      block.beginEvent(Op.INSERT, PUMP, ++position, nowUs);
      block.after();
      value(block, ids[i]);
      value(block, ascii("Pump " + (i + 1)));
      block.endEvent();
    }
    block.transactionEnd(++position);
  }

  /// Some events as one transaction that was committed now.
  void events(BlockWriter block, int count, long nowUs) {
    block.transaction(++xid, position, nowUs, 0);
    byte[] readAt = new byte[0];
    for (int i = 0; i < count; i++) {
      // A device's readings have a time of their own each; many devices have the same.
      long atUs = nowUs - count + i;
      if (i % 16 == 0) {
        readAt = ascii(TIME.format(Instant.EPOCH.plusNanos(atUs * 1_000)));
      }
      event(block, (int) (events++ % devices), readAt, nowUs);
    }
    block.transactionEnd(++position);
  }

  private void event(BlockWriter block, int device, byte[] readAt, long nowUs) {
    byte[] earlier = lastReadAt[device];
    position += EVENT_BYTES;
    if (earlier != null && random.nextInt(DELETE_EVERY) == 0) {
      block.beginEvent(Op.DELETE, READING, position, nowUs);
      block.oldKey();
      value(block, ids[device]);
      value(block, earlier);
      block.endEvent();
      lastReadAt[device] = null;
      return;
    }
    boolean update = earlier != null && random.nextInt(UPDATE_EVERY) == 0;
    if (random.nextInt(EXTRAS_EVERY) == 0) {
      changeExtras(device, Instant.EPOCH.plusNanos(nowUs * 1_000));
    }
    block.beginEvent(update ? Op.UPDATE : Op.INSERT, READING, position, nowUs);
    block.after();
    value(block, ids[device]);
    value(block, update ? earlier : readAt);
    decimal(block, 1_500 + random.nextInt(2_000), 2);
    decimal(block, 30_000 + random.nextInt(30_000), 4);
    decimal(block, 180 + random.nextInt(400), 1);
    for (byte[] extra : extras[device]) {
      value(block, extra);
    }
    block.endEvent();
    if (!update) {
      lastReadAt[device] = readAt;
    }
  }

  private void decimal(BlockWriter block, int units, int decimals) {
    text.setLength(0);
    text.append(units);
    text.insert(text.length() - decimals, '.');
    value(block, ascii(text));
  }

  private static void value(BlockWriter block, byte[] text) {
    block.value(text, 0, text.length);
  }
}
