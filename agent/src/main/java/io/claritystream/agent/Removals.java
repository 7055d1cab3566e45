package io.claritystream.agent;

import io.claritystream.agent.files.PrivateFile;
import io.claritystream.agent.uplink.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Removed sources that the platform could not be told of: kept until it can be.
record Removals(Home home) {
  private static final String SUFFIX = ".properties";

  void keep(String name, String sourceId) throws IOException {
    PrivateFile.directory(home.removals());
    PrivateFile.write(file(name), PrivateFile.properties(Map.of("source_id", sourceId)));
  }

  List<String> names() throws IOException {
    if (!Files.isDirectory(home.removals())) {
      return List.of();
    }
    try (var files = Files.list(home.removals())) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(file -> file.endsWith(SUFFIX))
          .map(file -> file.substring(0, file.length() - SUFFIX.length()))
          .sorted()
          .toList();
    }
  }

  /// What came of telling the platform.
  sealed interface Told {
    /// It lists the source no more.
    record Done() implements Told {}

    /// There was nothing to tell.
    record Nothing() implements Told {}

    /// It knows no such source of this agent: the machine was paired anew since, and what the
    /// platform may still list belongs to the agent that it was before. No attempt changes that.
    record NotThisAgents() implements Told {}

    /// @param reason in words for a person
    record Away(String reason) implements Told {}
  }

  /// Tells the platform of this one, if it is still to be told.
  Told tell(String name, Platform platform) throws IOException {
    var kept = PrivateFile.readProperties(file(name));
    if (kept.isEmpty()) {
      return new Told.Nothing();
    }
    return switch (platform.remove(kept.get().getOrDefault("source_id", ""))) {
      case Platform.Removed(var known) -> {
        Files.deleteIfExists(file(name));
        yield known ? new Told.Done() : new Told.NotThisAgents();
      }
      case Platform.NotRemoved(var reason) -> new Told.Away(reason);
    };
  }

  private Path file(String name) {
    return home.removals().resolve(name + SUFFIX);
  }
}
