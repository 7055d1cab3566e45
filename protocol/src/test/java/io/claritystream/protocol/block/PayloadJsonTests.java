package io.claritystream.protocol.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PayloadJsonTests {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "INT | -9223372036854775808 | -9223372036854775808",
        "NUMERIC | 1.10 | 1.10",
        "NUMERIC | NaN | \"NaN\"",
        "NUMERIC | -Infinity | \"-Infinity\"",
        "FLOAT | 5e-324 | \"5e-324\"",
        "FLOAT | -0 | \"-0\"",
        "FLOAT | -0.00 | \"-0.00\"",
        "FLOAT | 0.1 | 0.1",
        "INT | 007 | \"007\"",
        "NUMERIC | 1. | \"1.\"",
        "NUMERIC | .5 | \".5\"",
        "NUMERIC | - | \"-\"",
        "BOOL | t | true",
        "BOOL | f | false",
        "BOOL | yes | \"yes\"",
        "JSONB | {\"a\": [1.10]} | {\"a\": [1.10]}",
        "JSON | {\"a\":1,\"a\":2} | {\"$raw\":\"{\\\"a\\\":1,\\\"a\\\":2}\"}",
        "TEXT | tab\there | \"tab\\there\"",
        "TEXT | a\"b\\c | \"a\\\"b\\\\c\"",
        "TIMESTAMPTZ | infinity | \"infinity\"",
        "OTHER | [1,2) | \"[1,2)\"",
      })
  void eachKindKeepsItsExactText(ValueKind kind, String text, String json) {
    assertThat(payload(kind, text.getBytes(StandardCharsets.UTF_8)))
        .isEqualTo("{\"after\":{\"v\":" + json + "}}");
  }

  @Test
  void controlCharactersAreEscapedAndTheRestOfUnicodeIsNot() {
    var text = "\u0001\u001f\u007f\u2028é😀";
    assertThat(payload(ValueKind.TEXT, text.getBytes(StandardCharsets.UTF_8)))
        .isEqualTo("{\"after\":{\"v\":\"\\u0001\\u001f\u007f\u2028é😀\"}}");
  }

  @Test
  void bytesThatAreNoTextAreWrapped() {
    assertThat(payload(ValueKind.TEXT, new byte[] {'a', 0, 'b'}))
        .isEqualTo("{\"after\":{\"v\":{\"$raw\":\"YQBi\",\"$encoding\":\"base64\"}}}");
    assertThat(payload(ValueKind.TEXT, new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80}))
        .contains("base64");
    assertThat(payload(ValueKind.TEXT, new byte[] {(byte) 0xc0, (byte) 0x80})).contains("base64");
    assertThat(payload(ValueKind.TEXT, new byte[] {(byte) 0xe2, (byte) 0x82})).contains("base64");
  }

  @Test
  void tooDeepJsonIsWrapped() {
    var deep = "[".repeat(1_001) + "]".repeat(1_001);
    assertThat(payload(ValueKind.JSONB, deep.getBytes(StandardCharsets.UTF_8))).contains("$raw");
    var fine = "[\"" + "[".repeat(2_000) + "\"]";
    assertThat(payload(ValueKind.JSONB, fine.getBytes(StandardCharsets.UTF_8)))
        .doesNotContain("$raw");
  }

  @Test
  void cellsWithoutTextSayWhy() {
    var schema =
        new TableSchema(
            "",
            "t",
            'd',
            "",
            List.of(
                BlockTests.column("id", ValueKind.INT, true),
                BlockTests.column("a", ValueKind.TEXT, false),
                BlockTests.column("b", ValueKind.TEXT, false),
                BlockTests.column("c", ValueKind.TEXT, false),
                BlockTests.column("d", ValueKind.TEXT, false),
                BlockTests.column("e \"q\"", ValueKind.TEXT, false)),
            List.of());
    var writer = new BlockWriter(64);
    writer.beginEvent(Op.UPDATE, schema, 1, 1);
    writer.oldKey();
    writer.value(new byte[] {'7'}, 0, 1);
    writer.after();
    writer.value(new byte[] {'8'}, 0, 1);
    writer.marker(Row.UNCHANGED);
    writer.marker(Row.DROPPED);
    writer.marker(Row.REDACTED);
    writer.marker(Row.OMITTED);
    writer.hashedValue(new byte[] {'h'}, 0, 1);
    writer.endEvent();
    assertThat(json(writer))
        .isEqualTo(
            "{\"key\":{\"id\":7},\"after\":{\"id\":8,\"c\":{\"$redacted\":true},"
                + "\"d\":{\"$omitted\":true},\"e \\\"q\\\"\":\"h\"},"
                + "\"unchanged\":[\"a\"],\"dropped\":[\"b\"],\"hashed\":[\"e \\\"q\\\"\"]}");
  }

  @Test
  void aTableWithoutColumnsHasAnEmptyRow() {
    var writer = new BlockWriter(64);
    writer.beginEvent(Op.INSERT, new TableSchema("", "t", 'd', "", List.of(), List.of()), 1, 1);
    writer.after();
    writer.endEvent();
    assertThat(json(writer)).isEqualTo("{\"after\":{}}");
  }

  private static String payload(ValueKind kind, byte[] value) {
    var schema =
        new TableSchema("", "t", 'd', "", List.of(BlockTests.column("v", kind, false)), List.of());
    var writer = new BlockWriter(64);
    writer.beginEvent(Op.INSERT, schema, 1, 1);
    writer.after();
    writer.value(value, 0, value.length);
    writer.endEvent();
    return json(writer);
  }

  private static String json(BlockWriter writer) {
    var block = new BlockReader().readPlain(Arrays.copyOf(writer.array(), writer.size()), 1, 1);
    var out = new ByteSink(64);
    new PayloadJson().write(block.events().getFirst(), out);
    return new String(out.toByteArray(), StandardCharsets.UTF_8);
  }
}
