package io.claritystream;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.modulith.ApplicationModule;
import org.springframework.modulith.core.ApplicationModules;

/// The arrows between modules, and the two things that Modulith lets pass: a package that belongs
/// to no module, and a low floor that names a higher one. And what it cannot see: who writes which
/// table.
class ModulesTests {

  private static final Path CLASSES = Path.of("target/classes");
  private static final Path SOURCES = Path.of("src/main/java");
  private static final Path RESOURCES = Path.of("src/main/resources");
  private static final String ROOT = "io.claritystream";

  /// From the ground up.
  private static final List<String> FLOORS =
      List.of("base", "control", "stream", "insight", "maestro");

  /// A word of SQL that writes, and the table that follows it. A name may be made of parts
  /// (`bronze.cdc_events_%s`): its beginning stands for it.
  private static final Pattern WRITES =
      Pattern.compile(
          "\\b(?:INSERT\\s+INTO|UPDATE|DELETE\\s+FROM|COPY|TRUNCATE(?:\\s+TABLE)?|MERGE\\s+INTO)"
              + "\\s+(?:ONLY\\s+)?(control|bronze|analytics|global_analytics|maestro)\\.([a-z_]+)");

  /// The same without schema and table, which are put in later.
  private static final Pattern WRITES_NAMELESS =
      Pattern.compile(
          "\\b(?:INSERT\\s+INTO|UPDATE|DELETE\\s+FROM|COPY|TRUNCATE(?:\\s+TABLE)?|MERGE\\s+INTO)"
              + "\\s+(?:ONLY\\s+)?(?:[a-z_]+\\.)?%");

  @Test
  void modules_use_what_they_declare_and_nothing_internal_without_cycles() {
    ApplicationModules modules = ApplicationModules.of(Clarity.class);

    assertThat(modules.stream().map(module -> module.getIdentifier().toString()))
        .contains("base.db", "base.http", "control.identity", "stream.source");
    modules.verify();
  }

  @Test
  void every_package_with_code_lies_in_a_module() {
    TreeSet<String> homeless = new TreeSet<>();
    for (String name : packages()) {
      boolean root = name.equals(ROOT);
      if (!root && annotations().keySet().stream().noneMatch(within(name))) {
        homeless.add(name);
      }
    }
    assertThat(homeless).as("packages with code that no @ApplicationModule covers").isEmpty();
  }

  @Test
  void a_module_is_called_by_its_place_and_lies_on_a_floor() {
    annotations()
        .forEach(
            (name, module) -> {
              assertThat(module.id()).isEqualTo(name.substring(ROOT.length() + 1));
              assertThat(FLOORS).contains(floor(module.id()));
            });
  }

  @Test
  void no_module_may_use_a_higher_floor() {
    annotations()
        .forEach(
            (name, module) -> {
              for (String used : module.allowedDependencies()) {
                assertThat(used)
                    .as("a dependency of " + module.id() + " names one module")
                    .matches("[a-z]+\\.[a-z]+");
                assertThat(FLOORS.indexOf(floor(used)))
                    .as(module.id() + " may not use " + used)
                    .isBetween(0, FLOORS.indexOf(floor(module.id())));
              }
            });
  }

  @Test
  void a_module_tells_what_it_is_for_and_which_tables_are_its_own() throws IOException {
    for (String name : annotations().keySet()) {
      String source =
          Files.readString(SOURCES.resolve(name.replace('.', '/')).resolve("package-info.java"));
      assertThat(source).as(name).startsWith("///").contains("@NullMarked");
      assertThat(source).as(name + " says which tables it owns").containsIgnoringCase("owns");
    }
  }

  @Test
  void one_module_alone_writes_a_table_and_says_so() throws IOException {
    Map<String, TreeSet<String>> writers = writers();

    assertThat(writers).as("tables that SQL in the sources writes").hasSizeGreaterThan(15);
    for (Map.Entry<String, TreeSet<String>> entry : writers.entrySet()) {
      String table = entry.getKey();
      assertThat(entry.getValue()).as("modules that write " + table).hasSize(1);
      String module = entry.getValue().first();
      String declared =
          Files.readString(
              SOURCES
                  .resolve((ROOT + "." + module).replace('.', '/'))
                  .resolve("package-info.java"));
      String schema = table.substring(0, table.indexOf('.'));
      String bare = table.substring(schema.length() + 1).replaceFirst("_$", "");
      assertThat(declared.contains("every table of `" + schema) || declared.contains(bare))
          .as(module + "'s package documentation names " + table)
          .isTrue();
    }
  }

  @Test
  void sql_is_never_put_together_from_a_table_name_and_a_plus() {
    Pattern glued =
        Pattern.compile("(?:INSERT INTO|UPDATE|DELETE FROM|COPY|FROM|JOIN)\\s*\"\\s*\\+");
    List<String> found = new ArrayList<>();
    for (Path file : files(SOURCES, ".java")) {
      if (glued.matcher(text(file)).find()) {
        found.add(file.toString());
      }
    }
    assertThat(found).isEmpty();
  }

  @Test
  void sql_that_writes_names_its_table_or_its_beginning_where_it_stands() {
    List<String> nameless = new ArrayList<>();
    for (Path file : files(SOURCES, ".java")) {
      if (WRITES_NAMELESS.matcher(withoutComments(text(file))).find()) {
        nameless.add(file.toString());
      }
    }
    assertThat(nameless).as("whose tables nobody can tell").isEmpty();
  }

  private static Map<String, TreeSet<String>> writers() {
    Map<String, TreeSet<String>> writers = new TreeMap<>();
    List<Path> all = new ArrayList<>(files(SOURCES, ".java"));
    all.addAll(files(RESOURCES, ".sql"));
    for (Path file : all) {
      String path = file.toString().replace('\\', '/');
      int at = path.indexOf("io/claritystream/");
      if (at < 0) {
        // Migrations make the tables; what they insert is the first content.
        continue;
      }
      String[] steps = path.substring(at + "io/claritystream/".length()).split("/");
      String module = steps.length < 3 ? "the root" : steps[0] + "." + steps[1];
      Matcher matcher = WRITES.matcher(withoutComments(text(file)));
      while (matcher.find()) {
        writers
            .computeIfAbsent(matcher.group(1) + "." + matcher.group(2), key -> new TreeSet<>())
            .add(module);
      }
    }
    return writers;
  }

  private static String withoutComments(String source) {
    return source.replaceAll("(?m)^\\s*(?://|--).*$", "");
  }

  private static Predicate<String> within(String name) {
    return module -> name.equals(module) || name.startsWith(module + ".");
  }

  private static String floor(String module) {
    return module.substring(0, module.indexOf('.'));
  }

  private static TreeSet<String> packages() {
    TreeSet<String> packages = new TreeSet<>();
    for (Path file : files(CLASSES.resolve("io/claritystream"), ".class")) {
      if (!file.getFileName().toString().equals("package-info.class")) {
        packages.add(CLASSES.relativize(file.getParent()).toString().replace('/', '.'));
      }
    }
    return packages;
  }

  private static Map<String, ApplicationModule> annotations() {
    Map<String, ApplicationModule> annotations = new TreeMap<>();
    for (Path file : files(CLASSES.resolve("io/claritystream"), "package-info.class")) {
      String name = CLASSES.relativize(file.getParent()).toString().replace('/', '.');
      try {
        ApplicationModule module =
            Class.forName(name + ".package-info").getAnnotation(ApplicationModule.class);
        if (module != null) {
          annotations.put(name, module);
        }
      } catch (ClassNotFoundException gone) {
        throw new IllegalStateException(gone);
      }
    }
    return annotations;
  }

  private static List<Path> files(Path root, String end) {
    try (Stream<Path> walk = Files.walk(root)) {
      return walk.filter(file -> file.toString().endsWith(end)).sorted().toList();
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }
}
