package io.claritystream.agent.uplink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.agent.postgres.Gaps;
import io.claritystream.agent.postgres.Progress;
import io.claritystream.agent.postgres.SnapshotOrders;
import io.grpc.Status;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdentityTests {
  @TempDir Path directory;

  @Test
  void aRenewedCertificateIsOnDiskBeforeItIsUsedAndTheOldOneStaysUntilItWorked() throws Exception {
    try (var platform = new TestPlatform()) {
      var identity = paired(platform);
      var now = Instant.now();
      assertThat(identity.renewalDue(now)).isFalse();
      assertThat(identity.renewalDue(now.plus(Duration.ofHours(17)))).isTrue();
      try (var link = new Platform(identity, "test", Clock.systemUTC(), Map.of())) {
        assertThat(link.renewNow()).isTrue();
        assertThat(directory.resolve("identity-next.pem")).exists();
        assertThat(directory.resolve("identity.pem")).exists();
        var restarted = Identity.load(directory).orElseThrow();
        assertThat(restarted.expiresAt()).isEqualTo(identity.expiresAt());
        assertThat(restarted.refused(now)).as("the old one can still be tried").isTrue();
        link.welcomed(link.channel());
        assertThat(directory.resolve("identity-next.pem")).doesNotExist();
        assertThat(identity.refused(now)).isFalse();
        assertThat(link.register("plant", "1/2", "18", List.of()))
            .isInstanceOf(Platform.Registered.class);
      }
      assertThat(Identity.load(directory).orElseThrow().expiresAt())
          .isEqualTo(identity.expiresAt());
    }
  }

  @Test
  void aStreamUnderWayGoesOnUnderTheRenewedCertificate() throws Exception {
    try (var platform = new TestPlatform()) {
      var identity = paired(platform);
      var before = shown(identity);
      try (var link = new Platform(identity, "test", Clock.systemUTC(), Map.of())) {
        var source = platform.source("plant");
        assertThat(link.register("plant", "1/2", "18", List.of()))
            .isEqualTo(new Platform.Registered(source.id));
        try (var uplink =
            new Uplink(
                    source.id,
                    link,
                    new Progress(),
                    Gaps.load(directory.resolve("gaps.properties")),
                    SnapshotOrders.load(directory.resolve("snapshots.properties")),
                    new Nobody())
                .start()) {
          uplink.wantEpoch();
          await().until(() -> source.sessions == 1 && uplink.connected());
          assertThat(source.stream.certificate).isEqualTo(before);

          assertThat(link.renewNow()).isTrue();
          await().until(() -> source.sessions > 1 && uplink.connected());
          assertThat(source.stream.certificate).isEqualTo(shown(identity)).isNotEqualTo(before);
          assertThat(directory.resolve("identity-next.pem")).doesNotExist();

          var dropped = source.sessions;
          source.stream.drop();
          await().until(() -> source.sessions > dropped && uplink.connected());
          assertThat(source.stream.certificate).isEqualTo(shown(identity)).isNotEqualTo(before);
        }
      }
    }
  }

  @Test
  void aRenewedCertificateIsUsedOnceTheOldOneHasExpiredWhateverWasRefusedBefore() throws Exception {
    try (var platform = new TestPlatform()) {
      platform.certificateLife = Duration.ofMinutes(1);
      var identity = paired(platform);
      var old = shown(identity);
      var clock = new Later();
      try (var link = new Platform(identity, "test", clock, Map.of())) {
        assertThat(link.renewNow()).isTrue();
        var renewed = shown(identity);
        assertThat(renewed).isNotEqualTo(old);

        link.failed(Status.UNAVAILABLE.asRuntimeException(), link.channel());
        assertThat(shown(identity)).as("a network that fails says nothing").isEqualTo(renewed);
        var first = link.channel();
        link.failed(Status.UNAUTHENTICATED.asRuntimeException(), first);
        assertThat(shown(identity)).isEqualTo(old);
        link.failed(Status.UNAUTHENTICATED.asRuntimeException(), first);
        assertThat(shown(identity)).as("an earlier connection says nothing").isEqualTo(old);
        assertThat(identity.renewalDue(Instant.now().plusSeconds(50)))
            .as("the one in use wants to be renewed")
            .isTrue();

        clock.offset = Duration.ofMinutes(2);
        link.failed(Status.UNAVAILABLE.asRuntimeException(), link.channel());
        assertThat(shown(identity)).isEqualTo(renewed);
        link.failed(Status.UNAUTHENTICATED.asRuntimeException(), link.channel());
        assertThat(shown(identity)).as("the old one is no choice any more").isEqualTo(renewed);
      }
    }
  }

  @Test
  void whichAgentItIsStandsInTheCertificateAlone() throws Exception {
    try (var platform = new TestPlatform()) {
      var first = paired(platform);
      var about = Files.readAllBytes(directory.resolve("identity.properties"));
      var second = paired(platform);
      assertThat(second.agentId()).isNotEqualTo(first.agentId());
      // Killed between the two files.
      Files.write(directory.resolve("identity.properties"), about);
      assertThat(Identity.load(directory).orElseThrow().agentId()).isEqualTo(second.agentId());
    }
  }

  private static X509Certificate shown(Identity identity) {
    var alias = identity.keys().getClientAliases("EC", null)[0];
    return identity.keys().getCertificateChain(alias)[0];
  }

  private static final class Nobody implements Uplink.Listener {
    @Override
    public void epochGranted(int epoch, long position, String reason) {}

    @Override
    public void spoolDamaged(String reason) {}
  }

  private static final class Later extends Clock {
    volatile Duration offset = Duration.ZERO;

    @Override
    public Instant instant() {
      return Instant.now().plus(offset);
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  @Test
  void anExpiredCertificateIsToldWithWhatAPersonMustDo() throws Exception {
    try (var platform = new TestPlatform()) {
      platform.certificateLife = Duration.ofSeconds(-30);
      var identity = paired(platform);
      try (var link = new Platform(identity, "test", Clock.systemUTC(), Map.of())) {
        assertThat(link.register("plant", "1/2", "18", List.of()))
            .isInstanceOfSatisfying(
                Platform.NotRegistered.class,
                no ->
                    assertThat(no.reason())
                        .contains("expired")
                        .contains("Test Bottling")
                        .contains("agent pair CODE --server " + platform.url()));
      }
    }
  }

  @Test
  void theProxyOfTheEnvironmentIsUsedWithItsPasswordButNotForThisMachine() throws Exception {
    var proxy =
        Proxy.of(
            Map.of(
                "HTTPS_PROXY", "http://me:p%40ss+word@127.0.0.1:3128",
                "NO_PROXY", ".inside.example, other.example"));
    var found = proxy.proxyFor(java.net.InetSocketAddress.createUnresolved("edge.example", 443));
    assertThat(found)
        .isInstanceOfSatisfying(
            io.grpc.HttpConnectProxiedSocketAddress.class,
            connect -> {
              assertThat(connect.getUsername()).isEqualTo("me");
              assertThat(connect.getPassword()).isEqualTo("p@ss+word");
              assertThat(connect.getTargetAddress().getHostString()).isEqualTo("edge.example");
            });
    for (var host : List.of("localhost", "127.0.0.1", "a.inside.example", "other.example")) {
      assertThat(proxy.proxyFor(java.net.InetSocketAddress.createUnresolved(host, 443)))
          .as(host)
          .isNull();
    }
    assertThat(
            Proxy.of(Map.of())
                .proxyFor(java.net.InetSocketAddress.createUnresolved("edge.example", 443)))
        .isNull();
  }

  private Identity paired(TestPlatform platform) throws Exception {
    assertThat(
            Pairing.pair(
                directory,
                ServerAddress.parse(platform.url()),
                platform.code().text(),
                "test",
                "test",
                Map.of()))
        .isInstanceOf(Pairing.Paired.class);
    assertThat(Files.exists(directory.resolve("identity.pem"))).isTrue();
    return Identity.load(directory).orElseThrow();
  }
}
