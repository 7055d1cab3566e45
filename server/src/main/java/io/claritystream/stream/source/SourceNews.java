package io.claritystream.stream.source;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.live.LiveHub;
import io.claritystream.base.live.LiveMessage;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;

/// Tells open pages how their sources are.
final class SourceNews {
  private final TenantTransactions transactions;
  private final SourceViews views;
  private final LiveHub hub;

  SourceNews(TenantTransactions transactions, SourceViews views, LiveHub hub) {
    this.transactions = transactions;
    this.views = views;
    this.hub = hub;
  }

  /// Reads these sources for the tenants that somebody watches, and for no other.
  void tell(List<SourceRef> sources) {
    Map<TenantId, List<UUID>> watched =
        sources.stream()
            .filter(source -> hub.isWatched(source.tenantId()))
            .collect(
                Collectors.groupingBy(
                    SourceRef::tenantId,
                    Collectors.mapping(SourceRef::sourceId, Collectors.toList())));
    watched.forEach(
        (tenant, ids) ->
            transactions
                .read(tenant, sql -> views.of(sql, tenant, ids))
                .forEach(view -> hub.publish(tenant, new LiveMessage.Source(view.id(), view))));
  }
}
