package io.claritystream.embedded.up;

import io.claritystream.embedded.Machine;
import io.claritystream.embedded.StartFailedException;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/// Where the built programs are, and the command lines that run them.
///
/// Heaps are as small as the work allows and the collector is the serial one: on a machine that
/// carries everything, each megabyte of a JVM is one that PostgreSQL's page cache lacks.
///
/// @param home the root of the source tree, with the build's `target` directories below it
/// @param caches what is done with the caches of loaded and linked classes
record Programs(Path home, Caches caches) {
  /// Classes kept from a training run halve the start of a JVM. A cache that does not fit any more
  /// (another JDK, another jar) is left aside by the JVM itself.
  sealed interface Caches {
    Path directory();

    /// Programs start with the caches there are.
    record Use(Path directory) implements Caches {}

    /// Programs note what they load.
    record Note(Path directory) implements Caches {}

    /// Programs do not run: their JVMs make the caches of what was noted.
    record Make(Path directory) implements Caches {}
  }

  /// `glibc` keeps an arena for each thread otherwise, which a JVM with many threads pays for.
  static final Map<String, String> ENVIRONMENT =
      Map.of("LC_ALL", "C.UTF-8", "TZ", "UTC", "MALLOC_ARENA_MAX", "2", "PATH", "/usr/bin:/bin");

  private static final List<String> COMMON =
      List.of(
          "-XX:+UseSerialGC",
          "-Xss512k",
          "-XX:+ExitOnOutOfMemoryError",
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow");

  List<String> server(Path properties, boolean dev) {
    List<String> command = java("server", "-Xms128m", "-Xmx512m");
    command.add("-Dspring.config.additional-location=file:" + properties);
    if (dev) {
      command.addAll(List.of("-cp", developmentClassPath(), "io.claritystream.Clarity"));
    } else {
      command.addAll(List.of("-jar", serverJar().toString()));
    }
    return command;
  }

  List<String> edge(Path properties) {
    List<String> command = java("edge", "-Xms16m", "-Xmx96m");
    command.addAll(List.of("-cp", jar("edge"), "io.claritystream.edge.Edge"));
    command.addAll(List.of("--config", properties.toString()));
    return command;
  }

  List<String> agent(Path data, List<String> arguments) {
    List<String> command = java("agent", "-Xms16m", "-Xmx192m");
    command.addAll(List.of("-cp", jar("agent"), "io.claritystream.agent.Agent"));
    command.addAll(List.of("--data", data.toString()));
    command.addAll(arguments);
    return command;
  }

  List<String> plant(List<String> arguments) {
    List<String> command = java("plant", "-Xms16m", "-Xmx96m", "-XX:TieredStopAtLevel=1");
    command.addAll(List.of("-cp", jar("embedded"), "io.claritystream.embedded.demo.Plant"));
    command.addAll(arguments);
    return command;
  }

  private List<String> java(String name, String... flags) {
    List<String> command = new ArrayList<>();
    command.add(Machine.java().toString());
    command.addAll(List.of(flags));
    command.addAll(COMMON);
    command.addAll(cacheFlags(name));
    return command;
  }

  List<String> cacheFlags(String name) {
    Path cache = caches.directory().resolve(name + ".aot");
    Path notes = caches.directory().resolve(name + ".aotconf");
    return switch (caches) {
      case Caches.Use use when !Files.exists(cache) -> List.of();
      case Caches.Use use -> List.of("-XX:AOTCache=" + cache, "-Xlog:aot=off", "-Xlog:cds=off");
      case Caches.Note note ->
          List.of("-XX:AOTMode=record", "-XX:AOTConfiguration=" + notes, "-Xlog:aot=off");
      case Caches.Make make ->
          List.of(
              "-XX:AOTMode=create",
              "-XX:AOTConfiguration=" + notes,
              "-XX:AOTCache=" + cache,
              "-Xlog:aot=off",
              "-Xlog:cds=off");
    };
  }

  /// Where caches are kept once made.
  static Path cacheDirectory(Path home) {
    return home.resolve("target/aot");
  }

  /// What makes the database roles, from the server's own resources.
  String rolesSql() {
    Path classes = home.resolve("server/target/classes/db/roles.sql");
    try (ZipFile jar = new ZipFile(serverJar().toFile())) {
      ZipEntry entry = jar.getEntry("db/roles.sql");
      if (entry == null) {
        return Files.readString(classes);
      }
      return new String(jar.getInputStream(entry).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new StartFailedException("The server is not built in " + home + ".", e);
    }
  }

  private Path serverJar() {
    return home.resolve("server/target/extracted/server.jar");
  }

  private String jar(String module) {
    return home.resolve(module).resolve("target").resolve(module + ".jar").toString();
  }

  private String developmentClassPath() {
    return String.join(
        File.pathSeparator,
        home.resolve("server/target/classes").toString(),
        home.resolve("protocol/target/classes").toString(),
        serverJar().toString());
  }
}
