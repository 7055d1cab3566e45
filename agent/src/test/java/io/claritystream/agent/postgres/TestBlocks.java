package io.claritystream.agent.postgres;

import com.google.protobuf.ByteString;
import io.claritystream.agent.spool.Spool;
import io.claritystream.protocol.block.BlockReader;
import io.claritystream.protocol.block.BlockWriter;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.protocol.block.ValueKind;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.Codec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Reads blocks back.
final class TestBlocks {
  interface Cells {
    void write(BlockWriter out) throws IOException;
  }

  private TestBlocks() {}

  /// The texts of one row, null where there is none.
  static List<String> row(BlockWriter block, int columns, Cells cells) throws IOException {
    var schema = new ArrayList<Column>();
    for (var i = 0; i < columns; i++) {
      schema.add(new Column("c" + i, "text", 25, ValueKind.TEXT, false, false, ""));
    }
    block.beginEvent(Op.INSERT, new TableSchema("public", "t", 'd', "", schema, List.of()), 1, 1);
    block.after();
    cells.write(block);
    block.endEvent();
    var header =
        BatchHeader.newBuilder()
            .setCodec(Codec.PLAIN_BLOCK_V1)
            .setFirstSeq(1)
            .setCount(1)
            .setCells(block.cells())
            .setFirstCapturedAtUs(block.firstCapturedAtUs())
            .build();
    var bytes = Arrays.copyOf(block.array(), block.size());
    var after = new BlockReader().read(header, bytes).events().getFirst().after();
    var texts = new ArrayList<String>();
    for (var i = 0; i < columns; i++) {
      texts.add(after.text(i));
    }
    return texts;
  }

  /// All events that a spool holds.
  static List<ChangeEvent> events(Spool spool) throws IOException {
    var events = new ArrayList<ChangeEvent>();
    var blocks = new BlockReader();
    try (var reader = spool.readBehind(spool.firstSeq() - 1)) {
      for (var entry = reader.next(); entry != null; entry = reader.next()) {
        ByteString payload = entry.payload();
        events.addAll(blocks.read(entry.header(), payload.toByteArray()).events());
      }
    }
    return events;
  }
}
