package io.claritystream.stream.source;

import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditLog;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.util.UUID;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/// For a source whose agent will not remove it itself: it is gone, or was paired anew.
@RestController
@Tag(name = "Sources")
class SourceRemovalController {
  private final TenantTransactions transactions;
  private final Sources sources;
  private final SourceReports reports;

  SourceRemovalController(TenantTransactions transactions, Sources sources, SourceReports reports) {
    this.transactions = transactions;
    this.sources = sources;
    this.reports = reports;
  }

  @DeleteMapping("/v1/sources/{id}")
  @RequiresPermission(Permission.SOURCES_WRITE)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  @Operation(
      operationId = "removeSource",
      summary = "Takes a source off the list; what came of it stays",
      description =
          "Its stream ends and none is taken any more, until its agent registers the same database"
              + " again. The source's own database is not reached from here: the replication slot"
              + " and the publications that its agent made there go by `source remove` at the"
              + " agent, or by hand.")
  void remove(Caller caller, @PathVariable("id") UUID id, HttpServletRequest request) {
    AuditEntry.Actor person =
        transactions.run(
            caller.tenantId(),
            caller.userId(),
            sql -> {
              // The role that removes it is held to no tenant by the database; this one is.
              SourceOrders.requireSource(sql, caller, id);
              return AuditLog.person(sql, caller.userId());
            });
    switch (sources.remove(caller.tenantId(), id, person, request.getRemoteAddr())) {
      case Sources.Removal.Removed(var source) -> reports.removed(source);
      case Sources.Removal.Already() -> {}
      case Sources.Removal.Unknown() -> throw Problem.notFound("source", id);
    }
  }
}
