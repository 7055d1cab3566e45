package io.claritystream.maestro.action;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// What a receiver may echo, and nobody may read.
class SecretFormsTests {
  private static final String ALPHABET = "abcXYZ019+/=-_.~!*'()%&?#:; \"\\<>@,|äß€";

  @Test
  void no_form_of_a_secret_remains_within_any_text() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (var round = 0; round < 2_000; round++) {
      var secret = text(random, 6 + random.nextInt(30));
      var secrets = new Secrets(Set.of(secret));
      for (var form : Secrets.forms(secret)) {
        var echo = text(random, random.nextInt(20)) + form + text(random, random.nextInt(20));
        assertThat(secrets.without(echo)).as("seed %d, %s", seed, secret).doesNotContain(form);
      }
    }
  }

  @Test
  void percent_encoding_is_known_as_libraries_write_it() {
    var secrets = new Secrets(Set.of("Ab/c d!~*(é"));
    for (var form :
        new String[] {
          "Ab%2Fc+d%21%7E*%28%C3%A9", // Java
          "Ab%2fc+d%21%7e*%28%c3%a9", // .NET
          "Ab%2Fc%20d%21~%2A%28%C3%A9", // RFC 3986
          "Ab%2fc%20d%21~%2a%28%c3%a9",
          "Ab/c%20d%21~%2A%28%C3%A9", // Python
          "Ab%2Fc%20d!~*(%C3%A9", // JavaScript
        }) {
      assertThat(secrets.without("a" + form + "b")).isEqualTo("a[redacted]b");
    }
  }

  private static String text(Random random, int length) {
    var text = new StringBuilder();
    while (text.length() < length) {
      text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return text.toString();
  }
}
