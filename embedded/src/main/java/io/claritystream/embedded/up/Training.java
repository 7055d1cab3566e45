package io.claritystream.embedded.up;

import io.claritystream.embedded.Child;
import io.claritystream.embedded.Kafka;
import io.claritystream.embedded.KafkaSettings;
import io.claritystream.embedded.Launch;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The requests a training run makes, so that what the first pages need is in the cache too. What
/// fails here only makes a cache a little smaller.
final class Training {
  private static final List<String> PATHS =
      List.of("/v1/me", "/v1/overview", "/v1/agents", "/v1/sources", "/v1/metrics", "/v1/devices");

  private static final Duration MAKING_PATIENCE = Duration.ofMinutes(1);

  private final Http http;

  Training(Options options) {
    this.http = new Http("http://" + options.reachedAt() + ":" + options.port());
  }

  /// Makes the caches of what the stopped programs noted. Each in a JVM with the flags and the
  /// class path of the program, which is what a cache is valid for.
  void makeCaches(Programs programs) {
    Path nowhere = programs.caches().directory();
    KafkaSettings kafka = KafkaSettings.of(nowhere).withJvmFlags(programs.cacheFlags("kafka"));
    List<List<String>> commands =
        List.of(
            programs.server(nowhere, false), programs.edge(nowhere), Kafka.command(kafka, nowhere));
    for (List<String> command : commands) {
      Child child =
          Child.start(
              Launch.of("training", nowhere, command).withEnvironment(Programs.ENVIRONMENT),
              System.out::println);
      if (!child.endedWithin(MAKING_PATIENCE)) {
        child.stop("KILL", Duration.ofSeconds(1));
      }
    }
  }

  void warmUp() {
    try {
      http.get("/", Optional.empty());
      http.get("/v1/auth/options", Optional.empty());
      Http.Answer session =
          http.post(
              "/v1/auth/register",
              Optional.empty(),
              """
              {"email":"training@clarity.example","password":"only for a training run",
               "name":"Training","session":"token",
               "organization":{"name":"Training","industry":"food-and-beverage",
                               "region":"eu-west"}}
              """);
      Optional<String> token = session.field("access_token");
      for (String path : PATHS) {
        http.get(path, token);
      }
      http.post("/v1/agents/pairing-codes", token, "{}");
    } catch (IOException e) {
      System.err.println("training went without requests: " + e.getMessage());
    }
  }
}
