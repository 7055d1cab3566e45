package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.claritystream.agent.postgres.CapturedTable.Stand;
import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.protocol.block.ValueKind;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is remembered of a source's tables, and until when.
class CapturedTablesTests {
  @TempDir Path directory;
  private Path file;
  private CapturedTables tables;

  @BeforeEach
  void begin() throws IOException {
    file = directory.resolve("tables");
    tables = CapturedTables.load(file);
  }

  /// `x` was dropped, cleared, created again and read, and all of that is durable long since.
  @Test
  void aNameThatAnotherTableHoldsIsNotClearedOnceMoreWhenTheSpoolIsLost() throws Exception {
    tables.put(table(1, "x", Stand.GONE, new Cut(null, 100, 10)));
    tables.put(table(2, "x", Stand.HELD, null));
    tables.again();
    assertThat(tables.standing(Stand.LEAVING)).isEmpty();
    assertThat(tables.get(2).stand()).isEqualTo(Stand.HELD);
    assertThat(tables.dropped(7, 90).test(1)).as("no change of the dropped one comes in").isTrue();
  }

  /// Somebody's publication of all tables may bring as many.
  @Test
  void aTransactionCostsNoMoreForTenThousandTablesThatAreNotCaptured() throws Exception {
    var strangers = new ArrayList<CapturedTable>();
    for (var i = 1; i <= 10_000; i++) {
      strangers.add(table(i, "x" + i, Stand.GONE, new Cut(null, 100, 10)));
    }
    tables.replace(strangers);
    assertThat(tables.dropped(7, 90).test(10_000)).isTrue();
    var thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    var before = thread.getCurrentThreadAllocatedBytes();
    tables.dropped(7, 90).test(10_000);
    assertThat(thread.getCurrentThreadAllocatedBytes() - before).isLessThan(10_000);
  }

  @Test
  void whatIsNotDurableIsDoneAgainWhenTheSpoolIsLost() throws Exception {
    tables.put(table(1, "x", Stand.GONE, new Cut(null, 100, 10)));
    tables.put(table(2, "y", Stand.HELD, new Cut(Visible.parse("5:5:"), 100, 20)));
    tables.put(table(3, "z", Stand.HELD, null));
    tables.again();
    assertThat(tables.get(1).stand()).isEqualTo(Stand.LEAVING);
    assertThat(tables.get(2))
        .isEqualTo(
            table(2, "y", Stand.HELD, null).again("the spool was lost before its rows were sent"));
    assertThat(tables.get(3)).isEqualTo(table(3, "z", Stand.HELD, null));
  }

  @Test
  void noTableIsReadAsLongAsOneIsToBeCleared() throws Exception {
    tables.put(table(1, "x", Stand.LEAVING, null));
    tables.put(table(2, "x", Stand.WANTED, null));
    assertThat(tables.toRead()).isEmpty();
    tables.put(table(1, "x", Stand.GONE, new Cut(null, 100, 10)));
    assertThat(tables.toRead()).containsExactly(table(2, "x", Stand.WANTED, null));
  }

  @Test
  void aDroppedTableIsForgottenOnceNothingOfItCanComeAgain() throws Exception {
    tables.put(table(1, "x", Stand.GONE, new Cut(null, 100, 10)));
    tables.settled(20, 300);
    assertThat(tables.get(1)).as("it may be there still").isNotNull();
    tables.absent(Set.of(1L), 200);
    tables.absent(Set.of(1L), 900);
    tables.settled(9, 300);
    assertThat(tables.get(1)).as("what clears its rows is not durable").isNotNull();
    tables.settled(10, 199);
    assertThat(tables.get(1)).as("changes of it may come again").isNotNull();
    tables.settled(10, 200);
    assertThat(tables.get(1)).isNull();
    assertThat(CapturedTables.load(file).all()).isEmpty();
  }

  @Test
  void tenThousandTablesAreReadBackAndEachChangeOfOneCostsOneTable() throws Exception {
    var columns = new ArrayList<Column>();
    var parts = new ArrayList<Shape.Part>();
    for (var i = 0; i < 30; i++) {
      columns.add(
          new Column("column" + i, "numeric(12,3)", 1700, ValueKind.NUMERIC, false, true, ""));
      parts.add(new Shape.Part(i + 1, "columñ." + i, 1700, true, i % 2 == 0, i, "7"));
    }
    var shape = new Shape(16_384, parts);
    assertThat(Shape.parse(shape.text())).isEqualTo(shape);
    var all = new ArrayList<CapturedTable>();
    for (var i = 1; i <= Catalog.TABLES_MAX; i++) {
      var name = "täble " + i;
      var schema = new TableSchema("public", name, 'd', "", columns, List.of());
      all.add(
          new CapturedTable(
              i,
              new TableName("public", name),
              Stand.HELD,
              schema,
              "7:8,9:10",
              shape.text(),
              16_500 + i,
              null,
              ""));
    }
    tables.replace(all);
    var whole = Files.size(file);
    assertThat(whole).isGreaterThan(4 * 1024 * 1024);
    var wanted = all.getFirst().stands(Stand.WANTED);
    tables.put(wanted);
    assertThat(Files.size(file) - whole).isBetween(1L, 2 * whole / all.size());
    tables.change(
        now -> {
          now.remove(2L);
          return now;
        });
    var again = CapturedTables.load(file);
    assertThat(again.all()).hasSize(all.size() - 1).contains(wanted, all.getLast());
    assertThat(again.get(2)).isNull();
    assertThat(again.fresh()).isFalse();
  }

  /// A line of a table had ten parts, then twelve.
  @Test
  void whatAnEarlierVersionWroteDownIsReadAndWhatItDidNotKnowIsNotKnown() throws Exception {
    var first = "table 7 cHVibGlj eA== held - 8:9.5 0/64 10 5:9:6,7";
    var second = "table 9 cHVibGlj eQ== wanted - - - - - 5;1.23.s.0.7.aWQ Y29sdW1u";
    var lines = first + "\n" + second + "\n";
    var sum = new CRC32();
    sum.update(lines.getBytes(StandardCharsets.US_ASCII));
    Files.writeString(file, lines + "end " + Long.toHexString(sum.getValue()) + "\n");
    tables = CapturedTables.load(file);
    var x = table(7, "x", Stand.HELD, new Cut(Visible.parse("5:9:6,7"), 100, 10));
    var y = table(9, "y", Stand.WANTED, null);
    assertThat(tables.all())
        .containsExactly(
            x.leaves("8:9.5").entry(CapturedTable.NOT_KNOWN),
            y.again("column").shape("5;1.23.s.0.7.aWQ").entry(CapturedTable.NOT_KNOWN));
    tables.put(x);
    assertThat(CapturedTables.load(file).all()).containsExactlyElementsOf(tables.all());
  }

  @Test
  void whatWasOvertakenDoesNotGather() throws Exception {
    for (var i = 0; i < 5_000; i++) {
      tables.put(table(1, "x", Stand.GONE, new Cut(null, i, i)));
    }
    assertThat(Files.readAllLines(file)).hasSizeLessThan(2_100);
    assertThat(CapturedTables.load(file).all())
        .containsExactly(table(1, "x", Stand.GONE, new Cut(null, 4_999, 4_999)));
  }

  @Test
  void aChangeThatWasTornIsNotThereAndTheNextTakesItsPlace() throws Exception {
    var rows = new Cut(Visible.parse("5:9:6,7"), 100, 10);
    tables.put(table(1, "x", Stand.HELD, rows));
    var before = Files.readAllBytes(file);
    tables.change(
        now -> {
          now.put(1L, table(1, "x", Stand.LEAVING, rows));
          now.put(2L, table(2, "x", Stand.WANTED, null));
          return now;
        });
    var after = Files.readAllBytes(file);
    for (var kept = before.length; kept < after.length; kept++) {
      Files.write(file, Arrays.copyOf(after, kept));
      assertThat(CapturedTables.load(file).all())
          .as("%d bytes of %d", kept - before.length, after.length - before.length)
          .containsExactly(table(1, "x", Stand.HELD, rows));
      CapturedTables.load(file).put(table(3, "y", Stand.WANTED, null));
      assertThat(CapturedTables.load(file).all())
          .containsExactly(table(1, "x", Stand.HELD, rows), table(3, "y", Stand.WANTED, null));
    }
    after[4] ^= 1;
    Files.write(file, after);
    assertThatThrownBy(() -> CapturedTables.load(file))
        .hasMessageContaining("as the agent wrote it");
  }

  @Test
  void whatCannotBeWrittenDownHasNotHappenedAndIsWrittenTheNextTime() throws Exception {
    tables.put(table(1, "x", Stand.WANTED, null));
    var away = file.resolveSibling("away");
    Files.move(file, away);
    Files.createDirectory(file);
    var held = table(1, "x", Stand.HELD, null);
    assertThatThrownBy(() -> tables.put(held)).isInstanceOf(IOException.class);
    assertThat(tables.get(1).stand()).isEqualTo(Stand.WANTED);
    assertThat(tables.work()).isTrue();
    Files.delete(file);
    Files.move(away, file);
    tables.change(
        now -> {
          now.put(1L, held);
          return now;
        });
    assertThat(CapturedTables.load(file).all()).containsExactly(held);
  }

  static CapturedTable table(long oid, String name, Stand stand, Cut cut) {
    return new CapturedTable(oid, new TableName("public", name), stand, null, "", "", 5, cut, "");
  }
}
