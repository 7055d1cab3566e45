package io.claritystream.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.claritystream.edge.EdgeConfig.WrongConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EdgeConfigTests {
  @TempDir private Path directory;

  @Test
  void threeKeysAreEnough() {
    EdgeConfig config = EdgeConfig.of(whole());

    assertThat(config.listen().getPort()).isEqualTo(8443);
    assertThat(config.gateways())
        .extracting(InetSocketAddress::getHostString)
        .containsExactly("127.0.0.1");
    assertThat(config.credentials()).isEqualTo(Path.of("/data/edge/credentials"));
    assertThat(config.connectionsPerAddress()).isEqualTo(256);
    assertThat(config.connections()).isEqualTo(4_096);
    assertThat(config.callsPerAgent()).isEqualTo(128);
    assertThat(config.messageBytes()).isEqualTo(12 * 1024 * 1024);
    assertThat(config.windowBytes()).isEqualTo(512 * 1024);
    assertThat(config.idle()).isEqualTo(Duration.ofMinutes(5));
  }

  /// An edge stands where customers reach it. It takes no credential but its own certificate.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "database",
        "clarity.database.url",
        "clarity.database.passwords.service",
        "password",
        "clarity.kafka.bootstrap-servers",
        "clarity.crypto.master-key-file"
      })
  void aCredentialOfThePlatformIsNotAKeyOfTheEdge(String key) {
    Properties properties = whole();
    properties.setProperty(key, "x");
    assertThatThrownBy(() -> EdgeConfig.of(properties))
        .isInstanceOf(WrongConfig.class)
        .hasMessage("The configuration has keys that an edge does not know: [" + key + "]");
  }

  @Test
  void nothingOnItsClassPathSpeaksToADatabaseOrToKafka() {
    for (String driver :
        List.of("org.postgresql.Driver", "org.apache.kafka.clients.producer.KafkaProducer")) {
      assertThatThrownBy(() -> Class.forName(driver)).isInstanceOf(ClassNotFoundException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "8443", "localhost", "localhost:", ":1", "localhost:70000", "h:x"})
  void anAddressIsHostAndPort(String address) {
    Properties properties = whole();
    properties.setProperty("listen", address);
    assertThatThrownBy(() -> EdgeConfig.of(properties))
        .isInstanceOf(WrongConfig.class)
        .hasMessageContaining("\"listen\"");
  }

  @Test
  void gatewaysAreToldWithCommasBetween() {
    Properties properties = whole();
    properties.setProperty("gateway", "10.0.0.1:9090, 10.0.0.2:9091,10.0.0.1:9090");
    assertThat(EdgeConfig.of(properties).gateways())
        .containsExactly(
            new InetSocketAddress("10.0.0.1", 9090), new InetSocketAddress("10.0.0.2", 9091));
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.1:9090,", ",10.0.0.1:9090", "10.0.0.1:9090,10.0.0.2"})
  void eachGatewayIsHostAndPort(String gateways) {
    Properties properties = whole();
    properties.setProperty("gateway", gateways);
    assertThatThrownBy(() -> EdgeConfig.of(properties))
        .isInstanceOf(WrongConfig.class)
        .hasMessageContaining("\"gateway\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "many", "1000001"})
  void aLimitIsANumberWithinReason(String limit) {
    Properties properties = whole();
    properties.setProperty("connections-per-address", limit);
    assertThatThrownBy(() -> EdgeConfig.of(properties))
        .isInstanceOf(WrongConfig.class)
        .hasMessageContaining("\"connections-per-address\"");
  }

  @Test
  void aWrongConfigurationEndsTheProgramInOneSentence() throws Exception {
    Path file = directory.resolve("edge.properties");
    Files.writeString(file, "listen=127.0.0.1:0\ngateway=127.0.0.1:1\n");
    assertEndsWith(file, "The configuration lacks \"credentials\"");
    assertEndsWith(directory.resolve("none"), "cannot be read");
  }

  private void assertEndsWith(Path file, String sentence) throws Exception {
    Process edge = start(file);
    String said = new String(edge.getErrorStream().readAllBytes());
    assertThat(edge.waitFor()).isEqualTo(2);
    assertThat(said.lines()).hasSize(1);
    assertThat(said).contains(sentence);
  }

  private static Process start(Path file) throws IOException {
    return new ProcessBuilder(
            ProcessHandle.current().info().command().orElseThrow(),
            "-cp",
            System.getProperty("java.class.path"),
            "io.claritystream.edge.Edge",
            "--config",
            file.toString())
        .start();
  }

  private static Properties whole() {
    Properties properties = new Properties();
    properties.setProperty("listen", "127.0.0.1:8443");
    properties.setProperty("gateway", "127.0.0.1:9090");
    properties.setProperty("credentials", "/data/edge/credentials");
    return properties;
  }
}
