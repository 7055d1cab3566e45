package io.claritystream.protocol.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PairingCodeTests {
  private static final PairingCode CODE = new PairingCode("0123456789ABCDEF", "GHJKMNPQRSTVWXYZ");

  @Test
  void isShownInGroupsOfFour() {
    assertThat(CODE.text()).isEqualTo("0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV-WXYZ");
  }

  @Test
  void isReadAsItWasShown() {
    assertThat(PairingCode.parse(CODE.text())).contains(CODE);
  }

  @Test
  void isReadInLowerCaseWithBlanksAndLettersThatLookLikeDigits() {
    assertThat(PairingCode.parse(" oi23 4567-89ab cdef\nghjk-mnpqrstv-wxyz ")).contains(CODE);
    assertThat(PairingCode.parse("Ol23456789abcdefghjkmnpqrstvwxyz")).contains(CODE);
  }

  @Test
  void isNotReadFromAnythingElse() {
    assertThat(PairingCode.parse("")).isEmpty();
    assertThat(PairingCode.parse("0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV-WXY")).isEmpty();
    assertThat(PairingCode.parse("0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV-WXYZ0")).isEmpty();
    assertThat(PairingCode.parse("0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV-WXYU")).isEmpty();
    assertThat(PairingCode.parse("0".repeat(10_000))).isEmpty();
    assertThatThrownBy(() -> new PairingCode("short", "GHJKMNPQRSTVWXYZ"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void keepsItsSecretOutOfLogs() {
    assertThat(CODE.toString()).doesNotContain("0123456789ABCDEF").contains("GHJKMNPQRSTVWXYZ");
  }
}
