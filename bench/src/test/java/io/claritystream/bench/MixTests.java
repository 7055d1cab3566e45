package io.claritystream.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.protocol.block.Block;
import io.claritystream.protocol.block.BlockReader;
import io.claritystream.protocol.block.BlockWriter;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.Codec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MixTests {
  private static final int DEVICES = 300;

  @Test
  void events_are_mixed_as_the_design_says() {
    List<ChangeEvent> events = events(60, 2_000);
    long all = events.size();
    assertThat(all).isEqualTo(120_000);
    assertThat(count(events, Op.UPDATE)).isBetween(all / 50 * 8 / 10, all / 50 * 12 / 10);
    assertThat(count(events, Op.DELETE)).isBetween(all / 500 * 7 / 10, all / 500 * 13 / 10);
    int changed = 0;
    int seen = 0;
    Map<String, List<String>> extras = new HashMap<>();
    for (ChangeEvent event : events) {
      if (event.after() != null) {
        List<String> now = new ArrayList<>();
        for (int column = 5; column < 10; column++) {
          now.add(event.after().text(column));
        }
        List<String> before = extras.put(event.after().text(0), now);
        changed += before != null && !before.equals(now) ? 1 : 0;
        seen++;
      }
    }
    assertThat((double) changed / seen).isBetween(0.09, 0.11);
  }

  @Test
  void no_reading_is_inserted_twice_and_only_known_ones_change() {
    Set<String> known = new HashSet<>();
    for (ChangeEvent event : events(60, 2_000)) {
      if (event.op() == Op.DELETE) {
        assertThat(event.oldKey()).isNotNull();
        assertThat(known.remove(event.oldKey().text(0) + " " + event.oldKey().text(1))).isTrue();
      } else {
        assertThat(event.after()).isNotNull();
        String key = event.after().text(0) + " " + event.after().text(1);
        assertThat(known.add(key)).isEqualTo(event.op() == Op.INSERT);
      }
    }
  }

  private static long count(List<ChangeEvent> events, Op op) {
    return events.stream().filter(event -> event.op() == op).count();
  }

  private static List<ChangeEvent> events(int batches, int size) {
    Mix mix = new Mix(1, DEVICES);
    BlockWriter writer = new BlockWriter(1 << 20);
    List<ChangeEvent> events = new ArrayList<>();
    for (int batch = 0; batch < batches; batch++) {
      writer.reset();
      mix.events(writer, size, 1_790_000_000_000_000L + batch * 1_000_000L);
      Block block =
          new BlockReader()
              .read(
                  BatchHeader.newBuilder()
                      .setCodec(Codec.PLAIN_BLOCK_V1)
                      .setFirstSeq(events.size() + 1)
                      .setCount(size)
                      .setCells(writer.cells())
                      .setFirstCapturedAtUs(writer.firstCapturedAtUs())
                      .build(),
                  Arrays.copyOf(writer.array(), writer.size()));
      events.addAll(block.events());
    }
    return events;
  }
}
