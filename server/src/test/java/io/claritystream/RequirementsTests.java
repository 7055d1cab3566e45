package io.claritystream;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// `docs/requirements.md` and `docs/event-path.md` may not promise a test, a measurement or a
/// decision that is not there.
class RequirementsTests {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final Set<String> STATUSES =
      Set.of("done", "partly", "not yet", "departs", "not software", "void");
  private static final Pattern QUOTED = Pattern.compile("`([^`]+)`");
  private static final Pattern MEASUREMENT = Pattern.compile("case \"([a-z]+)\" -> new ");
  private static final Pattern DECISION = Pattern.compile("\\b(\\d{4}-[a-z0-9-]+)\\b");

  private static final Pattern TEST = Pattern.compile("`([A-Z]\\w*Tests)(?:\\.(\\w+))?`");

  private record Line(String ref, String asked, String status, String where, String shownBy) {}

  @Test
  void everyLineIsWholeAndItsStatusIsOneOfThePage() {
    var lines = lines();
    assertThat(lines).hasSizeGreaterThan(150);
    assertThat(lines).extracting(Line::ref).doesNotHaveDuplicates();
    for (var line : lines) {
      assertThat(STATUSES).as(line.ref()).contains(line.status());
      assertThat(line.asked()).as(line.ref()).isNotBlank();
    }
  }

  @Test
  void whatIsBuiltNamesTestsOrMeasurementsThatExist() {
    var names = names();
    for (var line : lines()) {
      if (line.status().equals("done") || line.status().equals("partly")) {
        assertThat(line.shownBy()).as("what shows %s", line.ref()).isNotBlank();
      }
      var quoted = QUOTED.matcher(line.shownBy());
      while (quoted.find()) {
        assertThat(names).as("what %s names", line.ref()).contains(quoted.group(1));
      }
    }
  }

  @Test
  void thePageOfTheEventPathNamesTestsThatExist() throws IOException {
    var page = Files.readString(ROOT.resolve("docs/event-path.md"));
    var sources = testSources();
    var named = TEST.matcher(page).results().toList();
    assertThat(named).hasSizeGreaterThan(40);
    for (var test : named) {
      assertThat(sources).containsKey(test.group(1));
      if (test.group(2) != null) {
        assertThat(sources.get(test.group(1)))
            .as("%s of %s", test.group(2), test.group(1))
            .anyMatch(text -> text.contains("void " + test.group(2) + "("));
      }
    }
  }

  @Test
  void aDepartureNamesADecisionThatExists() {
    for (var line : lines()) {
      if (!line.status().equals("departs")) {
        continue;
      }
      var decision = DECISION.matcher(line.where());
      assertThat(decision.find()).as("the decision of %s", line.ref()).isTrue();
      assertThat(ROOT.resolve("docs/decisions/" + decision.group(1) + ".md"))
          .as("the decision of %s", line.ref())
          .exists();
    }
  }

  private static List<Line> lines() {
    try {
      var lines = new ArrayList<Line>();
      for (var text : Files.readAllLines(ROOT.resolve("docs/requirements.md"))) {
        var cells = text.split("(?<!\\\\)\\|", -1);
        if (cells.length != 7 || !cells[1].strip().matches("[ACM]\\d+[a-z]")) {
          assertThat(text)
              .as("a line of the table with another number of cells")
              .doesNotMatch("\\| [ACM]\\d+[a-z] .*");
          continue;
        }
        lines.add(
            new Line(
                cells[1].strip(),
                cells[2].strip(),
                cells[3].strip(),
                cells[4].strip(),
                cells[5].strip()));
      }
      return lines;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The texts of the test classes of each name.
  private static Map<String, List<String>> testSources() throws IOException {
    var sources = new HashMap<String, List<String>>();
    for (var module : List.of("agent", "bench", "edge", "embedded", "protocol", "server")) {
      try (var files = Files.walk(ROOT.resolve(module).resolve("src/test/java"))) {
        for (var file : files.filter(path -> path.toString().endsWith("Tests.java")).toList()) {
          var name = file.getFileName().toString().replace(".java", "");
          sources.computeIfAbsent(name, each -> new ArrayList<>()).add(Files.readString(file));
        }
      }
    }
    return sources;
  }

  /// Test classes and test files by name, and `bench name` for each measurement.
  private static Set<String> names() {
    var names = new HashSet<String>();
    try {
      Files.walkFileTree(
          ROOT,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes ignored) {
              var name = directory.getFileName().toString();
              return Set.of("target", "node_modules", ".git", "dist", "data").contains(name)
                  ? FileVisitResult.SKIP_SUBTREE
                  : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes ignored)
                throws IOException {
              var name = file.getFileName().toString();
              if (name.endsWith("Tests.java")) {
                names.add(name.substring(0, name.length() - ".java".length()));
              } else if (name.matches(".+\\.(test\\.tsx?|journey\\.mjs)")) {
                names.add(name);
              } else if (file.endsWith("bench/Bench.java")) {
                MEASUREMENT
                    .matcher(Files.readString(file))
                    .results()
                    .forEach(found -> names.add("bench " + found.group(1)));
              }
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return names;
  }
}
