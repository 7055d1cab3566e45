package io.claritystream.protocol.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class BlockTests {
  private static final TableSchema READINGS =
      new TableSchema(
          "plant",
          "reading",
          'd',
          "",
          List.of(
              column("id", ValueKind.INT, true),
              column("note", ValueKind.TEXT, false),
              column("value", ValueKind.NUMERIC, false)),
          List.of(new ForeignKey(List.of("id"), "plant", "pump", List.of("id"))));

  @Test
  void whatIsWrittenIsReadBack() {
    var writer = new BlockWriter(64);
    writer.transaction(7, 0x1_0000_0010L, 1_700_000_000_000_000L, 0);
    writer.beginEvent(Op.INSERT, READINGS, 0x1_0000_0000L, 100);
    writer.after();
    text(writer, "1");
    writer.marker(Row.NULL);
    text(writer, "1.10");
    writer.endEvent();
    writer.beginEvent(Op.UPDATE, READINGS, 0x0_ffff_fff0L, 130);
    writer.oldKey();
    text(writer, "1");
    writer.after();
    text(writer, "2");
    writer.marker(Row.UNCHANGED);
    writer.hashedValue(new byte[] {'h'}, 0, 1);
    writer.endEvent();
    writer.transactionEnd(0x1_0000_0020L);

    var block = new BlockReader().readPlain(bytes(writer), 41, writer.firstCapturedAtUs());

    assertThat(block.events()).hasSize(2);
    assertThat(block.transactionEndSeq()).isEqualTo(42);
    assertThat(block.transactionEndPosition()).isEqualTo(0x1_0000_0020L);
    var insert = block.events().getFirst();
    assertThat(insert.op()).isEqualTo(Op.INSERT);
    assertThat(insert.seq()).isEqualTo(41);
    assertThat(insert.schema()).isEqualTo(READINGS);
    assertThat(insert.xid()).isEqualTo(7);
    assertThat(insert.position()).isEqualTo(0x1_0000_0000L);
    assertThat(insert.commitPosition()).isEqualTo(0x1_0000_0010L);
    assertThat(insert.committedAtUs()).isEqualTo(1_700_000_000_000_000L);
    assertThat(insert.capturedAtUs()).isEqualTo(100);
    assertThat(insert.after().text(0)).isEqualTo("1");
    assertThat(insert.after().isNull(1)).isTrue();
    assertThat(insert.after().text(2)).isEqualTo("1.10");
    var update = block.events().getLast();
    assertThat(update.position()).isEqualTo(0xffff_fff0L);
    assertThat(update.capturedAtUs()).isEqualTo(130);
    assertThat(update.oldKey().text(0)).isEqualTo("1");
    assertThat(update.after().length(1)).isEqualTo(Row.UNCHANGED);
    assertThat(update.after().hashed(2)).isTrue();
    assertThat(update.schema()).isSameAs(insert.schema());
  }

  /// The bytes of a spool or of Kafka outlive the program that wrote them.
  @Test
  void theFormatDoesNotChangeUnnoticed() {
    var writer = new BlockWriter(64);
    writer.transaction(1, 2, 3, 0);
    writer.beginEvent(Op.INSERT, READINGS, 5, 1000);
    writer.after();
    text(writer, "1");
    writer.marker(Row.NULL);
    text(writer, "2.5");
    writer.endEvent();
    writer.transactionEnd(6);

    assertThat(HexFormat.of().formatHex(bytes(writer)))
        .isEqualTo(
            "01020102060001"
                + "00bcb9f5b1e28587454e"
                + "05706c616e740772656164696e67640003"
                + "026964047479706500020100"
                + "046e6f746504747970650005"
                + "00000576616c756504747970650003000001010269640570"
                + "6c616e740470756d7001026964"
                + "10000a00040731000b322e35"
                + "0306");
  }

  @Test
  void anAbandonedEventLeavesNoTrace() {
    var writer = new BlockWriter(64);
    event(writer, "1", 10);
    var before = bytes(writer);
    writer.beginEvent(Op.INSERT, READINGS, 99, 20);
    writer.after();
    text(writer, "2");
    writer.abandonEvent();
    assertThat(bytes(writer)).isEqualTo(before);
    assertThat(writer.events()).isEqualTo(1);
    assertThat(writer.cells()).isEqualTo(3);
    event(writer, "3", 15);
    var events = new BlockReader().readPlain(bytes(writer), 1, 10).events();
    assertThat(events).extracting(ChangeEvent::capturedAtUs).containsExactly(10L, 15L);
    assertThat(events).extracting(ChangeEvent::position).containsExactly(5L, 5L);
  }

  @Test
  void aTransactionThatEndsBeforeTheFirstEventCoversWhatCameBefore() {
    var writer = new BlockWriter(64);
    writer.transactionEnd(77);
    event(writer, "1", 10);
    var block = new BlockReader().readPlain(bytes(writer), 5, 10);
    assertThat(block.transactionEndSeq()).isEqualTo(4);
    assertThat(block.transactionEndPosition()).isEqualTo(77);
  }

  @Test
  void aBlockCutAnywhereIsRefusedOrHoldsOnlyWholeEntries() {
    var whole = three();
    var complete = new BlockReader().readPlain(whole, 1, 10).events().size();
    for (var length = 0; length < whole.length; length++) {
      var cut = Arrays.copyOf(whole, length);
      try {
        assertThat(new BlockReader().readPlain(cut, 1, 10).events()).hasSizeLessThan(complete + 1);
      } catch (CorruptBlockException expected) {
        assertThat(expected).hasMessageNotContaining("null");
      }
    }
  }

  /// Whatever the bytes are, reading them ends, in a block or in the one exception.
  @Property(tries = 2_000)
  void damagedBlocksNeverFailOtherwise(@ForAll long seed) {
    var random = new Random(seed);
    var damaged = three();
    for (var i = random.nextInt(4); i >= 0; i--) {
      damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
    }
    try {
      for (var event : new BlockReader().readPlain(damaged, 1, 10).events()) {
        new PayloadJson().write(event, new ByteSink(64));
      }
    } catch (CorruptBlockException expected) {
      assertThat(expected.getMessage()).isNotBlank();
    }
  }

  @Test
  void aSchemaUnderAnothersFingerprintIsRefused() {
    var damaged = three();
    damaged[3] ^= 1;
    assertThatThrownBy(() -> new BlockReader().readPlain(damaged, 1, 10))
        .isInstanceOf(CorruptBlockException.class)
        .hasMessageContaining("fingerprint");
  }

  @Test
  void aHeaderThatCountsOtherwiseIsRefused() {
    var writer = new BlockWriter(64);
    event(writer, "1", 10);
    var header =
        io.claritystream.protocol.link.BatchHeader.newBuilder()
            .setFirstSeq(1)
            .setCount(2)
            .setCells(6)
            .setFirstCapturedAtUs(10)
            .setCodec(io.claritystream.protocol.link.Codec.PLAIN_BLOCK_V1)
            .build();
    assertThatThrownBy(() -> new BlockReader().read(header, bytes(writer)))
        .isInstanceOf(CorruptBlockException.class)
        .hasMessageContaining("its header says 2");
  }

  @Test
  void aCompressedBlockIsReadAsItsHeaderSays() {
    var plain = three();
    var packed = com.github.luben.zstd.Zstd.compress(plain, 1);
    var header =
        io.claritystream.protocol.link.BatchHeader.newBuilder()
            .setFirstSeq(1)
            .setCount(3)
            .setCells(9)
            .setFirstCapturedAtUs(10)
            .setUncompressedBytes(plain.length);
    assertThat(new BlockReader().read(header.build(), packed).events()).hasSize(3);
    assertThatThrownBy(() -> new BlockReader().read(header.setUncompressedBytes(7).build(), packed))
        .isInstanceOf(CorruptBlockException.class);
    assertThatThrownBy(() -> new BlockReader().read(header.build(), new byte[] {1, 2, 3}))
        .isInstanceOf(CorruptBlockException.class);
  }

  @Test
  void aBlockWithMoreEventsOrCellsThanItsHeaderSaysIsRefusedWhereItExceedsThem() {
    var plain = three();
    var header = plainHeader(3, 9);
    assertThat(new BlockReader().read(header.build(), plain).events()).hasSize(3);
    assertThatThrownBy(() -> new BlockReader().read(header.setCount(2).build(), plain))
        .isInstanceOf(CorruptBlockException.class)
        .hasMessageContaining("more events");
    assertThatThrownBy(() -> new BlockReader().read(plainHeader(3, 8).build(), plain))
        .isInstanceOf(CorruptBlockException.class)
        .hasMessageContaining("more cells");
  }

  /// Five bytes an event, a few kilobytes compressed.
  @Test
  void eventsOfAFewBytesDoNotFillTheMemory() {
    var writer = new BlockWriter(64);
    for (var i = 0; i <= BlockReader.EVENTS_MAX; i++) {
      writer.beginEvent(Op.TRUNCATE, READINGS, 5, 10);
      writer.endEvent();
    }
    var plain = bytes(writer);
    assertThatThrownBy(
            () -> new BlockReader().read(plainHeader(Integer.MAX_VALUE, 0).build(), plain))
        .isInstanceOf(CorruptBlockException.class)
        .hasMessageContaining("more events");
  }

  /// A cell of one byte under a long name: bronze would repeat the name.
  @Test
  void namesThatBronzeWouldRepeatTooOftenAreRefused() {
    var wide =
        new TableSchema(
            "plant",
            "wide",
            'd',
            "",
            java.util.stream.IntStream.range(0, 1_000)
                .mapToObj(i -> column("n".repeat(490) + i, ValueKind.INT, i == 0))
                .toList(),
            List.of());
    var writer = new BlockWriter(64);
    for (var event = 0; event < 150; event++) {
      writer.beginEvent(Op.INSERT, wide, 5, 10);
      writer.after();
      for (var i = 0; i < 1_000; i++) {
        writer.marker(Row.NULL);
      }
      writer.endEvent();
    }
    assertThatThrownBy(() -> new BlockReader().readPlain(bytes(writer), 1, 10))
        .isInstanceOf(CorruptBlockException.class)
        .hasMessageContaining("more cells");
  }

  @Test
  void aNameThatNoDatabaseStoresIsRefused() {
    for (var name : List.of("a\0b", "n".repeat(TableSchema.NAME_BYTES_MAX + 1))) {
      for (var schema :
          List.of(
              new TableSchema("plant", name, 'd', "", List.of(), List.of()),
              new TableSchema(name, "reading", 'd', "", List.of(), List.of()),
              new TableSchema(
                  "plant", "r", 'd', "", List.of(column(name, ValueKind.INT, true)), List.of()))) {
        assertThatThrownBy(() -> TableSchema.decode(schema.encode()))
            .isInstanceOf(CorruptBlockException.class);
      }
    }
    var latin = READINGS.encode();
    latin[1] = (byte) 0xe9;
    assertThatThrownBy(() -> TableSchema.decode(latin))
        .isInstanceOf(CorruptBlockException.class)
        .hasMessageContaining("UTF-8");
  }

  @Test
  void theChainOfDigestsTellsHistoriesApart() {
    var one = BatchDigest.next(new byte[0], new byte[] {1}, 0, 1);
    var two = BatchDigest.next(one, new byte[] {2}, 0, 1);
    assertThat(one).hasSize(BatchDigest.BYTES);
    assertThat(two).isNotEqualTo(BatchDigest.next(new byte[0], new byte[] {2}, 0, 1));
  }

  @Test
  void positionsReadAsPostgresWritesThem() {
    assertThat(Lsn.text(0x16_b374_d848L)).isEqualTo("16/B374D848");
    assertThat(Lsn.parse("16/B374D848")).isEqualTo(0x16_b374_d848L);
    assertThat(Lsn.text(Lsn.parse("FFFFFFFF/FFFFFFFF"))).isEqualTo("FFFFFFFF/FFFFFFFF");
  }

  static Column column(String name, ValueKind kind, boolean key) {
    return new Column(name, "type", 0, kind, key, false, "");
  }

  private static io.claritystream.protocol.link.BatchHeader.Builder plainHeader(
      int count, int cells) {
    return io.claritystream.protocol.link.BatchHeader.newBuilder()
        .setFirstSeq(1)
        .setCount(count)
        .setCells(cells)
        .setFirstCapturedAtUs(10)
        .setCodec(io.claritystream.protocol.link.Codec.PLAIN_BLOCK_V1);
  }

  private static byte[] three() {
    var writer = new BlockWriter(64);
    event(writer, "1", 10);
    event(writer, "2", 11);
    event(writer, "3", 12);
    return bytes(writer);
  }

  private static void event(BlockWriter writer, String id, long capturedAtUs) {
    writer.beginEvent(Op.INSERT, READINGS, 5, capturedAtUs);
    writer.after();
    text(writer, id);
    writer.marker(Row.NULL);
    text(writer, "1");
    writer.endEvent();
  }

  private static void text(BlockWriter writer, String text) {
    var bytes = text.getBytes(StandardCharsets.UTF_8);
    writer.value(bytes, 0, bytes.length);
  }

  private static byte[] bytes(BlockWriter writer) {
    return Arrays.copyOf(writer.array(), writer.size());
  }
}
