package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// What may describe a source.
class SourceDescriptionTests extends StreamSpec {
  @Test
  void whatDescribesASourceIsTextOfBoundedLength() {
    for (String fingerprint : new String[] {"7/pl\0ant", "x".repeat(301), ""}) {
      assertThatThrownBy(() -> agent.register("described", fingerprint))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              refused ->
                  assertThat(refused.getStatus().getCode())
                      .isEqualTo(Status.Code.FAILED_PRECONDITION));
    }
    assertThatThrownBy(() -> agent.register("na\0me"))
        .hasMessageContaining("name has from 1 to 120");
  }

  @Test
  void aSourceHasOnlySoManyTablesAndTheirNamesAreBounded() {
    List<String> most = IntStream.range(0, 10_000).mapToObj(i -> "public.t" + i).toList();
    assertThat(agent.register("wide", "9/plant", most).getSourceId()).isNotBlank();

    List<String> tooMany = new ArrayList<>(most);
    tooMany.add("public.last");
    assertThatThrownBy(() -> agent.register("wider", "9/plant", tooMany))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("FAILED_PRECONDITION")
        .hasMessageContaining("at most 10000 tables, not 10001");
    for (String name : List.of("", " ", "x".repeat(301), "a\0b")) {
      assertThatThrownBy(() -> agent.register("odd", "9/plant", List.of("public.a", name)))
          .hasMessageContaining("name of a table has from 1 to 300");
    }
  }

  @Test
  void aSourceIsNotNamedByWhatCannotBeSeen() {
    for (String name : List.of("plant\u202e", "\u200b", "pl\u0000ant", "pl\u0085ant", "\u00a0")) {
      assertThatThrownBy(() -> agent.register(name, "8/plant"))
          .hasMessageContaining("name has from 1 to 120");
    }
  }
}
