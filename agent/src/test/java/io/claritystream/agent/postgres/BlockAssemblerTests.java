package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.claritystream.agent.spool.Appender;
import io.claritystream.agent.spool.Spool;
import io.claritystream.agent.spool.SpoolLimits;
import io.claritystream.protocol.block.Block;
import io.claritystream.protocol.block.BlockReader;
import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.Row;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.protocol.block.ValueKind;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlockAssemblerTests {
  private static final TableSchema TABLE =
      new TableSchema("public", "t", 'd', "", List.of(), List.of());

  @TempDir Path directory;

  private interface Work {
    void on(BlockAssembler events) throws Exception;
  }

  @Test
  void aTransactionWhoseEndWasConfirmedAndNotSpooledIsWholeAfterARestart() throws Exception {
    run(
        0,
        events -> {
          events.begin(7, 100, 1);
          event(events);
          // The block leaves before the commit's message comes, which only moves the slot.
          events.seal();
          events.end(110);
        });
    run(
        150,
        events -> {
          assertThat(events.endPosition()).isEqualTo(150);
          assertThat(events.endSeq()).isEqualTo(1);
          events.begin(8, 200, 1);
          event(events);
          events.end(210);
          events.seal();
        });
    var blocks = blocks();
    assertThat(blocks.getFirst().transactionEndSeq()).isEqualTo(-1);
    assertThat(blocks).hasSize(2);
    assertThat(blocks.getLast().transactionEndSeq()).isEqualTo(2);
    assertThat(blocks.getLast().transactionEndPosition()).isEqualTo(210);
  }

  @Test
  void aTransactionThatIsNotWholeMustBeGoneOnWith() throws Exception {
    run(
        0,
        events -> {
          events.begin(7, 100, 1);
          event(events);
          events.seal();
        });
    run(
        90,
        events ->
            assertThatThrownBy(() -> events.begin(8, 200, 1))
                .isInstanceOf(LogBrokenException.class));
  }

  @Test
  void theEndOfAnEmptySnapshotIsToldAfterARestartToo() throws Exception {
    run(
        0,
        events -> {
          events.snapshotBegin(100, 1);
          events.snapshotEnd();
          events.seal();
        });
    run(
        100,
        events -> {
          events.snapshotWasEmpty(100);
          events.begin(8, 200, 1);
          event(events);
          events.end(210);
          events.seal();
        });
    var block = blocks().getFirst();
    assertThat(block.snapshotBegins()).isTrue();
    assertThat(block.snapshotEnds()).isTrue();
  }

  @Test
  void aBlockHasNoMoreCellsThanThePlatformTakesOfOne() throws Exception {
    var columns = new ArrayList<Column>();
    for (var i = 0; i < 1_600; i++) {
      columns.add(new Column("c" + i, "int4", 0, ValueKind.INT, false, false, ""));
    }
    var wide = new TableSchema("public", "wide", 'f', "", columns, List.of());
    run(
        0,
        events -> {
          events.begin(7, 100, 1);
          for (var i = 0; i < 100; i++) {
            assertThat(events.beginEvent(Op.UPDATE, wide, 1)).isTrue();
            events.out().before();
            nulls(events, columns.size());
            events.out().after();
            nulls(events, columns.size());
            events.endEvent();
          }
          events.end(110);
          events.seal();
        });
    var blocks = blocks();
    assertThat(blocks).hasSize(4);
    assertThat(blocks.stream().mapToInt(block -> block.events().size()).sum()).isEqualTo(100);
    assertThat(blocks)
        .allSatisfy(
            block ->
                assertThat(block.events().size() * 2 * columns.size())
                    .isLessThanOrEqualTo(BlockReader.CELLS_MAX));
  }

  private static void nulls(BlockAssembler events, int count) {
    for (var i = 0; i < count; i++) {
      events.out().marker(Row.NULL);
    }
  }

  private static void event(BlockAssembler events) throws Exception {
    assertThat(events.beginEvent(Op.INSERT, TABLE, 1)).isTrue();
    events.out().after();
    events.endEvent();
  }

  private void run(long from, Work work) throws Exception {
    try (var spool = Spool.open(directory, 1, SpoolLimits.DEFAULT);
        var appender = new Appender(spool, "source", words -> {}).start()) {
      var events = new BlockAssembler(spool, appender, Clock.systemUTC(), () -> {}, from);
      work.on(events);
      spool.awaitBeyond(events.lastSeq() - 1, 10, TimeUnit.SECONDS);
      assertThat(spool.tailSeq()).isEqualTo(events.lastSeq());
    }
  }

  private List<Block> blocks() throws IOException {
    var blocks = new ArrayList<Block>();
    var reader = new BlockReader();
    try (var spool = Spool.open(directory, 1, SpoolLimits.DEFAULT);
        var records = spool.readBehind(0)) {
      for (var entry = records.next(); entry != null; entry = records.next()) {
        blocks.add(reader.read(entry.header(), entry.payload().toByteArray()));
      }
    }
    return blocks;
  }
}
