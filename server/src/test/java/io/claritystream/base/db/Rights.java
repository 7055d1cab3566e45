package io.claritystream.base.db;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What each database role may do, as `db/rights.txt` states it for people.
///
/// @param rows whose rows: a word, and the condition that policies have for it
/// @param bypassing the roles that no policy holds
/// @param schemas which roles may use which
/// @param functions by signature
/// @param relations by name, with `{day}` for the partitions of days
record Rights(
    Map<String, String> rows,
    List<String> bypassing,
    Map<String, List<String>> schemas,
    Map<String, Callable> functions,
    Map<String, Stated> relations) {

  enum Kind {
    TABLE,
    SHARED,
    VIEW
  }

  enum Right {
    SELECT,
    INSERT,
    UPDATE,
    DELETE
  }

  /// @param asOwner it runs with the rights of the tables' owner
  record Callable(List<String> roles, boolean asOwner) {}

  record Stated(Kind kind, Map<String, May> roles) {

    May may(String role) {
      return roles.getOrDefault(role, May.NOT);
    }
  }

  /// What a role may do with a relation.
  ///
  /// @param rows the word for whose; empty if it has no right
  /// @param columns of each right; none if it is a right to all
  record May(String rows, Map<Right, List<String>> columns) {

    static final May NOT = new May("", Map.of());

    boolean has(Right right) {
      return columns.containsKey(right);
    }

    boolean hasAll(Right right) {
      return has(right) && columns(right).isEmpty();
    }

    List<String> columns(Right right) {
      return columns.getOrDefault(right, List.of());
    }
  }

  private static final Pattern DAY = Pattern.compile("_\\d{8}$");
  private static final Pattern RIGHT = Pattern.compile("([A-Z]+)(?:\\(([^)]*)\\))?");

  static Rights stated() {
    return Reader.read(text());
  }

  Stated of(String relation) {
    String name = named(relation);
    return Objects.requireNonNull(relations.get(name), name + " is not in rights.txt");
  }

  /// A relation's name as it is stated.
  static String named(String relation) {
    return DAY.matcher(relation).replaceFirst("_{day}");
  }

  /// A line for each fact that the catalogue has to show, as [Catalogue] words them.
  ///
  /// @param conditions as PostgreSQL writes them, by relation and word
  List<String> facts(Map<String, Map<String, String>> conditions) {
    List<String> facts = new ArrayList<>();
    bypassing.forEach(role -> facts.add("role " + role + " bypasses row-level security"));
    schemas.forEach(
        (schema, roles) ->
            roles.forEach(role -> facts.add("USAGE on schema " + schema + " to " + role)));
    functions.forEach(
        (function, callable) -> {
          callable.roles().forEach(role -> facts.add("EXECUTE on " + function + " to " + role));
          if (callable.asOwner()) {
            facts.add(function + " runs as its owner");
          }
        });
    relations.forEach(
        (name, stated) -> {
          facts.add(
              name
                  + switch (stated.kind()) {
                    case TABLE -> " has row-level security, forced";
                    case SHARED -> " has no row-level security";
                    case VIEW -> " is a view for whoever asks";
                  });
          stated
              .roles()
              .forEach(
                  (role, may) -> {
                    facts.addAll(grants(name, role, may));
                    if (held(stated, role)) {
                      may.columns()
                          .keySet()
                          .forEach(right -> facts.add(policy(right, name, role, may, conditions)));
                    }
                  });
        });
    return facts;
  }

  /// What the catalogue may show besides: a policy for all commands says the same of those that its
  /// role has no right to.
  List<String> tolerated(Map<String, Map<String, String>> conditions) {
    List<String> tolerated = new ArrayList<>();
    relations.forEach(
        (name, stated) ->
            stated
                .roles()
                .forEach(
                    (role, may) -> {
                      if (held(stated, role)) {
                        Stream.of(Right.values())
                            .forEach(
                                right -> tolerated.add(policy(right, name, role, may, conditions)));
                      }
                    }));
    return tolerated;
  }

  /// Whether policies say which rows the role has.
  private boolean held(Stated stated, String role) {
    return stated.kind() == Kind.TABLE && !bypassing.contains(role);
  }

  private static List<String> grants(String name, String role, May may) {
    List<String> grants = new ArrayList<>();
    // The owner needs none.
    if (!role.equals("migrator")) {
      may.columns()
          .forEach(
              (right, columns) -> {
                String to = " on " + name + " to " + role;
                if (columns.isEmpty()) {
                  grants.add(right + to);
                }
                columns.forEach(column -> grants.add(right + " (" + column + ")" + to));
              });
    }
    return grants;
  }

  private static String policy(
      Right right, String name, String role, May may, Map<String, Map<String, String>> conditions) {
    String condition = conditions.getOrDefault(name, Map.of()).get(may.rows());
    return right + " of rows of " + name + " to " + role + ": " + condition;
  }

  private static String text() {
    try (InputStream content =
        Objects.requireNonNull(Rights.class.getResourceAsStream("/db/rights.txt"))) {
      return new String(content.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException broken) {
      throw new IllegalStateException("rights.txt", broken);
    }
  }

  private static final class Reader {

    private final Map<String, String> rows = new LinkedHashMap<>();
    private final List<String> bypassing = new ArrayList<>();
    private final Map<String, List<String>> schemas = new TreeMap<>();
    private final Map<String, Callable> functions = new TreeMap<>();
    private final Map<String, Stated> relations = new TreeMap<>();

    private String section = "";

    /// The relations that the lines to come are about, and whether one of these was read.
    private final List<Stated> block = new ArrayList<>();

    private boolean blockEnds = true;

    static Rights read(String text) {
      Reader reader = new Reader();
      text.lines().filter(line -> !line.startsWith("#")).forEach(reader::line);
      return new Rights(
          reader.rows, reader.bypassing, reader.schemas, reader.functions, reader.relations);
    }

    private void line(String line) {
      if (line.isBlank()) {
        blockEnds = true;
      } else if (!line.startsWith(" ")) {
        heading(line.strip().split(" +"));
      } else {
        entry(line.strip().split(" {2,}"));
        blockEnds = true;
      }
    }

    private void heading(String[] words) {
      section = words[0];
      if (words.length == 1) {
        return;
      }
      if (blockEnds) {
        block.clear();
        blockEnds = false;
      }
      Kind kind = Kind.valueOf(section.toUpperCase(Locale.ROOT));
      Stated stated = new Stated(kind, new TreeMap<>());
      if (relations.put(words[1], stated) != null) {
        throw new IllegalStateException("stated twice: " + words[1]);
      }
      block.add(stated);
    }

    private void entry(String[] fields) {
      List<String> second = List.of(fields[1].split(" "));
      switch (section) {
        case "rows" -> rows.put(fields[0], fields[1]);
        case "roles" -> bypassing.add(fields[0]);
        case "schemas" -> schemas.put(fields[0], second);
        case "functions" -> functions.put(fields[0], new Callable(second, fields.length > 2));
        default -> {
          for (String role : fields[0].split(" ")) {
            May may = may(fields[1], fields[2]);
            block.forEach(stated -> stated.roles().put(role, may));
          }
        }
      }
    }

    private May may(String word, String rights) {
      if (!rows.containsKey(word)) {
        throw new IllegalStateException("whose rows are these: " + word);
      }
      Map<Right, List<String>> columns = new EnumMap<>(Right.class);
      Matcher right = RIGHT.matcher(rights);
      while (right.find()) {
        String names = right.group(2);
        columns.put(
            Right.valueOf(right.group(1)), names == null ? List.of() : List.of(names.split(", *")));
      }
      return new May(word, columns);
    }
  }
}
