package io.claritystream.stream.source;

import io.claritystream.base.db.TenantId;
import java.util.Collection;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.simple.JdbcClient;

/// In which states the sources of a tenant are, by the rule that their own pages show them by.
public final class SourceStates {
  /// A tenant has far fewer; what is beyond is not counted.
  private static final int SOURCES_MAX = 2_000;

  private final SourceViews views;

  SourceStates(SourceViews views) {
    this.views = views;
  }

  /// How many sources, without removed ones, are in which state, in a transaction of the tenant.
  public Map<String, Integer> count(JdbcClient sql, TenantId tenant) {
    return views.list(sql, tenant, false, null, SOURCES_MAX).stream()
        .collect(Collectors.toMap(SourceViews.Source::state, source -> 1, Integer::sum));
  }

  /// The states of those of these sources that are the tenant's, removed ones too, in a transaction
  /// of the tenant.
  public Map<UUID, String> of(JdbcClient sql, TenantId tenant, Collection<UUID> sources) {
    if (sources.isEmpty()) {
      return Map.of();
    }
    return views.of(sql, tenant, sources).stream()
        .collect(Collectors.toMap(SourceViews.Source::id, SourceViews.Source::state));
  }
}
