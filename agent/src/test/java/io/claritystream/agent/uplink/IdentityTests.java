package io.claritystream.agent.uplink;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
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
        link.welcomed();
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
  void theProxyOfTheEnvironmentIsUsedWithItsPasswordButNotForThisMachine() {
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
