package io.claritystream.base.expression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/// The language's own published cases, where they lie beside the project; they are not part of it.
class PublicSuiteTests {

  private static final Path SUITE = suite();
  private static final Moment NOW = new Moment(Instant.parse("2026-01-31T12:00:00Z"), 1);

  /// What differs, each with its reason in `docs/expressions.md`.
  private static final Set<String> DIFFERENT =
      Set.of(
          // Two faults in one picture: ours names the first, theirs the second.
          "function-fromMillis/formatDateTime.json $fromMillis(1419940800000, '[YN]-[M')");

  private final JsonMapper json = JsonMapper.builder().build();

  @Test
  void all_published_cases_but_the_listed_ones_come_to_the_published_answer() throws IOException {
    assumeTrue(Files.isDirectory(SUITE), "the published cases are not on this machine");
    TreeSet<String> different = new TreeSet<>();
    int count = 0;
    for (Path file : files()) {
      Object content = json.readValue(Files.readString(file), Object.class);
      for (Object item : content instanceof List<?> list ? list : List.of(content)) {
        Map<?, ?> published = (Map<?, ?>) item;
        count++;
        String wrong = wrong(published, file);
        if (wrong != null) {
          different.add(SUITE.resolve("groups").relativize(file) + " " + published.get("expr"));
          System.out.println("differs: " + file + " " + published.get("expr") + ": " + wrong);
        }
      }
    }
    System.out.println("published cases: " + (count - different.size()) + " of " + count);
    assertThat(different).isEqualTo(new TreeSet<>(DIFFERENT));
    assertThat((count - different.size()) * 100.0 / count).isGreaterThanOrEqualTo(94);
  }

  @Test
  void no_published_case_that_has_an_answer_is_said_to_call_what_it_cannot() throws IOException {
    assumeTrue(Files.isDirectory(SUITE), "the published cases are not on this machine");
    List<String> slandered = new ArrayList<>();
    for (Path file : files()) {
      Object content = json.readValue(Files.readString(file), Object.class);
      for (Object item : content instanceof List<?> list ? list : List.of(content)) {
        Map<?, ?> published = (Map<?, ?>) item;
        if (published.containsKey("code") || published.containsKey("error")) {
          continue;
        }
        for (ExpressionFault mistake : Mistakes.of(Parser.parse(source(published, file)))) {
          slandered.add(source(published, file) + ": " + mistake.getMessage());
        }
      }
    }
    assertThat(slandered).isEmpty();
  }

  /// Beside the project, or beside the folder that a working copy of it lies in.
  private static Path suite() {
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path suite = at.resolve("shared/data/jsonata");
      if (Files.isDirectory(suite)) {
        return suite;
      }
    }
    return Path.of("shared/data/jsonata");
  }

  private static List<Path> files() throws IOException {
    try (Stream<Path> walk = Files.walk(SUITE.resolve("groups"))) {
      return walk.filter(file -> file.toString().endsWith(".json")).sorted().toList();
    }
  }

  private @Nullable String wrong(Map<?, ?> published, Path file) throws IOException {
    Object expected =
        published.containsKey("code")
            ? published.get("code")
            : published.get("error") instanceof Map<?, ?> error ? error.get("code") : null;
    Object answer;
    try {
      answer = answer(published, file);
    } catch (Stop stop) {
      return stop.code().equals(expected) ? null : stop.code() + " " + stop.getMessage();
    }
    if (expected != null) {
      return "no fault " + expected;
    }
    boolean nothing = published.containsKey("undefinedResult");
    Object wanted = nothing ? List.of("nothing") : canonical(published.get("result"));
    Object given = answer == null ? List.of("nothing") : canonical(plain(answer));
    return wanted.equals(given) ? null : given + " and not " + wanted;
  }

  private static @Nullable Object plain(Object answer) {
    return Output.of(answer, new Run(Limits.DEFAULT, NOW, null, Turns.ofMachine()));
  }

  private @Nullable Object answer(Map<?, ?> published, Path file) throws IOException {
    Object data = published.get("data");
    if (published.get("dataset") instanceof String name) {
      data =
          json.readValue(
              Files.readString(SUITE.resolve("datasets").resolve(name + ".json")), Object.class);
    }
    Object input = Expression.wrapped(published.containsKey("data") ? Values.of(data) : data);
    Scope scope = new Scope((Scope) null);
    if (published.get("bindings") instanceof Map<?, ?> bindings) {
      Run binding = new Run(Limits.DEFAULT, NOW, null, Turns.ofMachine());
      bindings.forEach((name, value) -> scope.bind((String) name, Values.of(value), binding));
    }
    Node node = Compiler.compile(Parser.parse(source(published, file)));
    return node.eval(input, scope, new Run(Limits.DEFAULT, NOW, input, Turns.ofMachine()));
  }

  private static String source(Map<?, ?> published, Path file) throws IOException {
    return published.get("expr-file") instanceof String name
        ? Files.readString(file.resolveSibling(name))
        : (String) published.get("expr");
  }

  /// Numbers as doubles of 14 digits, so that the last one does not count.
  private static Object canonical(@Nullable Object value) {
    return switch (value) {
      case null -> "null of JSON";
      case Number number -> "%.13e".formatted(number.doubleValue());
      case List<?> list -> {
        List<Object> all = new ArrayList<>();
        list.forEach(item -> all.add(canonical(item)));
        yield all;
      }
      case Map<?, ?> map -> {
        Map<Object, Object> all = new java.util.HashMap<>();
        map.forEach((name, member) -> all.put(name, canonical(member)));
        yield all;
      }
      default -> value;
    };
  }
}
