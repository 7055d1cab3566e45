package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.claritystream.agent.spool.Appender;
import io.claritystream.agent.spool.Spool;
import io.claritystream.agent.spool.SpoolLimits;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.Row;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Each message as PostgreSQL's documentation lays it out, byte for byte.
class PgOutputTests {
  private static final int TABLE = 16_384;
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-03-01T12:00:00Z"), ZoneOffset.UTC);

  @TempDir Path directory;
  private Spool spool;
  private Appender appender;
  private BlockAssembler events;
  private PgOutput decoder;

  @BeforeEach
  void open() throws IOException {
    spool = Spool.open(directory, 1, SpoolLimits.DEFAULT);
    appender = new Appender(spool, "source", words -> {}).start();
    events = new BlockAssembler(spool, appender, CLOCK, () -> {}, 0);
    decoder = new PgOutput(events, new Relations(new NoCatalog()));
  }

  @AfterEach
  void close() throws IOException {
    appender.close();
    spool.close();
  }

  private static final class NoCatalog implements Relations.Facts {
    @Override
    public @Nullable TableFacts table(long oid) {
      return null;
    }

    @Override
    public Map<TableFacts.TypeKey, TableFacts.TypeFact> types(
        List<RelationMessage.Column> columns) {
      return Map.of();
    }
  }

  @Test
  void aTransactionsBeginGivesItsEventsXidCommitPositionAndTime() throws Exception {
    relation('d');
    begin(0x1_0000_0010L, 86_400_000_000L, 0xffff_fff0);
    insert("1", "a", null);
    commit(0x1_0000_0010L, 0x1_0000_0040L);
    var event = sealed().getFirst();
    assertThat(event.xid()).isEqualTo(0xffff_fff0L);
    assertThat(event.commitPosition()).isEqualTo(0x1_0000_0010L);
    assertThat(event.committedAtUs())
        .isEqualTo(Instant.parse("2000-01-02T00:00:00Z").toEpochMilli() * 1_000);
    assertThat(event.position()).isEqualTo(77);
    assertThat(event.capturedAtUs()).isEqualTo(CLOCK.millis() * 1_000);
    assertThat(spool.tailMark().open()).isFalse();
    assertThat(spool.tailMark().endPosition()).isEqualTo(0x1_0000_0040L);
  }

  @Test
  void anInsertCarriesTextAndNull() throws Exception {
    relation('d');
    begin(1, 0, 1);
    insert("1", "é日本", null);
    var event = sealed().getFirst();
    assertThat(event.op()).isEqualTo(Op.INSERT);
    assertThat(event.seq()).isEqualTo(1);
    assertThat(event.schema().qualifiedName()).isEqualTo("plant.\"Reading \"\"x\"\"\"");
    assertThat(texts(event.after())).containsExactly("1", "é日本", null);
    assertThat(event.before()).isNull();
    assertThat(event.oldKey()).isNull();
  }

  @Test
  void anUpdateWithoutOldRowCarriesTheNewOne() throws Exception {
    relation('d');
    begin(1, 0, 1);
    send(message('U').int32(TABLE).int8('N').tuple("1", "b", "c"));
    var event = sealed().getFirst();
    assertThat(event.op()).isEqualTo(Op.UPDATE);
    assertThat(texts(event.after())).containsExactly("1", "b", "c");
    assertThat(event.oldKey()).isNull();
  }

  @Test
  void anUpdateOfTheKeyCarriesTheOldKeyAndNotItsNulls() throws Exception {
    relation('d');
    begin(1, 0, 1);
    send(message('U').int32(TABLE).int8('K').tuple("1", null, null).int8('N').tuple("2", "b", "c"));
    var event = sealed().getFirst();
    assertThat(texts(event.oldKey())).containsExactly("1");
    assertThat(texts(event.after())).containsExactly("2", "b", "c");
    assertThat(event.before()).isNull();
  }

  @Test
  void anUpdateUnderFullIdentityCarriesTheWholeOldRow() throws Exception {
    relation('f');
    begin(1, 0, 1);
    send(message('U').int32(TABLE).int8('O').tuple("1", null, "x").int8('N').tuple("1", "b", "c"));
    var event = sealed().getFirst();
    assertThat(texts(event.before())).containsExactly("1", null, "x");
    assertThat(event.oldKey()).isNull();
  }

  @Test
  void aValueThatWasNotTouchedIsUnchangedAndNotNull() throws Exception {
    relation('d');
    begin(1, 0, 1);
    send(message('U').int32(TABLE).int8('N').int16(3).int8('t').text("1").int8('u').int8('n'));
    var after = sealed().getFirst().after();
    assertThat(after.length(1)).isEqualTo(Row.UNCHANGED);
    assertThat(after.length(2)).isEqualTo(Row.NULL);
  }

  @Test
  void aDeleteCarriesTheKeyOrTheWholeRow() throws Exception {
    relation('d');
    begin(1, 0, 1);
    send(message('D').int32(TABLE).int8('K').tuple("1", null, null));
    relation('f');
    send(message('D').int32(TABLE).int8('O').tuple("2", "b", null));
    var sealed = sealed();
    assertThat(sealed.get(0).op()).isEqualTo(Op.DELETE);
    assertThat(texts(sealed.get(0).oldKey())).containsExactly("1");
    assertThat(texts(sealed.get(1).before())).containsExactly("2", "b", null);
    assertThat(sealed.get(1).after()).isNull();
  }

  @Test
  void aTruncateIsOneEventForEachTable() throws Exception {
    relation('d');
    send(relationMessage(TABLE + 1, 'n', "other"));
    begin(1, 0, 1);
    send(message('T').int32(2).int8(3).int32(TABLE).int32(TABLE + 1));
    var sealed = sealed();
    assertThat(sealed).extracting(ChangeEvent::op).containsOnly(Op.TRUNCATE).hasSize(2);
    assertThat(sealed.get(1).schema().name()).isEqualTo("other");
    assertThat(sealed.get(0).after()).isNull();
  }

  @Test
  void typesOriginsAndMessagesOfApplicationsChangeNothing() throws Exception {
    relation('d');
    begin(1, 0, 1);
    send(message('O').int64(5).string("elsewhere"));
    send(message('Y').int32(99).string("public").string("mood"));
    send(message('M').int8(1).int64(5).string("prefix").int32(2).int8(1).int8(2));
    insert("1", "a", "b");
    assertThat(sealed()).hasSize(1);
  }

  @Test
  void aRelationDecidesTheColumnsThatFollow() throws Exception {
    relation('d');
    begin(1, 0, 1);
    insert("1", "a", "b");
    send(
        message('R')
            .int32(TABLE)
            .string("plant")
            .string("Reading \"x\"")
            .int8('d')
            .int16(1)
            .int8(1)
            .string("id")
            .int32(20)
            .int32(-1));
    send(message('I').int32(TABLE).int8('N').tuple("2"));
    var sealed = sealed();
    assertThat(sealed.get(0).schema().columns()).hasSize(3);
    assertThat(sealed.get(1).schema().columns()).hasSize(1);
    assertThat(sealed.get(1).schemaFingerprint()).isNotEqualTo(sealed.get(0).schemaFingerprint());
  }

  @Test
  void aTableWithoutColumnsHasRows() throws Exception {
    send(message('R').int32(TABLE).string("public").string("empty").int8('d').int16(0));
    begin(1, 0, 1);
    send(message('I').int32(TABLE).int8('N').int16(0));
    assertThat(sealed().getFirst().after().size()).isZero();
  }

  @Test
  void aValueLargerThanAnEventMayBeIsLeftOutAndMarked() throws Exception {
    relation('d');
    begin(1, 0, 1);
    insert("1", "x".repeat(BlockAssembler.EVENT_BYTES), "behind");
    var after = sealed().getFirst().after();
    assertThat(after.length(1)).isEqualTo(Row.OMITTED);
    assertThat(after.text(2)).isEqualTo("behind");
  }

  @Test
  void aMessageCutAnywhereIsRefused() throws Exception {
    relation('d');
    begin(1, 0, 1);
    var whole = message('I').int32(TABLE).int8('N').tuple("1", "a", "b").bytes();
    for (var length = 0; length < whole.length; length++) {
      var cut = Arrays.copyOf(whole, length);
      restart();
      relation('d');
      assertThatThrownBy(() -> decoder.message(cut, 0, cut.length, 1))
          .as("cut to %d", length)
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void whatWasSpooledOfAnOpenTransactionIsDroppedWhenItComesAgain() throws Exception {
    relation('d');
    begin(100, 0, 1);
    insert("1", "a", null);
    commit(100, 110);
    begin(200, 0, 2);
    insert("2", "a", null);
    insert("3", "a", null);
    events.seal();
    awaitTail(3);
    assertThat(spool.tailMark().open()).isTrue();
    assertThat(spool.tailMark().eventsOfTransaction()).isEqualTo(2);

    restart();
    relation('d');
    begin(100, 0, 1);
    insert("1", "a", null);
    commit(100, 110);
    begin(150, 0, 9);
    commit(150, 160);
    begin(200, 0, 2);
    insert("2", "a", null);
    insert("3", "a", null);
    insert("4", "a", null);
    commit(200, 210);
    var all = sealed();
    assertThat(all).extracting(event -> event.after().text(0)).containsExactly("1", "2", "3", "4");
    assertThat(all).extracting(ChangeEvent::seq).containsExactly(1L, 2L, 3L, 4L);
    assertThat(spool.tailMark().endSeq()).isEqualTo(4);
  }

  @Test
  void anotherTransactionInTheOpenOnesPlaceBreaksTheLog() throws Exception {
    relation('d');
    begin(200, 0, 2);
    insert("2", "a", null);
    events.seal();
    awaitTail(1);
    restart();
    relation('d');
    assertThatThrownBy(() -> begin(300, 0, 3)).isInstanceOf(LogBrokenException.class);
    restart();
    relation('d');
    begin(150, 0, 1);
    assertThatThrownBy(() -> insert("9", "a", null)).isInstanceOf(LogBrokenException.class);
  }

  private void restart() throws IOException {
    appender.close();
    appender = new Appender(spool, "source", words -> {}).start();
    events = new BlockAssembler(spool, appender, CLOCK, () -> {}, 0);
    decoder = new PgOutput(events, new Relations(new NoCatalog()));
  }

  private void relation(char identity) throws Exception {
    send(relationMessage(TABLE, identity, "Reading \"x\""));
  }

  private static Message relationMessage(int table, char identity, String name) {
    return message('R')
        .int32(table)
        .string("plant")
        .string(name)
        .int8(identity)
        .int16(3)
        .int8(1)
        .string("id")
        .int32(20)
        .int32(-1)
        .int8(identity == 'f' ? 1 : 0)
        .string("text")
        .int32(25)
        .int32(-1)
        .int8(identity == 'f' ? 1 : 0)
        .string("more")
        .int32(1043)
        .int32(14);
  }

  private void begin(long commit, long atUs, int xid) throws Exception {
    send(message('B').int64(commit).int64(atUs).int32(xid));
  }

  private void commit(long commit, long end) throws Exception {
    send(message('C').int8(0).int64(commit).int64(end).int64(0));
  }

  private void insert(String... values) throws Exception {
    send(message('I').int32(TABLE).int8('N').tuple(values));
  }

  private void send(Message message) throws Exception {
    var bytes = message.bytes();
    // As it comes: in the middle of a larger array.
    var padded = new byte[bytes.length + 11];
    System.arraycopy(bytes, 0, padded, 7, bytes.length);
    decoder.message(padded, 7, bytes.length, 77);
  }

  private List<ChangeEvent> sealed() throws Exception {
    events.seal();
    awaitTail(events.lastSeq());
    return TestBlocks.events(spool);
  }

  private void awaitTail(long seq) throws InterruptedException {
    assertThat(spool.awaitBeyond(seq - 1, 10, TimeUnit.SECONDS)).isTrue();
  }

  private static List<String> texts(@Nullable Row row) {
    var texts = new java.util.ArrayList<String>();
    for (var i = 0; row != null && i < row.size(); i++) {
      texts.add(row.text(i));
    }
    return texts;
  }

  private static Message message(char kind) {
    return new Message().int8(kind);
  }

  /// Writes what PostgreSQL would.
  private static final class Message {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final DataOutputStream out = new DataOutputStream(bytes);

    private interface Write {
      void to(DataOutputStream out) throws IOException;
    }

    private Message write(Write write) {
      try {
        write.to(out);
        return this;
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    Message int8(int value) {
      return write(to -> to.writeByte(value));
    }

    Message int16(int value) {
      return write(to -> to.writeShort(value));
    }

    Message int32(int value) {
      return write(to -> to.writeInt(value));
    }

    Message int64(long value) {
      return write(to -> to.writeLong(value));
    }

    Message string(String value) {
      return write(
          to -> {
            to.write(value.getBytes(StandardCharsets.UTF_8));
            to.writeByte(0);
          });
    }

    Message text(String value) {
      var encoded = value.getBytes(StandardCharsets.UTF_8);
      return write(
          to -> {
            to.writeInt(encoded.length);
            to.write(encoded);
          });
    }

    Message tuple(String... values) {
      int16(values.length);
      for (var value : values) {
        if (value == null) {
          int8('n');
        } else {
          int8('t').text(value);
        }
      }
      return this;
    }

    byte[] bytes() {
      return bytes.toByteArray();
    }
  }
}
