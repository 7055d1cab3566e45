package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.TenantId;
import io.claritystream.protocol.block.BlockReader;
import io.claritystream.protocol.block.BlockWriter;
import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.Row;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.protocol.block.ValueKind;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.Codec;
import io.claritystream.stream.deadletter.DeadLetters;
import io.claritystream.stream.source.SourceRef;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DraftTests {
  private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
  private static final int COLUMNS = 1_000;

  @Test
  void wide_events_fill_a_draft_by_their_cells() {
    var draft = new Draft();
    draft.begin(0);
    var source =
        new SourceRef(
            new TenantId(UUID.randomUUID()), UUID.randomUUID(), UUID.randomUUID(), "db", 0, 1, 1);
    var line =
        new SourceLine(
            source,
            false,
            Mark.NONE,
            Quarantine.none(0),
            new LetterCounts(new DeadLetters.Counts(Map.of(), 0), NOON));
    var events = wide(100).events();
    for (var event : events.subList(0, 99)) {
      draft.add(line, event, 1, NOON.toEpochMilli(), NOON);
    }
    assertThat(draft.full()).isFalse();
    draft.add(line, events.getLast(), 1, NOON.toEpochMilli(), NOON);
    assertThat(draft.full()).isTrue();

    draft.begin(1);
    draft.add(line, events.getFirst(), 1, NOON.toEpochMilli(), NOON);
    assertThat(draft.full()).as("the next draft begins empty").isFalse();
  }

  private static io.claritystream.protocol.block.Block wide(int events) {
    var columns =
        IntStream.range(0, COLUMNS)
            .mapToObj(
                i -> new Column("c" + i, "int4", 23, ValueKind.values()[0], i == 0, i == 0, ""))
            .toList();
    var schema = new TableSchema("public", "wide", 'd', "", columns, List.of());
    var block = new BlockWriter(256);
    block.transaction(1, 1, 0, 0);
    for (var i = 0; i < events; i++) {
      block.beginEvent(Op.INSERT, schema, i, 0);
      block.after();
      for (var column = 0; column < COLUMNS; column++) {
        block.marker(Row.NULL);
      }
      block.endEvent();
    }
    var header =
        BatchHeader.newBuilder()
            .setCodec(Codec.PLAIN_BLOCK_V1)
            .setFirstSeq(1)
            .setCount(events)
            .setCells(block.cells())
            .build();
    return new BlockReader().read(header, Arrays.copyOf(block.array(), block.size()));
  }
}
