package io.claritystream.agent.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What a look at the database before anything is done to it shows.
///
/// @param version the server's, as a number
/// @param tables those that will be captured
/// @param published those that our publications bring already and that are still there
/// @param chosen names of all that are chosen, whether or not they can be captured
/// @param problems what stops capture, each with its remedy
/// @param slips what is most likely a slip of the pen where a capture is to begin; of one under way
///     a table may have gone since
/// @param notes what a person should know: tables left out or captured in part, and why
/// @param remedies the SQL that gives the user all it lacks, in the order to run it
/// @param changes what capture itself will do to the publications, as SQL
public record Preflight(
    int version,
    List<Catalog.Candidate> tables,
    List<Catalog.Candidate> published,
    Set<String> chosen,
    List<String> problems,
    List<String> slips,
    List<String> notes,
    List<String> remedies,
    List<String> changes) {
  private static final int VERSION_MIN = 120_000;
  private static final int NAMES_SHOWN = 20;

  public Preflight {
    tables = List.copyOf(tables);
    published = List.copyOf(published);
    chosen = Set.copyOf(chosen);
    problems = List.copyOf(problems);
    slips = List.copyOf(slips);
    notes = List.copyOf(notes);
    remedies = List.copyOf(remedies);
    changes = List.copyOf(changes);
  }

  /// Connects and looks.
  public static Preflight check(Database database, TableChoice choice, String slot)
      throws SQLException {
    try (var connection = database.connect()) {
      return check(connection, choice, Publications.of(slot));
    }
  }

  static Preflight check(Connection connection, TableChoice choice, Publications ours)
      throws SQLException {
    var catalog = new Catalog(connection);
    var version = catalog.version();
    var problems = new ArrayList<String>();
    if (version < VERSION_MIN) {
      problems.add("The server is older than PostgreSQL 12; upgrade it.");
      return new Preflight(
          version, List.of(), List.of(), Set.of(), problems, List.of(), List.of(), List.of(),
          List.of());
    }
    var rights = Rights.read(connection, ours);
    ServerCheck.of(connection, ours.full(), problems);
    if (!rights.replicates()) {
      problems.add(
          "The user may not replicate; run ALTER ROLE " + rights.userQuoted() + " REPLICATION;");
    }
    var candidates = catalog.candidates(ours);
    var published = candidates.stream().filter(Preflight::published).toList();
    var chosen = candidates.stream().filter(table -> choice.includes(table.table())).toList();
    var slips = new ArrayList<String>();
    for (var pattern :
        choice.unmatched(candidates.stream().map(Catalog.Candidate::table).toList())) {
      slips.add("No table matches " + pattern + "; check the name, or --tables.");
    }
    Predicate<Catalog.Candidate> rootless =
        table -> table.partitioned() && !table.published() && version < Publications.ROOTS_FROM;
    var wanted =
        chosen.stream().filter(table -> !table.unlogged() && !rootless.test(table)).toList();
    var tables =
        wanted.stream()
            .filter(table -> table.readable() && !table.filtered() && rights.publishes(table))
            .toList();
    var notes = notes(rights, chosen, wanted, tables, rootless);
    if (tables.isEmpty()) {
      slips.add(
          wanted.isEmpty()
              ? "There is no table that can be captured."
              : "None of the chosen tables can be captured: the user lacks rights, and `source add`"
                  + " prints the SQL that gives them.");
    }
    var changes = ours.changes(connection, version, tables);
    publications(connection, rights, ours, version, wanted, published, problems);
    return new Preflight(
        version,
        tables,
        published,
        chosen.stream().map(table -> table.table().toString()).collect(Collectors.toSet()),
        problems,
        slips,
        notes,
        Remedies.of(rights, ours, version, wanted),
        changes);
  }

  /// Of what a publication brings unasked, because it is one of all tables or of a schema's, only
  /// what could be captured by its name as well.
  private static boolean published(Catalog.Candidate table) {
    return table.named()
        || table.covered() && table.readable() && !table.filtered() && !table.unlogged();
  }

  private static List<String> notes(
      Rights rights,
      List<Catalog.Candidate> chosen,
      List<Catalog.Candidate> wanted,
      List<Catalog.Candidate> tables,
      Predicate<Catalog.Candidate> rootless) {
    var notes = new ArrayList<String>();
    note(
        notes,
        chosen,
        Catalog.Candidate::unlogged,
        "not captured: unlogged tables do not reach the log");
    note(
        notes,
        wanted,
        table -> !table.readable(),
        "not captured: the user may not read %s; `source add`, given again, prints the SQL that"
            + " grants it");
    note(
        notes,
        wanted,
        table -> table.readable() && table.filtered(),
        "not captured: row-level security hides rows from the user (name a user that it does not"
            + " hold for, or let this one pass it)");
    note(
        notes,
        wanted,
        table -> table.readable() && !table.filtered() && !rights.publishes(table),
        "not captured: only a table's owner may publish it");
    note(
        notes,
        chosen,
        table -> !table.unlogged() && rootless.test(table),
        "not captured: partitioned tables need PostgreSQL 13");
    note(
        notes,
        tables,
        table -> !table.identified(),
        "inserts only. Give it a primary key, or REPLICA IDENTITY FULL, to have its updates and"
            + " deletes captured too; published without, they would fail");
    return notes;
  }

  /// Publications that are missing and cannot be made here, or that another made otherwise.
  private static void publications(
      Connection connection,
      Rights rights,
      Publications ours,
      int version,
      List<Catalog.Candidate> wanted,
      List<Catalog.Candidate> published,
      List<String> problems)
      throws SQLException {
    if (rights.someMissing() && !rights.creates()) {
      problems.add(
          wanted.stream().allMatch(rights::publishes)
              ? "The user may not create a publication; run " + Remedies.grantCreate(rights)
              : "The publications "
                  + ours.full()
                  + " and "
                  + ours.inserts()
                  + " are not both there and the user may not create them; a superuser runs the"
                  + " CREATE PUBLICATION that `source add` prints.");
    }
    if (rights.someAnothers()) {
      var kept = published.stream().filter(wanted::contains).toList();
      var unfit =
          ours.changes(connection, version, kept).stream()
              .filter(sql -> !sql.startsWith("CREATE"))
              .toList();
      if (!unfit.isEmpty()) {
        problems.add(
            "The publications of this source belong to another role and do not fit; it runs "
                + Publications.atOnce(unfit));
      }
    }
  }

  /// @param words with `%s` where the tables are meant
  private static void note(
      List<String> notes,
      List<Catalog.Candidate> from,
      Predicate<Catalog.Candidate> which,
      String words) {
    var tables = from.stream().filter(which).map(Catalog.Candidate::table).toList();
    if (tables.isEmpty()) {
      return;
    }
    var names = new StringBuilder();
    for (var i = 0; i < Math.min(tables.size(), NAMES_SHOWN); i++) {
      names.append(i == 0 ? "" : ", ").append(tables.get(i));
    }
    if (tables.size() > NAMES_SHOWN) {
      names.append(" and ").append(tables.size() - NAMES_SHOWN).append(" more");
    }
    notes.add(names + ": " + words.replace("%s", tables.size() == 1 ? "it" : "them"));
  }

  /// Who may run a remedy, in words; a superuser may run each.
  public static String whoRuns(String remedy) {
    return Remedies.whoRuns(remedy);
  }

  /// Tables that can be captured and that a capture under way does not have.
  public List<String> newTables() {
    return published.isEmpty() ? List.of() : names(table -> !table.published());
  }

  /// Tables that a capture under way has and that are not chosen any more.
  public List<String> leavingTables() {
    return published.stream()
        .map(table -> table.table().toString())
        .filter(table -> !chosen.contains(table))
        .toList();
  }

  /// What stops a capture that is to begin.
  public List<String> refusals() {
    return Stream.concat(slips.stream(), problems.stream()).toList();
  }

  /// For a capture under way.
  List<String> notesUnderWay() {
    return Stream.concat(notes.stream(), slips.stream()).toList();
  }

  /// Names of the tables that will be captured.
  public List<String> tableNames() {
    return names(_ -> true);
  }

  private List<String> names(Predicate<Catalog.Candidate> which) {
    return tables.stream().filter(which).map(table -> table.table().toString()).toList();
  }
}
