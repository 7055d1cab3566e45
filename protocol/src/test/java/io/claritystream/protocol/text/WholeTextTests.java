package io.claritystream.protocol.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WholeTextTests {
  private static final String DROP = "\ud83d\udca7";

  @Test
  void pairsAreWholeWhereverTheyStand() {
    for (var text : new String[] {"", "a", DROP, DROP + DROP, "a" + DROP + "b\ufffd"}) {
      assertThat(WholeText.is(text)).as(text).isTrue();
    }
  }

  @Test
  void halfOfAPairIsNoCharacterWhereverItStands() {
    for (var text :
        new String[] {
          "\ud83d", "\udca7", "a\ud83d", "\udca7b", DROP + "\udca7", "\ud83d" + DROP, "\udca7\ud83d"
        }) {
      assertThat(WholeText.is(text)).as(text).isFalse();
    }
  }
}
