package io.claritystream.maestro.action;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.expression.ExpressionFault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The page tells every code with which a step or an execution can fail, and no other.
class ErrorCodesTests {
  private static final String FAILS = "## How a step or an execution fails";
  private static final Path PAGE = Path.of("../docs/workflows.md");
  private static final Path CODE = Path.of("src/main/java/io/claritystream/maestro");

  /// How the code gives one: to an error, as an outcome, or by the kind of a failed call.
  private static final Pattern GIVEN =
      Pattern.compile(
          "(?:StepError\\.of\\(|new StepError\\(|\\bfail\\((?:\\w+, )*|case [A-Z_, ]+ ->"
              + "|ExecutionStatus\\.[A-Z]+,\\s*(?:now\\(\\)|List\\.of\\((?:[^()]|\\([^()]*\\))*\\)),)\\s*\"([a-z_]+)\"(?! \\+)|outcome = '([a-z_]+)'");

  /// A flaw that is made, to its end.
  private static final Pattern FLAW = Pattern.compile("(?:flaws\\.add|new Flaw|flaw)\\([^;]*;");

  /// The few codes of one word are named.
  private static final Pattern CODE_OF_A_FLAW =
      Pattern.compile("\"([a-z]+_[a-z_]+|cycle|unreachable|required)\"");

  private static final Pattern TOLD = Pattern.compile("`([a-z_0-9]+)`");

  @Test
  void the_page_tells_every_code_that_the_code_gives() throws IOException {
    Set<String> given = given();

    assertThat(given).contains("timeout", "blocked", "mapping", "said_failed", "internal");
    assertThat(told(FAILS)).containsAll(given);
  }

  @Test
  void the_page_tells_no_code_that_nothing_gives() throws IOException {
    String code = String.join("\n", sources("action", "engine"));
    for (ExpressionFault.Kind kind : ExpressionFault.Kind.values()) {
      code += "\"expression_" + kind.name().toLowerCase(Locale.ROOT) + "\"";
    }
    for (String told : told(FAILS)) {
      if (!told.matches("http_[0-9]{3}")) {
        assertThat(code.contains("\"" + told + "\"") || code.contains("'" + told + "'"))
            .as(told)
            .isTrue();
      }
    }
  }

  @Test
  void the_page_tells_every_code_of_what_validation_finds() throws IOException {
    Set<String> found = new TreeSet<>();
    for (String source : sources("definition")) {
      FLAW.matcher(source)
          .results()
          .forEach(
              call ->
                  CODE_OF_A_FLAW
                      .matcher(call.group())
                      .results()
                      .forEach(code -> found.add(code.group(1))));
    }

    assertThat(found).contains("cycle", "unknown_function", "not_json", "too_many", "required");
    assertThat(told("## What validation finds")).containsAll(found);
  }

  private static Set<String> given() throws IOException {
    Set<String> given = new TreeSet<>();
    for (String source : sources("action", "engine")) {
      GIVEN
          .matcher(source)
          .results()
          .forEach(found -> given.add(found.group(1) == null ? found.group(2) : found.group(1)));
    }
    for (ExpressionFault.Kind kind : ExpressionFault.Kind.values()) {
      given.add("expression_" + kind.name().toLowerCase(Locale.ROOT));
    }
    return given;
  }

  private static Set<String> sources(String... modules) throws IOException {
    Set<String> sources = new TreeSet<>();
    for (String module : modules) {
      try (Stream<Path> files = Files.walk(CODE.resolve(module))) {
        for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
          sources.add(Files.readString(file));
        }
      }
    }
    return sources;
  }

  /// What stands in the first column of the table.
  private static Set<String> told(String heading) throws IOException {
    String page = Files.readString(PAGE);
    int from = page.indexOf(heading);
    Set<String> told = new TreeSet<>();
    for (String line : page.substring(from, page.indexOf("\n## ", from + 1)).split("\n")) {
      if (line.startsWith("| `")) {
        TOLD.matcher(line.substring(0, line.indexOf('|', 1)))
            .results()
            .forEach(found -> told.add(found.group(1)));
      }
    }
    return told;
  }
}
