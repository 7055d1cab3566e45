package io.claritystream.insight.dashboard;

import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.time.Clock;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RunsAs(ProcessRole.API)
@Tag(name = "Overview")
class OverviewController {
  private final Catalogue catalogue;
  private final Snapshots snapshots;
  private final Clock clock;

  OverviewController(Catalogue catalogue, Snapshots snapshots, Clock clock) {
    this.catalogue = catalogue;
    this.snapshots = snapshots;
    this.clock = clock;
  }

  @GetMapping("/v1/overview")
  @RequiresPermission(Permission.OVERVIEW_READ)
  @Operation(operationId = "getOverview", summary = "The fleet at a glance")
  Overview get(Caller caller) {
    var tenant = caller.tenantId();
    var pins = catalogue.pins(tenant, caller.userId());
    var metrics = Catalogue.withPins(catalogue.ranked(tenant), pins);
    var hour = snapshots.hour(tenant, Overview.shown(metrics));
    return Overview.of(
        snapshots.sources(tenant), snapshots.fleet(tenant), metrics, pins, hour, clock.instant());
  }
}
