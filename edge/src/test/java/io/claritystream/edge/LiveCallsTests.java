package io.claritystream.edge;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.edge.LiveCalls.Admission;
import io.claritystream.protocol.identity.PeerIdentity;
import io.grpc.Status;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LiveCallsTests {
  private static final Instant NOW = Instant.parse("2026-03-01T08:00:00Z");
  private static final Instant TOMORROW = NOW.plus(Duration.ofDays(1));

  private final LiveCalls calls = new LiveCalls(2, new Counters());

  @Test
  void aRevocationEndsWhatIsOpenAndRefusesWhatComes() {
    Peer.Identified revoked = agent(TOMORROW);
    Peer.Identified other = agent(TOMORROW);
    Ended first = admitted(revoked);
    Ended second = admitted(other);

    calls.addRevoked(Set.of(id(revoked)));

    assertThat(first.by()).isEqualTo(LiveCalls.REVOKED);
    assertThat(second.by()).isNull();
    assertThat(calls.admit(revoked, new Ended(), NOW))
        .isEqualTo(new Admission.Refused(LiveCalls.REVOKED));
  }

  @Test
  void aWholeListReplacesTheOneBefore() {
    Peer.Identified forgotten = agent(TOMORROW);
    calls.addRevoked(Set.of(id(forgotten)));
    Peer.Identified fresh = agent(TOMORROW);
    Ended open = admitted(fresh);

    calls.replaceRevoked(Set.of(id(fresh)));

    assertThat(open.by()).isEqualTo(LiveCalls.REVOKED);
    admitted(forgotten);
  }

  @Test
  void aCallEndsWithItsCertificate() {
    Ended soon = admitted(agent(NOW.plusSeconds(10)));
    Ended later = admitted(agent(TOMORROW));

    calls.endExpired(NOW.plusSeconds(9));
    assertThat(soon.by()).isNull();
    calls.endExpired(NOW.plusSeconds(10));
    assertThat(soon.by()).isEqualTo(LiveCalls.CERTIFICATE_EXPIRED);
    assertThat(later.by()).isNull();
  }

  @Test
  void anAgentHasSoManyCallsAndNoMore() {
    Peer.Identified busy = agent(TOMORROW);
    Ended first = admitted(busy);
    admitted(busy);
    assertThat(calls.admit(busy, new Ended(), NOW))
        .isEqualTo(new Admission.Refused(LiveCalls.TOO_MANY));
    admitted(agent(TOMORROW));

    calls.ended(busy, first);
    admitted(busy);
  }

  @Test
  void strangersHaveFewCallsAndLittleTime() {
    List<Ended> pairing = new ArrayList<>();
    while (calls.size() < 64) {
      pairing.add(admitted(null));
    }
    assertThat(calls.admit(null, new Ended(), NOW))
        .isEqualTo(new Admission.Refused(LiveCalls.BUSY));

    calls.endExpired(NOW.plusSeconds(15));
    assertThat(pairing).allSatisfy(call -> assertThat(call.by()).isEqualTo(LiveCalls.TOO_SLOW));
  }

  @Test
  void stoppingEndsEverythingAndAdmitsNothing() {
    Ended agents = admitted(agent(TOMORROW));
    Ended strangers = admitted(null);

    calls.stop();

    assertThat(agents.by()).isEqualTo(LiveCalls.STOPPING);
    assertThat(strangers.by()).isEqualTo(LiveCalls.STOPPING);
    assertThat(calls.admit(null, new Ended(), NOW))
        .isEqualTo(new Admission.Refused(LiveCalls.STOPPING));
  }

  private Ended admitted(Peer.@Nullable Identified agent) {
    Ended call = new Ended();
    assertThat(calls.admit(agent, call, NOW)).isInstanceOf(Admission.Admitted.class);
    return call;
  }

  private static UUID id(Peer.Identified agent) {
    return agent.identity().agentId();
  }

  private static Peer.Identified agent(Instant expiresAt) {
    return new Peer.Identified(
        new PeerIdentity.Agent(UUID.randomUUID(), UUID.randomUUID()), "01", expiresAt);
  }

  /// Remembers what ended it.
  private static final class Ended implements LiveCalls.Call {
    private @Nullable Status by;

    @Override
    public void end(Status status) {
      by = status;
    }

    @Nullable Status by() {
      return by;
    }
  }
}
