package io.claritystream.embedded.up;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// The requests a training run makes, so that what the first pages need is in the cache too. What
/// fails here only makes a cache a little smaller.
final class Training {
  private static final List<String> PATHS =
      List.of("/v1/me", "/v1/overview", "/v1/agents", "/v1/sources", "/v1/metrics", "/v1/devices");

  private final Http http;

  Training(Options options) {
    this.http = new Http("http://" + options.reachedAt() + ":" + options.port());
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
