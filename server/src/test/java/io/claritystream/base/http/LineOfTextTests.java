package io.claritystream.base.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LineOfTextTests {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Müller & Söhne GmbH",
        "株式会社 北門",
        "Ελληνικά",
        "مصنع الشمال",
        "Plant 7 \u2014 north",
        "\ud83c\udfed Plant",
        "e\u0301lan",
        "O\u2019Neill"
      })
  void names_of_all_scripts_are_lines(String name) {
    assertThat(LineOfText.wrong(name, 120)).isEmpty();
    assertThat(LineOfText.made(name, 120)).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "\u00a0",
        "\u3000",
        "a\u0000b",
        "a\u0009b",
        "a\nb",
        "a\u007fb",
        "a\u0085b",
        "a\u009bb",
        "a\u200bb",
        "a\u200eb",
        "a\u202eb",
        "a\u2028b",
        "a\u2029b",
        "a\u2066b",
        "a\u2060b",
        "a\ufeffb",
        "a\u00adb",
        "a\u061cb",
        "a\u3164b",
        "\u2800",
        "a\ud800b",
        "\udc00",
        "a\ue000b",
        "a\uffffb",
        "a\udb40\udc41b"
      })
  void what_cannot_be_seen_is_no_line(String text) {
    assertThat(LineOfText.wrong(text, 120)).isPresent();
    assertThat(LineOfText.made(text, 120)).isIn("", "a b");
  }

  @Test
  void length_is_counted_in_characters_and_none_is_cut_in_two() {
    String factories = "\ud83c\udfed".repeat(5);

    assertThat(LineOfText.wrong(factories, 5)).isEmpty();
    assertThat(LineOfText.wrong(factories, 4)).hasValue("must have at most 4 characters");
    assertThat(LineOfText.made("x" + factories, 3)).isEqualTo("x\ud83c\udfed\ud83c\udfed");
  }
}
