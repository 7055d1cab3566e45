package io.claritystream.stream.source;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.http.LineOfText;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditLog;
import io.claritystream.protocol.identity.PeerIdentity;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/// The sources, for the gateway and for ingest: works as `clarity_service`, beyond row-level
/// security, with the tenant from the agent's certificate or from the row itself.
public final class Sources {
  private static final int PER_AGENT_MAX = 100;

  /// With those that were removed: they stay for ever.
  private static final int EVER_PER_AGENT_MAX = 1_000;

  private static final int NAME_MAX = 120;
  private static final int FINGERPRINT_MAX = 300;
  private static final int SERVER_VERSION_MAX = 100;

  private static final int TABLES_MAX = 10_000;

  /// Of PostgreSQL's names each has at most 63 bytes; this leaves room for two, quoted.
  private static final int TABLE_NAME_MAX = 300;

  private final JdbcClient sql;
  private final TransactionTemplate transactions;
  private final AuditLog audit;
  private final Clock clock;

  Sources(JdbcClient sql, TransactionTemplate transactions, AuditLog audit, Clock clock) {
    this.sql = sql;
    this.transactions = transactions;
    this.audit = audit;
    this.clock = clock;
  }

  /// A database that an agent wants to send the events of.
  ///
  /// @param name unique among the agent's sources
  /// @param fingerprint tells this database from another
  /// @param tables what is captured of it, as `schema.table`
  public record Described(
      String name, String kind, String fingerprint, String serverVersion, List<String> tables) {}

  /// What became of a registration.
  public sealed interface Registration {
    record Registered(SourceRef source, String acknowledge) implements Registration {}

    record Refused(String why) implements Registration {}
  }

  /// What became of a removal.
  public sealed interface Removal {
    record Removed(SourceRef source) implements Removal {}

    /// It was removed before.
    record Already() implements Removal {}

    /// Whoever asks has no such source.
    record Unknown() implements Removal {}
  }

  /// Where a source stands, for the gateway that serves a stream of it.
  public record Standing(SourceRef source, Checkpoint checkpoint, String acknowledge) {}

  public Optional<SourceRef> find(UUID sourceId) {
    return sql.sql(
            """
            SELECT s.tenant_id, s.source_id, s.agent_id, s.name, s.partition, s.epoch, s.session
            FROM control.source s
            WHERE s.source_id = :source
            """)
        .param("source", sourceId)
        .query((row, number) -> ref(row))
        .optional();
  }

  /// Makes a source known, or finds it by its name. A new one gets the partition that fewest
  /// sources have. A name keeps its database: events of two databases under one name would be mixed
  /// for ever.
  ///
  /// An agent that was paired anew finds its source as well, and goes on where it was: the same
  /// database under the same name in the same workspace becomes its own, once the agent that had it
  /// cannot speak any more (it was revoked, or its certificate has expired).
  ///
  /// A removed source comes back when the same database is registered under its name; another
  /// database under that name is a new source.
  public Registration register(PeerIdentity.Agent agent, Described described, int partitions) {
    if (!described.kind().equals("postgresql")) {
      return new Registration.Refused(
          "Sources of kind \"" + described.kind() + "\" are not known here.");
    }
    if (LineOfText.wrong(described.name(), NAME_MAX).isPresent()) {
      return new Registration.Refused(
          "A source's name has from 1 to "
              + NAME_MAX
              + " characters, on one line, none invisible.");
    }
    if (described.fingerprint().isBlank() || !isText(described.fingerprint(), FINGERPRINT_MAX)) {
      return new Registration.Refused(
          "A database's fingerprint has from 1 to " + FINGERPRINT_MAX + " characters.");
    }
    if (!isText(described.serverVersion(), SERVER_VERSION_MAX)) {
      return new Registration.Refused(
          "A server's version has at most " + SERVER_VERSION_MAX + " characters.");
    }
    if (described.tables().size() > TABLES_MAX) {
      return new Registration.Refused(
          "A source has at most "
              + TABLES_MAX
              + " tables, not "
              + described.tables().size()
              + ". Choose fewer, or make several sources of the database.");
    }
    if (!described.tables().stream().allMatch(Sources::isTableName)) {
      return new Registration.Refused(
          "The name of a table has from 1 to " + TABLE_NAME_MAX + " characters.");
    }
    Registration registration =
        transactions.execute(_ -> registerInTransaction(agent, described, partitions));
    if (registration == null) {
      throw new IllegalStateException("no answer for source " + described.name());
    }
    return registration;
  }

  /// PostgreSQL has no text with the character NUL.
  private static boolean isText(String value, int lengthMax) {
    return value.length() <= lengthMax && value.indexOf('\0') < 0;
  }

  private static boolean isTableName(String name) {
    return !name.isBlank() && isText(name, TABLE_NAME_MAX);
  }

  private Registration registerInTransaction(
      PeerIdentity.Agent agent, Described described, int partitions) {
    // One registration at a time, so that they spread over the partitions.
    sql.sql("SELECT pg_advisory_xact_lock(hashtextextended('control.source', 0))")
        .query((row, number) -> number)
        .list();
    record Found(SourceRef source, String fingerprint, String acknowledge) {}
    Optional<Found> found =
        sql.sql(
                """
                SELECT s.tenant_id, s.source_id, s.agent_id, s.name, s.partition, s.epoch, s.session,
                       s.fingerprint, s.acknowledge
                FROM control.source s
                WHERE s.tenant_id = :tenant AND s.agent_id = :agent AND s.name = :name
                  AND s.removed_at IS NULL
                """)
            .param("tenant", agent.tenantId())
            .param("agent", agent.agentId())
            .param("name", described.name())
            .query(
                (row, number) ->
                    new Found(ref(row), row.getString("fingerprint"), row.getString("acknowledge")))
            .optional();
    if (found.isPresent()) {
      if (!found.get().fingerprint().equals(described.fingerprint())) {
        return new Registration.Refused(
            "\""
                + described.name()
                + "\" is another database already; give this one another name.");
      }
      sql.sql("UPDATE control.source SET server_version = :version WHERE source_id = :source")
          .param("version", described.serverVersion())
          .param("source", found.get().source().sourceId())
          .update();
      return new Registration.Registered(found.get().source(), found.get().acknowledge());
    }
    record Count(int there, int ever) {}
    Count count =
        sql.sql(
                """
                SELECT count(*) FILTER (WHERE s.removed_at IS NULL) AS there, count(*) AS ever
                FROM control.source s
                WHERE s.agent_id = :agent
                """)
            .param("agent", agent.agentId())
            .query((row, number) -> new Count(row.getInt("there"), row.getInt("ever")))
            .single();
    if (count.there() >= PER_AGENT_MAX) {
      return new Registration.Refused("An agent has at most " + PER_AGENT_MAX + " sources.");
    }
    Optional<Registration.Registered> back = comesBack(agent, described);
    if (back.isPresent()) {
      return back.get();
    }
    if (count.ever() >= EVER_PER_AGENT_MAX) {
      return new Registration.Refused(
          "An agent has at most "
              + EVER_PER_AGENT_MAX
              + " sources with those that were removed; pair another one.");
    }
    Optional<Registration.Registered> inherited = inherit(agent, described);
    if (inherited.isPresent()) {
      return inherited.get();
    }
    SourceRef source =
        sql.sql(
                """
                INSERT INTO control.source AS s
                  (source_id, tenant_id, agent_id, name, kind, fingerprint, server_version,
                   partition, created_at)
                SELECT :source, :tenant, :agent, :name, :kind, :fingerprint, :version,
                       p.partition, :now
                FROM generate_series(0, :partitions - 1) AS p (partition)
                ORDER BY (SELECT count(*) FROM control.source o
                          WHERE o.partition = p.partition AND o.removed_at IS NULL),
                         p.partition
                LIMIT 1
                RETURNING s.tenant_id, s.source_id, s.agent_id, s.name, s.partition, s.epoch,
                          s.session
                """)
            .param("source", UUID.randomUUID())
            .param("tenant", agent.tenantId())
            .param("agent", agent.agentId())
            .param("name", described.name())
            .param("kind", described.kind())
            .param("fingerprint", described.fingerprint())
            .param("version", described.serverVersion())
            .param("partitions", partitions)
            .param("now", SqlTime.of(clock.instant()))
            .query((row, number) -> ref(row))
            .single();
    return new Registration.Registered(source, "bronze");
  }

  /// The same database under the same name as one that this agent had removed.
  private Optional<Registration.Registered> comesBack(
      PeerIdentity.Agent agent, Described described) {
    Optional<Registration.Registered> back =
        sql.sql(
                """
                UPDATE control.source s SET removed_at = NULL, server_version = :version
                WHERE s.source_id = (
                  SELECT o.source_id FROM control.source o
                  WHERE o.tenant_id = :tenant AND o.agent_id = :agent AND o.name = :name
                    AND o.kind = :kind AND o.fingerprint = :fingerprint
                    AND o.removed_at IS NOT NULL
                  ORDER BY o.removed_at DESC, o.source_id
                  LIMIT 1)
                RETURNING s.tenant_id, s.source_id, s.agent_id, s.name, s.partition, s.epoch,
                          s.session, s.acknowledge
                """)
            .param("tenant", agent.tenantId())
            .param("agent", agent.agentId())
            .param("name", described.name())
            .param("kind", described.kind())
            .param("fingerprint", described.fingerprint())
            .param("version", described.serverVersion())
            .query(
                (row, number) ->
                    new Registration.Registered(ref(row), row.getString("acknowledge")))
            .optional();
    back.ifPresent(found -> audit(agent, found.source(), "source.restored"));
    return back;
  }

  private void audit(PeerIdentity.Agent agent, SourceRef source, String action) {
    String agentName =
        sql.sql("SELECT name FROM control.agent WHERE agent_id = :agent")
            .param("agent", agent.agentId())
            .query(String.class)
            .single();
    audit.append(
        sql,
        AuditEntry.of(
                source.tenantId(),
                clock.instant(),
                AuditEntry.Actor.agent(agent.agentId(), agentName),
                action)
            .on("source", source.sourceId())
            .with("name", source.name()));
  }

  /// Takes a source off its agent: its streams are over, and what came of it stays.
  public Removal remove(PeerIdentity.Agent agent, UUID sourceId) {
    Removal removal = transactions.execute(_ -> removeInTransaction(agent, sourceId));
    if (removal == null) {
      throw new IllegalStateException("no answer for source " + sourceId);
    }
    return removal;
  }

  /// Takes a source of the tenant off its list for a person there, whichever agent has it.
  public Removal remove(TenantId tenant, UUID sourceId, AuditEntry.Actor person, String address) {
    Removal removal =
        transactions.execute(
            _ -> {
              Optional<SourceRef> removed =
                  sql.sql(
                          """
                          UPDATE control.source s SET removed_at = :now, session = s.session + 1
                          WHERE s.source_id = :source AND s.tenant_id = :tenant
                            AND s.removed_at IS NULL
                          RETURNING s.tenant_id, s.source_id, s.agent_id, s.name, s.partition,
                                    s.epoch, s.session
                          """)
                      .param("now", SqlTime.of(clock.instant()))
                      .param("source", sourceId)
                      .param("tenant", tenant.value())
                      .query((row, number) -> ref(row))
                      .optional();
              if (removed.isPresent()) {
                audit.append(
                    sql,
                    AuditEntry.of(tenant, clock.instant(), person, "source.removed")
                        .on("source", sourceId)
                        .from(address)
                        .with("name", removed.get().name()));
                return new Removal.Removed(removed.get());
              }
              return find(sourceId).filter(found -> found.tenantId().equals(tenant)).isPresent()
                  ? new Removal.Already()
                  : new Removal.Unknown();
            });
    if (removal == null) {
      throw new IllegalStateException("no answer for source " + sourceId);
    }
    return removal;
  }

  private Removal removeInTransaction(PeerIdentity.Agent agent, UUID sourceId) {
    Optional<SourceRef> removed =
        sql.sql(
                """
                UPDATE control.source s SET removed_at = :now, session = s.session + 1
                WHERE s.source_id = :source AND s.tenant_id = :tenant AND s.agent_id = :agent
                  AND s.removed_at IS NULL
                RETURNING s.tenant_id, s.source_id, s.agent_id, s.name, s.partition, s.epoch,
                          s.session
                """)
            .param("now", SqlTime.of(clock.instant()))
            .param("source", sourceId)
            .param("tenant", agent.tenantId())
            .param("agent", agent.agentId())
            .query((row, number) -> ref(row))
            .optional();
    if (removed.isPresent()) {
      audit(agent, removed.get(), "source.removed");
      return new Removal.Removed(removed.get());
    }
    boolean before =
        sql.sql(
                """
                SELECT EXISTS (
                  SELECT 1 FROM control.source s
                  WHERE s.source_id = :source AND s.tenant_id = :tenant AND s.agent_id = :agent)
                """)
            .param("source", sourceId)
            .param("tenant", agent.tenantId())
            .param("agent", agent.agentId())
            .query(Boolean.class)
            .single();
    return before ? new Removal.Already() : new Removal.Unknown();
  }

  /// The source of an agent that cannot speak any more becomes this one's. Streams of the former
  /// are over by that: they are of an older session.
  private Optional<Registration.Registered> inherit(PeerIdentity.Agent agent, Described described) {
    record Moved(
        SourceRef source, String acknowledge, UUID former, String formerName, String name) {}
    Instant now = clock.instant();
    Optional<Moved> moved =
        sql.sql(
                """
                UPDATE control.source s
                SET agent_id = :agent, session = s.session + 1, server_version = :version,
                    removed_at = NULL
                FROM (SELECT o.source_id, f.agent_id, f.name
                      FROM control.source o JOIN control.agent f ON f.agent_id = o.agent_id
                      WHERE o.tenant_id = :tenant AND o.name = :name AND o.kind = :kind
                        AND o.fingerprint = :fingerprint
                        AND (f.revoked_at IS NOT NULL OR f.certificate_expires_at <= :now)
                      ORDER BY o.removed_at IS NOT NULL, o.created_at DESC, o.source_id
                      LIMIT 1
                      FOR UPDATE) AS former,
                     control.agent a
                WHERE s.source_id = former.source_id
                  AND a.agent_id = :agent AND a.tenant_id = :tenant
                RETURNING s.tenant_id, s.source_id, s.agent_id, s.name, s.partition, s.epoch,
                          s.session, s.acknowledge, former.agent_id AS former_id,
                          former.name AS former_name, a.name AS agent_name
                """)
            .param("agent", agent.agentId())
            .param("tenant", agent.tenantId())
            .param("name", described.name())
            .param("kind", described.kind())
            .param("fingerprint", described.fingerprint())
            .param("version", described.serverVersion())
            .param("now", SqlTime.of(now))
            .query(
                (row, number) ->
                    new Moved(
                        ref(row),
                        row.getString("acknowledge"),
                        row.getObject("former_id", UUID.class),
                        row.getString("former_name"),
                        row.getString("agent_name")))
            .optional();
    moved.ifPresent(
        found ->
            audit.append(
                sql,
                AuditEntry.of(
                        found.source().tenantId(),
                        now,
                        AuditEntry.Actor.agent(agent.agentId(), found.name()),
                        "source.moved")
                    .on("source", found.source().sourceId())
                    .with("name", described.name())
                    .with("from_agent_id", found.former().toString())
                    .with("from_agent", found.formerName())));
    return moved.map(found -> new Registration.Registered(found.source(), found.acknowledge()));
  }

  /// Begins a session: every stream before it is over. Empty if the agent has no such source.
  public Optional<SourceRef> openSession(PeerIdentity.Agent agent, UUID sourceId) {
    return sql.sql(
            """
            UPDATE control.source s SET session = s.session + 1
            WHERE s.source_id = :source AND s.tenant_id = :tenant AND s.agent_id = :agent
              AND s.removed_at IS NULL
            RETURNING s.tenant_id, s.source_id, s.agent_id, s.name, s.partition, s.epoch, s.session
            """)
        .param("source", sourceId)
        .param("tenant", agent.tenantId())
        .param("agent", agent.agentId())
        .query((row, number) -> ref(row))
        .optional();
  }

  /// Begins a numbering. Empty if the session is not the newest any more: then it is for the newer
  /// one to decide.
  public Optional<SourceRef> openEpoch(SourceRef source) {
    return sql.sql(
            """
            UPDATE control.source s SET epoch = s.epoch + 1
            WHERE s.source_id = :source AND s.session = :session AND s.epoch = :epoch
            RETURNING s.tenant_id, s.source_id, s.agent_id, s.name, s.partition, s.epoch, s.session
            """)
        .param("source", source.sourceId())
        .param("session", source.session())
        .param("epoch", source.epoch())
        .query((row, number) -> ref(row))
        .optional();
  }

  /// Where these sources stand now, in one statement however many they are.
  public List<Standing> standing(Collection<UUID> sourceIds) {
    return sql.sql(
            """
            SELECT s.tenant_id, s.source_id, s.agent_id, s.name, s.partition, s.epoch, s.session,
                   s.acknowledge, coalesce(c.epoch, 0) AS durable_epoch,
                   coalesce(c.session, 0) AS durable_session,
                   coalesce(c.bronze_seq, 0) AS durable_seq,
                   coalesce(c.digest, ''::bytea) AS durable_digest,
                   CASE WHEN c.position_seq = c.bronze_seq THEN c.position ELSE '' END
                     AS durable_position
            FROM control.source s
            LEFT JOIN control.checkpoint_source c ON c.source_id = s.source_id
            WHERE s.source_id = ANY (:sources)
            """)
        .param("sources", sourceIds.toArray(UUID[]::new))
        .query(
            (row, number) ->
                new Standing(
                    ref(row),
                    new Checkpoint(
                        row.getInt("durable_epoch"),
                        row.getLong("durable_session"),
                        row.getLong("durable_seq"),
                        row.getBytes("durable_digest"),
                        row.getString("durable_position")),
                    row.getString("acknowledge")))
        .list();
  }

  /// How many sources share a partition; the windows of all of them have to fit into it.
  public int inPartition(int partition) {
    return sql.sql(
            """
            SELECT count(*) FROM control.source s
            WHERE s.partition = :partition AND s.removed_at IS NULL
            """)
        .param("partition", partition)
        .query(Integer.class)
        .single();
  }

  private static SourceRef ref(ResultSet row) throws SQLException {
    return new SourceRef(
        new TenantId(row.getObject("tenant_id", UUID.class)),
        row.getObject("source_id", UUID.class),
        row.getObject("agent_id", UUID.class),
        row.getString("name"),
        row.getInt("partition"),
        row.getInt("epoch"),
        row.getLong("session"));
  }
}
