package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.protocol.link.PlatformFrame;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Before each test an agent with a source of its own. The link is one for all classes of streams
/// that one JVM runs: the first of them starts it, and it ends with the last test of all.
abstract class StreamSpec {
  static final int KIB = 1024;
  static final int EPOCHS_PER_HOUR = 4;
  static final Duration DEADLINE = Duration.ofSeconds(20);

  static TestLink link;

  TestAgent agent;
  String source;

  @RegisterExtension
  static final BeforeAllCallback LINKED =
      context ->
          link =
              context
                  .getStore(
                      ExtensionContext.StoreScope.LAUNCHER_SESSION,
                      ExtensionContext.Namespace.create(StreamSpec.class))
                  .computeIfAbsent("link", _ -> started(), TestLink.class);

  private static TestLink started() {
    return TestLink.start(
        Map.of(
            "clarity.gateway.window", "1MB",
            "clarity.gateway.epochs-per-hour", Integer.toString(EPOCHS_PER_HOUR),
            "clarity.gateway.stall-after", "5m",
            "clarity.gateway.welcome-within", "3s"),
        new Properties());
  }

  @BeforeEach
  void pair() {
    link.committer.release();
    agent = link.pairedAgent();
    source = agent.register("plant").getSourceId();
  }

  @AfterEach
  void leave() {
    agent.close();
  }

  static String refusal(TestAgent.Stream stream) {
    PlatformFrame frame = stream.next();
    while (frame.hasDurable() || frame.hasWelcome()) {
      frame = stream.next();
    }
    assertThat(frame.hasRefused()).as("%s", frame).isTrue();
    return frame.getRefused().getCode();
  }

  String tenant() {
    return link.person.get("/v1/me").text("organization.id");
  }

  List<Committer.OnBus> onBus() {
    return link.committer.seen().stream()
        .filter(record -> record.header().getSourceId().equals(source))
        .toList();
  }

  List<Committer.OnBus> batches() {
    return onBus().stream().filter(record -> !record.isBarrier()).toList();
  }

  List<Committer.OnBus> barriers() {
    return onBus().stream().filter(Committer.OnBus::isBarrier).toList();
  }
}
