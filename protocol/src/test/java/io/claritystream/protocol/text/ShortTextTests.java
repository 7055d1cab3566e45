package io.claritystream.protocol.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ShortTextTests {
  private static final String DROP = "\ud83d\udca7";

  @Test
  void whatIsCutSaysSoAndWhere() {
    assertThat(ShortText.of("x".repeat(1_001), 1_000))
        .isEqualTo("x".repeat(1_000) + "… (cut at 1,000 characters)");
  }

  @Test
  void whatIsNotTooLongStaysAsItIsHoweverManyBytesItsCharactersHave() {
    for (var text : new String[] {"", "abc", DROP.repeat(3), "ab\ud83d"}) {
      assertThat(ShortText.of(text, 3)).isSameAs(text);
    }
  }

  @Test
  void noCharacterIsCutInTwo() {
    assertThat(ShortText.of("a" + DROP.repeat(5), 3))
        .isEqualTo("a" + DROP + DROP + "… (cut at 3 characters)");
  }

  /// The agent cuts what it tells, and the platform what it is told.
  @Test
  void cutTwiceItIsCutOnce() {
    var once = ShortText.of("x".repeat(5_000), 1_000);
    assertThat(ShortText.of(once, 1_000)).isEqualTo(once);
  }

  @Test
  void whatNoDatabaseStoresIsSeenToHaveBeenThere() {
    assertThat(ShortText.storable("a\0b\ud800c" + DROP, 10)).isEqualTo("a\ufffdb\ufffdc" + DROP);
    assertThat(ShortText.storable("\0".repeat(4), 3))
        .isEqualTo("\ufffd".repeat(3) + "… (cut at 3 characters)");
  }
}
