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
  private static final Path PAGE = Path.of("../docs/workflows.md");
  private static final Path CODE = Path.of("src/main/java/io/claritystream/maestro");

  /// How the code gives one: to an error, as an outcome, or by the kind of a failed call.
  private static final Pattern GIVEN =
      Pattern.compile(
          "(?:StepError\\.of\\(|new StepError\\(|settlement\\.fail\\(|fail\\(node, one, lines,|case [A-Z_, ]+ ->"
              + "|ExecutionStatus\\.[A-Z]+,\\s*(?:now\\(\\)|List\\.of\\((?:[^()]|\\([^()]*\\))*\\)),)\\s*\"([a-z_]+)\"(?! \\+)|outcome = '([a-z_]+)'");

  private static final Pattern TOLD = Pattern.compile("`([a-z_0-9]+)`");

  @Test
  void the_page_tells_every_code_that_the_code_gives() throws IOException {
    Set<String> given = given();

    assertThat(given).contains("timeout", "blocked", "mapping", "said_failed", "internal");
    assertThat(told()).containsAll(given);
  }

  @Test
  void the_page_tells_no_code_that_nothing_gives() throws IOException {
    String code = String.join("\n", sources());
    for (ExpressionFault.Kind kind : ExpressionFault.Kind.values()) {
      code += "\"expression_" + kind.name().toLowerCase(Locale.ROOT) + "\"";
    }
    for (String told : told()) {
      if (!told.matches("http_[0-9]{3}")) {
        assertThat(code.contains("\"" + told + "\"") || code.contains("'" + told + "'"))
            .as(told)
            .isTrue();
      }
    }
  }

  private static Set<String> given() throws IOException {
    Set<String> given = new TreeSet<>();
    for (String source : sources()) {
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

  private static Set<String> sources() throws IOException {
    Set<String> sources = new TreeSet<>();
    for (String module : new String[] {"action", "engine"}) {
      try (Stream<Path> files = Files.walk(CODE.resolve(module))) {
        for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
          sources.add(Files.readString(file));
        }
      }
    }
    return sources;
  }

  /// What stands in the first column of the table.
  private static Set<String> told() throws IOException {
    String page = Files.readString(PAGE);
    int from = page.indexOf("## How a step or an execution fails");
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
