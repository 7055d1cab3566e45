package io.claritystream.base.db;

import io.claritystream.base.db.Rights.Kind;
import io.claritystream.base.db.Rights.May;
import io.claritystream.base.db.Rights.Right;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/// Tries what a role may do, and leaves nothing behind: a superuser takes the role for one
/// statement, looks what came of it, and takes it back. So many thousands of them take seconds, and
/// each may be tried in a transaction that has changed the catalogue before.
final class Trial implements AutoCloseable {

  enum Command {
    SELECT,
    EXPLAIN,
    INSERT,
    UPDATE,
    /// UPDATE that gives rows to another tenant.
    MOVE,
    DELETE,
    /// COPY TO, of all columns.
    COPY_OUT,
    /// COPY FROM.
    COPY_IN,
    TRUNCATE
  }

  enum Outcome {
    REFUSED,
    NOTHING,
    OWN,
    ALL,
    /// EXPLAIN has shown a plan.
    PLANNED,
    /// Rows of others, or some of one's own, or a refusal that tells of others.
    OTHER,
    FAILED
  }

  /// @param place where it lies, for a row that was changed lies elsewhere
  private record Row(String marker, String place) {}

  @FunctionalInterface
  private interface Attempt {
    Outcome make() throws SQLException, IOException;
  }

  private final Connection connection;
  private final Statement statement;
  private final Rights rights;
  private final List<Relation> relations;
  private final Map<String, List<Row>> filled = new HashMap<>();

  private String said = "";

  Trial(TestDatabase database, Rights rights) throws SQLException {
    this.rights = rights;
    this.connection = database.superuserConnections().getConnection();
    this.statement = connection.createStatement();
    statement.execute("SET session_replication_role = replica");
    statement.execute("SET search_path = pg_catalog, pg_temp");
    this.relations = TwoTenants.fill(connection);
    for (Relation relation : relations) {
      filled.put(relation.name(), rows(relation));
    }
    connection.setAutoCommit(false);
  }

  List<Relation> relations() {
    return relations;
  }

  /// In a transaction, which goes on until somebody ends it.
  Connection connection() {
    return connection;
  }

  /// What the database said against the last statement; empty if it was content.
  String said() {
    return said;
  }

  @Override
  public void close() throws SQLException {
    connection.rollback();
    connection.close();
  }

  /// What is stated, or null where nothing is.
  @Nullable Outcome stated(Relation relation, Actor actor, Command command) {
    Rights.Stated stated = rights.of(relation.name());
    May may = stated.may(actor.role());
    boolean free = stated.kind() == Kind.SHARED || rights.bypassing().contains(actor.role());
    boolean owner = actor.role().equals("migrator");
    boolean inserts = owner ? free : may.has(Right.INSERT);
    Outcome rows = free ? Outcome.ALL : rows(may.rows(), actor);
    return switch (command) {
      case SELECT -> allowed(owner || may.has(Right.SELECT), rows);
      case COPY_OUT -> allowed(owner || may.hasAll(Right.SELECT), rows);
      case EXPLAIN -> allowed(owner || may.has(Right.SELECT), Outcome.PLANNED);
      case INSERT -> allowed(inserts && rows != Outcome.NOTHING, rows);
      // PostgreSQL has none under policies.
      case COPY_IN -> allowed(inserts && free, Outcome.ALL);
      case UPDATE -> allowed(owner || may.has(Right.UPDATE), written(rows, owner, free));
      case MOVE -> {
        if (!relation.hasTenant()) {
          yield null;
        }
        boolean whole = may.hasAll(Right.UPDATE) || may.columns(Right.UPDATE).contains("tenant_id");
        yield allowed(owner || whole && rows != Outcome.OWN, written(rows, owner, free));
      }
      case DELETE -> allowed(owner || may.has(Right.DELETE), written(rows, owner, free));
      // The owner may drop the table as well.
      case TRUNCATE -> owner ? null : Outcome.REFUSED;
    };
  }

  private static Outcome allowed(boolean may, Outcome outcome) {
    return may ? outcome : Outcome.REFUSED;
  }

  /// Where a policy lets the owner look, it lets it change nothing.
  private static Outcome written(Outcome rows, boolean owner, boolean free) {
    return owner && !free ? Outcome.NOTHING : rows;
  }

  private static Outcome rows(String word, Actor actor) {
    boolean named = !actor.tenant().isEmpty();
    return switch (word) {
      case "" -> Outcome.NOTHING;
      case "all" -> Outcome.ALL;
      case "named" -> named ? Outcome.OWN : Outcome.ALL;
      case "person" ->
          named && actor.person().equals(actor.tenant()) ? Outcome.OWN : Outcome.NOTHING;
      default -> named ? Outcome.OWN : Outcome.NOTHING;
    };
  }

  /// What comes of it.
  Outcome outcome(Relation relation, Actor actor, Command command) throws SQLException {
    return switch (command) {
      case SELECT -> attempt(actor, () -> select(relation, actor));
      case EXPLAIN -> attempt(actor, () -> explain(relation));
      case INSERT -> insert(relation, actor);
      case UPDATE ->
          attempt(actor, () -> changed(relation, "UPDATE %s SET " + assignment(relation, actor)));
      case MOVE ->
          attempt(
              actor,
              () -> changed(relation, "UPDATE %s SET tenant_id = '" + TwoTenants.THEIRS + "'"));
      case DELETE -> attempt(actor, () -> changed(relation, "DELETE FROM %s"));
      case COPY_OUT -> attempt(actor, () -> copyOut(relation));
      case COPY_IN -> attempt(actor, () -> copyIn(relation));
      case TRUNCATE -> attempt(actor, () -> done("TRUNCATE " + relation.name()));
    };
  }

  /// Whether a role may execute what belongs to no relation; [Outcome#ALL] if it may.
  Outcome outcome(Actor actor, String sql) throws SQLException {
    return attempt(actor, () -> done(sql));
  }

  /// Whether somebody may execute a function.
  boolean executes(Actor actor, String function) throws SQLException {
    String call = function.replace("(date)", "(date '2031-05-05')").replace("(numeric)", "(1.0)");
    return outcome(actor, "SELECT " + call) == Outcome.ALL;
  }

  /// Whether somebody may do anything with a sequence.
  boolean counts(Actor actor, String sequence) throws SQLException {
    return outcome(actor, "SELECT nextval('" + sequence + "')") == Outcome.ALL
        || outcome(actor, "SELECT setval('" + sequence + "', 2000)") == Outcome.ALL
        || outcome(actor, "SELECT last_value FROM " + sequence) == Outcome.ALL;
  }

  /// As somebody, and as if it had never been.
  private Outcome attempt(Actor actor, Attempt attempt) throws SQLException {
    said = "";
    statement.execute(
        """
        SAVEPOINT trial;
        SELECT set_config('clarity.tenant', '%s', true), set_config('clarity.person', '%s', true);
        SET LOCAL ROLE clarity_%s
        """
            .formatted(actor.tenant(), actor.person(), actor.role()));
    try {
      return attempt.make();
    } catch (PSQLException refused) {
      return refusal(refused);
    } catch (IOException broken) {
      throw new IllegalStateException("COPY", broken);
    } finally {
      statement.execute("ROLLBACK TO SAVEPOINT trial; RELEASE SAVEPOINT trial");
    }
  }

  private Outcome refusal(PSQLException refused) {
    ServerErrorMessage message = refused.getServerErrorMessage();
    said = message == null ? String.valueOf(refused.getMessage()) : message.toString();
    String state = String.valueOf(refused.getSQLState());
    return switch (state) {
      // No privilege or no policy; a view; not with row-level security.
      case "42501", "42809", "55000" -> told(Outcome.REFUSED);
      case "0A000" -> said.contains("row-level security") ? Outcome.REFUSED : Outcome.ALL;
      // Constraints are asked after privileges and policies. 22008 is a day's.
      case "22008" -> Outcome.ALL;
      default -> state.startsWith("23") ? Outcome.ALL : Outcome.FAILED;
    };
  }

  private Outcome told(Outcome outcome) {
    return said.contains(TwoTenants.THEIRS) ? Outcome.OTHER : outcome;
  }

  private Outcome select(Relation relation, Actor actor) throws SQLException {
    List<String> columns = rights.of(relation.name()).may(actor.role()).columns(Right.SELECT);
    String of =
        columns.isEmpty()
            ? relation.name()
            : "(SELECT "
                + String.join(", ", columns)
                + " FROM "
                + relation.name()
                + ") AS readable";
    return whose(
        relation,
        Catalogue.strings(connection, "SELECT " + relation.marker().name() + "::text FROM " + of));
  }

  private Outcome explain(Relation relation) throws SQLException {
    String plan =
        String.join(
            "\n",
            Catalogue.strings(
                connection,
                "EXPLAIN (VERBOSE) SELECT "
                    + relation.marker().name()
                    + " FROM "
                    + relation.name()));
    return plan.contains(TwoTenants.THEIRS) ? Outcome.OTHER : Outcome.PLANNED;
  }

  /// A row of one's own, and one of another.
  private Outcome insert(Relation relation, Actor actor) throws SQLException {
    int other = relation.hasTenant() ? 2 : 4;
    Outcome own =
        attempt(
            actor,
            () -> done(Relation.insert(relation.name(), relation.row(3, other == 2 ? 1 : 3), "")));
    Outcome others =
        attempt(actor, () -> done(Relation.insert(relation.name(), relation.row(4, other), "")));
    // The refusal names what was asked for.
    boolean refused = others == Outcome.REFUSED || others == Outcome.OTHER;
    if (own == Outcome.ALL) {
      return others == Outcome.ALL ? Outcome.ALL : refused ? Outcome.OWN : others;
    }
    return others == Outcome.ALL ? Outcome.OTHER : own;
  }

  private Outcome done(String sql) throws SQLException {
    statement.execute(sql);
    return Outcome.ALL;
  }

  /// Changes all that it can, and looks what that was.
  private Outcome changed(Relation relation, String sql) throws SQLException {
    int count = statement.executeUpdate(sql.formatted(relation.name()));
    statement.execute("SET LOCAL ROLE NONE");
    Set<Row> left = new HashSet<>(rows(relation));
    List<String> changed =
        filled(relation).stream().filter(row -> !left.contains(row)).map(Row::marker).toList();
    return count == changed.size() ? whose(relation, changed) : Outcome.OTHER;
  }

  private String assignment(Relation relation, Actor actor) {
    List<String> granted = rights.of(relation.name()).may(actor.role()).columns(Right.UPDATE);
    List<Relation.Column> columns =
        relation.columns().stream()
            .filter(column -> granted.isEmpty() || granted.contains(column.name()))
            .filter(column -> !column.generated() && !column.identity())
            .toList();
    // One that may be the same in all rows.
    Relation.Column column =
        columns.stream()
            .filter(any -> !any.unique() && !any.name().equals("tenant_id"))
            .findFirst()
            .orElse(columns.getFirst());
    return column.name() + " = '" + relation.value(column, 1, 1) + "'";
  }

  private Outcome copyOut(Relation relation) throws SQLException, IOException {
    String from = relation.copied() ? relation.name() : "(SELECT * FROM " + relation.name() + ")";
    StringWriter rows = new StringWriter();
    copies().copyOut("COPY " + from + " TO STDOUT (FORMAT csv)", rows);
    String own = own(relation);
    return whose(
        relation, rows.toString().lines().map(line -> line.contains(own) ? own : "").toList());
  }

  private Outcome copyIn(Relation relation) throws SQLException, IOException {
    Map<String, String> row = relation.row(3, 3);
    String line =
        row.values().stream().map(value -> "\"" + value + "\"").collect(Collectors.joining(","));
    copies()
        .copyIn(
            "COPY "
                + relation.name()
                + " ("
                + String.join(", ", row.keySet())
                + ") FROM STDIN (FORMAT csv)",
            new StringReader(line + "\n"));
    return Outcome.ALL;
  }

  private CopyManager copies() throws SQLException {
    return connection.unwrap(PGConnection.class).getCopyAPI();
  }

  private Outcome whose(Relation relation, List<String> markers) {
    List<Row> all = filled(relation);
    String own = own(relation);
    if (markers.isEmpty()) {
      return Outcome.NOTHING;
    }
    if (markers.size() == all.size()) {
      return Outcome.ALL;
    }
    long ours = all.stream().filter(row -> row.marker().equals(own)).count();
    return markers.size() == ours && markers.stream().allMatch(own::equals)
        ? Outcome.OWN
        : Outcome.OTHER;
  }

  private static String own(Relation relation) {
    return relation.value(relation.marker(), 1, 1);
  }

  private List<Row> filled(Relation relation) {
    return filled.getOrDefault(relation.name(), List.of());
  }

  private List<Row> rows(Relation relation) throws SQLException {
    String place = relation.view() ? "''" : "tableoid::text || ctid::text";
    List<Row> rows = new ArrayList<>();
    try (ResultSet row =
        statement.executeQuery(
            "SELECT "
                + relation.marker().name()
                + "::text, "
                + place
                + " FROM "
                + relation.name())) {
      while (row.next()) {
        rows.add(new Row(row.getString(1), row.getString(2)));
      }
    }
    return rows;
  }
}
