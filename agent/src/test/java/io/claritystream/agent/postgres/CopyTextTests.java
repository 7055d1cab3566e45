package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.claritystream.protocol.block.BlockWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class CopyTextTests {
  @Test
  void valuesAreSplitAtTabsAndNullIsNotTheTextN() throws Exception {
    assertThat(cells("1\t\\N\tN\t\\\\N\t\n", 5)).containsExactly("1", null, "N", "\\N", "");
  }

  @Test
  void everyEscapeStandsForItsCharacter() throws Exception {
    assertThat(cells("\\b\\f\\n\\r\\t\\v\\\\\tend\n", 2))
        .containsExactly("\b\f\n\r\t\u000b\\", "end");
  }

  @Test
  void textBehindAnEscapeMovesUp() throws Exception {
    assertThat(cells("a\\tb\\nc日本\\\\😀\n", 1)).containsExactly("a\tb\nc日本\\😀");
  }

  @Test
  void anEmptyLineIsOneEmptyValueOrNoColumn() throws Exception {
    assertThat(cells("\n", 1)).containsExactly("");
    assertThat(cells("\n", 0)).isEmpty();
  }

  @Test
  void aRowOfAnotherShapeIsRefused() {
    assertThatThrownBy(() -> cells("1\t2\n", 3)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> cells("1\t2", 2)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> cells("\\x41\n", 1)).isInstanceOf(IOException.class);
  }

  private static List<String> cells(String line, int columns) throws IOException {
    var bytes = line.getBytes(StandardCharsets.UTF_8);
    var block = new BlockWriter(100);
    return TestBlocks.row(block, columns, out -> CopyText.cells(bytes, columns, out));
  }
}
