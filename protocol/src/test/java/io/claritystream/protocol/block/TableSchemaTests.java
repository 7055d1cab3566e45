package io.claritystream.protocol.block;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TableSchemaTests {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "public | Order Lines | public.Order Lines",
        "a.b    | c           | \"a.b\".c",
        "a      | b.c         | a.\"b.c\"",
        "plant  | 5\" pipe   | plant.\"5\"\" pipe\"",
      })
  void a_name_is_as_it_is_unless_its_parts_could_be_taken_for_others(
      String namespace, String name, String qualified) {
    assertThat(TableSchema.qualified(namespace, name)).isEqualTo(qualified);
  }

  @Test
  void a_table_without_a_namespace_is_never_taken_for_one_that_has_one() {
    assertThat(TableSchema.qualified("", "a.b")).isEqualTo("\"a.b\"");
    assertThat(TableSchema.qualified("", "\"x\".y")).isNotEqualTo(TableSchema.qualified("x", "y"));
  }
}
