package io.claritystream.stream.source;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditLog;
import java.io.PrintStream;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/// `admin rebuild SOURCE` on the command line: asks a running platform, through its database, to
/// build what is shown of a source anew. It ends with 0 when it was asked, 1 when it could not be,
/// 2 when it was not understood.
public final class RebuildCommand {
  private static final int DONE = 0;
  private static final int FAILED = 1;
  private static final int MISUSED = 2;

  private static final String FIND =
      """
      SELECT source_id, tenant_id, name FROM control.source
      WHERE source_id::text = lower(:source) OR name = :source
      ORDER BY source_id LIMIT 2
      """;

  private static final String ADD =
      """
      INSERT INTO control.rebuild (rebuild_id, tenant_id, source_id, state, requested_at)
      VALUES (:rebuild, :tenant, :source, 'waiting', :now)
      """;

  private record Found(UUID sourceId, UUID tenantId, String name) {}

  private final JdbcClient service;
  private final TransactionTemplate transactions;
  private final AuditLog audit;
  private final Clock clock;
  private final PrintStream out;
  private final PrintStream err;

  RebuildCommand(
      JdbcClient service,
      TransactionTemplate transactions,
      AuditLog audit,
      Clock clock,
      PrintStream out,
      PrintStream err) {
    this.service = service;
    this.transactions = transactions;
    this.audit = audit;
    this.clock = clock;
    this.out = out;
    this.err = err;
  }

  /// Runs with the configuration that the server has.
  ///
  /// @param arguments what follows `admin rebuild`
  public static int run(List<String> arguments, PrintStream out, PrintStream err) {
    return run(arguments, Map.of(), out, err);
  }

  static int run(
      List<String> arguments, Map<String, Object> settings, PrintStream out, PrintStream err) {
    if (arguments.size() != 1) {
      err.println("admin rebuild needs one source, by its id or its name.");
      return MISUSED;
    }
    var application =
        new SpringApplicationBuilder(Beans.class)
            .web(WebApplicationType.NONE)
            .lazyInitialization(true)
            .logStartupInfo(false)
            .registerShutdownHook(false)
            .properties(settings);
    try (var context =
        application.run("--clarity.database.migrate=false", "--logging.level.root=ERROR")) {
      return new RebuildCommand(
              context.getBean("serviceJdbcClient", JdbcClient.class),
              context.getBean("serviceTransactionTemplate", TransactionTemplate.class),
              context.getBean(AuditLog.class),
              context.getBean(Clock.class),
              out,
              err)
          .act(arguments.getFirst());
    } catch (DuplicateKeyException underWay) {
      err.println("A rebuild of this source is under way already.");
      return FAILED;
    } catch (DataAccessException | TransactionException unreachable) {
      err.println(
          "The database did not answer: " + unreachable.getMostSpecificCause().getMessage());
      return FAILED;
    }
  }

  private int act(String source) {
    var found =
        service
            .sql(FIND)
            .param("source", source)
            .query(
                (row, number) ->
                    new Found(
                        row.getObject("source_id", UUID.class),
                        row.getObject("tenant_id", UUID.class),
                        row.getString("name")))
            .list();
    if (found.isEmpty()) {
      err.println("There is no source " + source + ".");
      return FAILED;
    }
    if (found.size() > 1) {
      err.println("Several sources are called " + source + ": name one by its id.");
      return FAILED;
    }
    var one = found.getFirst();
    var rebuild = UUID.randomUUID();
    transactions.executeWithoutResult(
        status -> {
          var now = clock.instant();
          service
              .sql(ADD)
              .param("rebuild", rebuild)
              .param("tenant", one.tenantId())
              .param("source", one.sourceId())
              .param("now", SqlTime.of(now))
              .update();
          var operator = "operator " + System.getProperty("user.name", "unknown");
          audit.append(
              service,
              AuditEntry.of(
                      new TenantId(one.tenantId()),
                      now,
                      AuditEntry.Actor.platform(operator),
                      "source.rebuild_requested")
                  .on("source", one.sourceId())
                  .with("rebuild", rebuild.toString()));
        });
    out.println(
        "Source "
            + one.name()
            + " is built anew. /v1/sources/"
            + one.sourceId()
            + "/rebuilds/"
            + rebuild
            + " says how far it is.");
    return DONE;
  }

  /// The few parts that the command needs. Not marked as a configuration, so that the server, which
  /// scans this package, does not take it for one of its own.
  @ComponentScan({
    "io.claritystream.base.db",
    "io.claritystream.base.process",
    "io.claritystream.control.audit"
  })
  static class Beans {

    @Bean
    JsonMapper jsonMapper() {
      return JsonMapper.shared();
    }
  }
}
