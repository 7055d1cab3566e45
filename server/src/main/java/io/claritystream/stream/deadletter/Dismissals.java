package io.claritystream.stream.deadletter;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditLog;
import io.claritystream.stream.deadletter.DeadLetterController.Letter;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Clock;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

/// Some letters stand as open until their table is read again, or for ever: those of no row, those
/// of a row that no event will tell whole, or will tell by another key. Which ones nobody can say
/// beforehand, so any open one may be dismissed by a person who knows of it.
///
/// That takes it off the list, and mends nothing: a row in quarantine stays there, and its table
/// not exact. Only what is missing here for good is then counted apart, see `SourceTable`.
@RestController
@Tag(name = "Dead letters")
class Dismissals {
  private static final String ONE =
      DeadLetterController.COLUMNS + "WHERE tenant_id = :tenant AND dead_letter_id = :letter";

  private static final String DISMISS =
      """
      UPDATE control.dead_letter
      SET dismissed_at = :now, dismissed_by = :user, dismissed_by_name = :name
      WHERE tenant_id = :tenant AND dead_letter_id = :letter AND settled_at IS NULL
        AND dismissed_at IS NULL
      """;

  private final TenantTransactions transactions;
  private final AuditLog audit;
  private final Clock clock;

  Dismissals(TenantTransactions transactions, AuditLog audit, Clock clock) {
    this.transactions = transactions;
    this.audit = audit;
    this.clock = clock;
  }

  @PostMapping("/v1/dead-letters/{id}/dismiss")
  @RequiresPermission(Permission.SOURCES_WRITE)
  @Operation(
      operationId = "dismissDeadLetter",
      summary = "Takes a letter off those that are open",
      description =
          "What is shown lacks the event still. A row that waits for it waits on, and its table is"
              + " not exact until the row is mended. Events that are missing here for good"
              + " (`not_in_bronze`, `batch_corrupt`) do not keep their tables from being called exact"
              + " any more, and are counted as `missing_dismissed` of them. One that is settled or"
              + " dismissed already stays as it is.")
  Letter dismiss(Caller caller, @PathVariable("id") UUID id, HttpServletRequest request) {
    var now = clock.instant();
    return transactions.run(
        caller.tenantId(),
        caller.userId(),
        sql -> {
          var found = one(sql, caller, id);
          if (!found.dismissible()) {
            return found;
          }
          var person = AuditLog.person(sql, caller.userId());
          var changed =
              sql.sql(DISMISS)
                  .param("now", SqlTime.of(now))
                  .param("user", caller.userId().value())
                  .param("name", person.name())
                  .param("tenant", caller.tenantId().value())
                  .param("letter", id)
                  .update();
          if (changed > 0) {
            audit.append(
                sql,
                AuditEntry.of(caller.tenantId(), now, person, "dead_letter.dismissed")
                    .on("dead_letter", id)
                    .from(request.getRemoteAddr())
                    .with("source", found.sourceId().toString())
                    .with("cause", found.cause())
                    .with("epoch", String.valueOf(found.epoch()))
                    .with("seq", String.valueOf(found.seq())));
          }
          return one(sql, caller, id);
        });
  }

  private static Letter one(JdbcClient sql, Caller caller, UUID id) {
    return sql.sql(ONE)
        .param("tenant", caller.tenantId().value())
        .param("letter", id)
        .query(DeadLetterController::letter)
        .optional()
        .orElseThrow(() -> Problem.notFound("dead letter", id));
  }
}
