package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// All that leads an execution from one status to another can be found in one place.
class TransitionsTests {
  private static final Path SOURCES = Path.of("src/main/java/io/claritystream");

  /// A constant that holds SQL.
  private static final Pattern STATEMENT =
      Pattern.compile(
          "String ([A-Z_]+) =\\s*(?:\"\"\"(.*?)\"\"\"|\"((?:[^\"\\\\]|\\\\.)*)\")", Pattern.DOTALL);

  /// An execution comes to be, gets another status, or leaves the open ones.
  private static final Pattern CHANGES =
      Pattern.compile(
          "INSERT\\s+INTO\\s+maestro\\.execution(?:_open|_ended)?\\b"
              + "|DELETE\\s+FROM\\s+maestro\\.execution(?:_open)?\\b"
              + "|UPDATE\\s+maestro\\.execution(?:_open|_ended)?\\b");

  private static final Pattern NAMED = Pattern.compile("`([A-Z][A-Za-z]+\\.[A-Z_]+)`");

  @Test
  void no_statement_changes_an_execution_but_those_that_its_status_names() throws IOException {
    Set<String> named = new TreeSet<>();
    NAMED
        .matcher(Files.readString(SOURCES.resolve("maestro/engine/ExecutionStatus.java")))
        .results()
        .forEach(found -> named.add(found.group(1)));

    assertThat(statements()).isEqualTo(named);
  }

  @Test
  void sql_that_changes_executions_stands_in_constants_only() throws IOException {
    for (var source : sources()) {
      var text = Files.readString(source);
      assertThat(CHANGES.matcher(STATEMENT.matcher(text).replaceAll("")).find())
          .as(source.toString())
          .isFalse();
    }
  }

  private static Set<String> statements() throws IOException {
    Set<String> changing = new TreeSet<>();
    for (var source : sources()) {
      var type = source.getFileName().toString().replace(".java", "");
      STATEMENT
          .matcher(Files.readString(source))
          .results()
          .filter(
              found ->
                  CHANGES.matcher(found.group(2) == null ? found.group(3) : found.group(2)).find())
          .forEach(found -> changing.add(type + "." + found.group(1)));
    }
    return changing;
  }

  private static Set<Path> sources() throws IOException {
    try (Stream<Path> files = Files.walk(SOURCES)) {
      return new TreeSet<>(files.filter(file -> file.toString().endsWith(".java")).toList());
    }
  }
}
