package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FaultTests {
  private static SQLException sql(String state) {
    return new SQLException("no", state);
  }

  @ParameterizedTest
  @ValueSource(strings = {"22003", "23505", "23514", "54000"})
  void what_is_wrong_with_values_and_keys_is_the_datas(String state) {
    assertThat(Fault.of(new IllegalStateException(sql(state)))).isEqualTo(Fault.DATA);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "08006", "40001", "40P01", "53100", "53300", "55P03", "57014", "57P01", "58030", "XX000"
      })
  void the_database_and_its_limits_pass(String state) {
    assertThat(Fault.of(sql(state))).isEqualTo(Fault.PASSING);
  }

  @Test
  void a_connection_that_was_not_to_be_had_passes() {
    assertThat(Fault.of(new java.sql.SQLTransientConnectionException("pool")))
        .isEqualTo(Fault.PASSING);
  }

  @ParameterizedTest
  @ValueSource(strings = {"42501", "42P01", "0A000", "25P02"})
  void the_rest_is_ours_and_never_a_dead_letter(String state) {
    assertThat(Fault.of(sql(state))).isEqualTo(Fault.OURS);
  }

  @Test
  void a_fold_that_stumbles_without_the_database_is_the_datas() {
    assertThat(Fault.of(new ArithmeticException())).isEqualTo(Fault.DATA);
  }
}
