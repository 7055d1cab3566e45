package io.claritystream.protocol.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PeerIdentityTests {
  private static final PeerIdentity.Agent AGENT =
      new PeerIdentity.Agent(
          UUID.fromString("0198c0de-0000-7000-8000-000000000001"),
          UUID.fromString("0198c0de-0000-7000-8000-000000000002"));

  @Test
  void isReadAsItWasWritten() {
    assertThat(PeerIdentity.parse(AGENT.uri())).contains(AGENT);
    PeerIdentity edge = new PeerIdentity.Edge("local-2");
    assertThat(PeerIdentity.parse(edge.uri())).contains(edge);
    PeerIdentity gateway = new PeerIdentity.Gateway();
    assertThat(PeerIdentity.parse(gateway.uri())).contains(gateway);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "spiffe://clarity",
        "spiffe://clarity/gateway/",
        "spiffe://clarity/gateway/edge/x",
        "spiffe://clarity/edge/",
        "spiffe://clarity/edge/UPPER",
        "spiffe://clarity/edge/a/b",
        "spiffe://elsewhere/gateway",
        "spiffe://clarity/tenant/0198c0de-0000-7000-8000-000000000001/agent/",
        "spiffe://clarity/tenant/0198c0de-0000-7000-8000-000000000001/agent/1-1-1-1-1",
        "spiffe://clarity/tenant/0198c0de-0000-7000-8000-000000000001"
            + "/agent/0198C0DE-0000-7000-8000-000000000002",
        "spiffe://clarity/tenant/0198c0de-0000-7000-8000-000000000001"
            + "/agent/0198c0de-0000-7000-8000-000000000002/edge/x",
      })
  void isNobodyInAnyOtherShape(String uri) {
    assertThat(PeerIdentity.parse(uri)).isEmpty();
  }

  @Test
  void namesNoEdgeThatWouldNotFitAUri() {
    assertThatThrownBy(() -> new PeerIdentity.Edge("a/b"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
