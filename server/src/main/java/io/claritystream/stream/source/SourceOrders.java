package io.claritystream.stream.source;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Problem;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditLog;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;

/// What people order of a source, of one kind: listed newest first, looked at, and given up, with
/// an entry in the audit log. How one is added is its kind's own.
///
/// @param <O> how an order is shown
final class SourceOrders<O extends SourceOrders.Order> {
  /// What every order has.
  interface Order {
    UUID id();

    Instant requestedAt();
  }

  /// @param name of one, as paths, problems and the audit log say it: `rebuild`
  /// @param select those of `:tenant` and `:source`, of which `:order` names one and null all,
  ///     behind `:at` and `:after` if these are given, newest first, at most `:rows`
  /// @param cancel gives `:order` of `:tenant` and `:source` up at `:now`, if it has not ended
  record Kind<O>(String name, String select, String cancel, RowMapper<O> row) {
    private String list() {
      return name + "s";
    }
  }

  private final TenantTransactions transactions;
  private final AuditLog audit;
  private final Clock clock;
  private final Kind<O> kind;

  SourceOrders(TenantTransactions transactions, AuditLog audit, Clock clock, Kind<O> kind) {
    this.transactions = transactions;
    this.audit = audit;
    this.clock = clock;
    this.kind = kind;
  }

  static void requireSource(JdbcClient sql, Caller caller, UUID source) {
    sql.sql("SELECT 1 FROM control.source WHERE tenant_id = :tenant AND source_id = :source")
        .param("tenant", caller.tenantId().value())
        .param("source", source)
        .query(Integer.class)
        .optional()
        .orElseThrow(() -> Problem.notFound("source", source));
  }

  Page<O> list(Caller caller, UUID source, PageRequest page) {
    var after = page.after(kind.list(), 2);
    var rows =
        transactions.read(
            caller.tenantId(),
            sql -> {
              requireSource(sql, caller, source);
              return select(
                  sql,
                  caller,
                  source,
                  null,
                  after.map(cursor -> cursor.instant(0)).orElse(null),
                  after.map(cursor -> cursor.uuid(1)).orElse(null),
                  page.rows());
            });
    return Page.of(rows, page, found -> Cursor.of(kind.list(), found.requestedAt(), found.id()));
  }

  O get(Caller caller, UUID source, UUID order) {
    return transactions.read(caller.tenantId(), sql -> one(sql, caller, source, order));
  }

  /// One that has ended stays as it is.
  O cancel(Caller caller, UUID source, UUID order, HttpServletRequest request) {
    var now = clock.instant();
    return transactions.run(
        caller.tenantId(),
        caller.userId(),
        sql -> {
          one(sql, caller, source, order);
          var changed =
              sql.sql(kind.cancel())
                  .param("now", SqlTime.of(now))
                  .param("tenant", caller.tenantId().value())
                  .param("source", source)
                  .param("order", order)
                  .update();
          if (changed > 0) {
            audit.append(sql, entry(sql, caller, request, now, "cancelled", source, order));
          }
          return one(sql, caller, source, order);
        });
  }

  /// @param act what was done to it: `cancelled`
  AuditEntry entry(
      JdbcClient sql,
      Caller caller,
      HttpServletRequest request,
      Instant now,
      String act,
      UUID source,
      UUID order) {
    return AuditEntry.of(
            caller.tenantId(),
            now,
            AuditLog.person(sql, caller.userId()),
            "source." + kind.name() + "_" + act)
        .on("source", source)
        .from(request.getRemoteAddr())
        .with(kind.name(), order.toString());
  }

  O one(JdbcClient sql, Caller caller, UUID source, UUID order) {
    var found = select(sql, caller, source, order, null, null, 1);
    if (found.isEmpty()) {
      throw Problem.notFound(kind.name(), order);
    }
    return found.getFirst();
  }

  private List<O> select(
      JdbcClient sql,
      Caller caller,
      UUID source,
      @Nullable UUID order,
      @Nullable Instant at,
      @Nullable UUID after,
      int rows) {
    return sql.sql(kind.select())
        .param("tenant", caller.tenantId().value())
        .param("source", source)
        .param("order", order)
        .param("at", at == null ? null : SqlTime.of(at))
        .param("after", after)
        .param("rows", rows)
        .query(kind.row())
        .list();
  }
}
