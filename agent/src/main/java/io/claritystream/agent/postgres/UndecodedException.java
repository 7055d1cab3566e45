package io.claritystream.agent.postgres;

import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.PGReplicationStream;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/// The server could not decode its log for us. It decodes each change by the catalogue of that
/// time, so that what is set right later is of no help: nearly all of these stay for ever.
final class UndecodedException extends SQLException {
  /// Those that are of the publications as they were: not there (from 18 on the server passes by
  /// that, and the tables are found published anew), or two that say different things about a
  /// table. By the state and by the place that says it: the server's words are in its own language.
  private static final Set<String> OF_PUBLICATIONS =
      Set.of(
          "42704 get_publication_oid",
          "0A000 pgoutput_column_list_init",
          "0A000 check_and_init_gencol");

  /// Classes of states that say nothing about the log itself: the connection, what the machine
  /// lacks, what somebody else holds, what a person does to the server, and its files.
  private static final Set<String> PASSING = Set.of("08", "53", "55", "57", "58");

  /// What failed, and at which place of the log, as far as the server tells it.
  private final String failure;

  private final boolean ofPublications;

  private UndecodedException(PSQLException cause, ServerErrorMessage said) {
    super(cause.getMessage(), cause.getSQLState(), cause);
    var what = cause.getSQLState() + " " + said.getRoutine();
    failure = what + " " + said.getWhere();
    ofPublications = OF_PUBLICATIONS.contains(what);
  }

  /// The stream's next message, or null if there is none now.
  static @Nullable ByteBuffer next(PGReplicationStream stream) throws SQLException {
    try {
      return stream.readPending();
    } catch (PSQLException e) {
      throw of(e);
    }
  }

  /// What was thrown by the stream: this, or the same again if it says nothing about the log.
  static SQLException of(PSQLException thrown) {
    var said = thrown.getServerErrorMessage();
    var state = thrown.getSQLState();
    return said == null || state == null || PASSING.contains(state.substring(0, 2))
        ? thrown
        : new UndecodedException(thrown, said);
  }

  /// The same for the same failure at the same place.
  String failure() {
    return failure;
  }

  /// Whether it is known to stay, because of what the publications were at that place of the log.
  boolean isOfPublications() {
    return ofPublications;
  }
}
