package io.claritystream.stream.materializer;

import io.claritystream.stream.materializer.Things.EntityRow;
import io.claritystream.stream.materializer.Things.SiteRow;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Says of a batch's entities, sites and devices what they are now, and whether they still are: a
/// site or a device is there if a row describes it or anything refers to it; any other entity if
/// its row is. Runs when `row_state` has the batch's rows.
final class Settlement {
  private final Batch batch;
  private final Fold fold;
  private final SourceModel model;
  private final RowStates states;
  private final Things things;
  private final SpanRows spans;
  private final ExtrasTables extras;

  /// What describes the batch's entities now, by id; of the fresh ones nothing was there before.
  private final Map<UUID, Description> descriptions = new HashMap<>();

  private final Set<UUID> fresh = new HashSet<>();

  /// Whose rows described the others.
  private Map<UUID, String> tablesBefore = Map.of();

  /// Entities that no row describes any more.
  private final List<Subject> undescribed = new ArrayList<>();

  private final Set<UUID> leftSites = new HashSet<>();
  private final Map<UUID, SiteRow> namedSites = new HashMap<>();
  private final Set<UUID> gone = new HashSet<>();

  Settlement(Fold fold, RowStates states, Things things, SpanRows spans, ExtrasTables extras) {
    this.fold = fold;
    batch = fold.batch;
    model = batch.model;
    this.states = states;
    this.things = things;
    this.spans = spans;
    this.extras = extras;
  }

  void settle() throws SQLException {
    describe();
    things.load(batch.devices);
    touchHeadsNamingSites();
    var heads = new Heads(fold, states, extras);
    var toLoad = heads.find();
    for (var id : descriptions.keySet()) {
      if (!fresh.contains(id)) {
        toLoad.add(id);
      }
    }
    undescribed.forEach(subject -> toLoad.add(subject.id()));
    var stored = extras.load(toLoad);
    heads.settle(stored);
    settleOwnExtras(stored);
    settleDevices();
    settleSites();
    settleRows();
    settleSpans();
    extras.write();
    things.deleteEntities(gone);
    extras.deleteAll(gone);
  }

  /// A row that was inserted describes its entity, unless it is there already; then, as after any
  /// change, the youngest of its rows does.
  private void describe() throws SQLException {
    batch.changed.keySet().forEach(batch.described::remove);
    var added = new ArrayList<EntityRow>(batch.described.size());
    batch.described.values().forEach(description -> added.add(row(description)));
    fresh.addAll(things.add(added));
    batch.described.forEach(
        (id, description) -> {
          if (fresh.contains(id)) {
            descriptions.put(id, description);
          } else {
            batch.changed(description.subject);
          }
        });
    tablesBefore = things.tables(batch.changed.keySet());
    states.describing(batch.changed.keySet(), this::describe);
    var described = new ArrayList<EntityRow>();
    for (var subject : batch.changed.values()) {
      var description = descriptions.get(subject.id());
      if (description == null) {
        undescribed.add(subject);
      } else {
        described.add(row(description));
      }
    }
    things.put(described);
  }

  private void describe(StoredRow row) {
    var subject = fold.subjects().of(row.plan(), row.row(), row.born());
    if (subject != null) {
      descriptions.put(
          subject.id(),
          fold.subjects().describe(subject, row.plan(), row.row(), row.born(), row.atUs()));
    }
  }

  private static EntityRow row(Description description) {
    var subject = description.subject;
    return new EntityRow(
        subject.id(), description.table, subject.key(), subject.kind(), description.born);
  }

  /// A device whose own row does not say where it is asks all its newest readings.
  private void touchHeadsNamingSites() throws SQLException {
    var tables = model.plans.tablesNamingSites();
    if (tables.isEmpty()) {
      return;
    }
    for (var device : batch.devices) {
      for (var table : tables) {
        var head = device.head(table, model.plans.keySpace(table), model);
        if (!head.known) {
          batch.touch(head);
        }
      }
    }
  }

  private void settleOwnExtras(Map<UUID, Map<String, Texts.Typed>> stored) {
    descriptions.forEach(
        (id, description) ->
            extras.replace(
                id,
                fresh.contains(id) ? Map.of() : stored.getOrDefault(id, Map.of()),
                ExtraNames::isOwn,
                description.extras,
                tablesBefore.getOrDefault(id, description.table),
                description.table));
    for (var subject : undescribed) {
      var table = tablesBefore.getOrDefault(subject.id(), "");
      extras.replace(
          subject.id(),
          stored.getOrDefault(subject.id(), Map.of()),
          ExtraNames::isOwn,
          Map.of(),
          table,
          table);
    }
  }

  // Devices

  private void settleDevices() throws SQLException {
    var without = new HashSet<UUID>();
    undescribed.forEach(subject -> without.add(subject.id()));
    var doubtful = new HashSet<UUID>();
    for (var device : batch.devices) {
      if (without.contains(device.id) || batch.lost.contains(device) && !device.described) {
        doubtful.add(device.id);
      }
    }
    descriptions.keySet().forEach(doubtful::remove);
    var unreferred = new HashSet<>(doubtful);
    states.referred(doubtful, unreferred::remove);
    var tables = model.plans.tablesNamingSites();
    var put = new ArrayList<Device>();
    var entities = new ArrayList<EntityRow>();
    var deleted = new ArrayList<UUID>();
    for (var device : batch.devices) {
      if (unreferred.contains(device.id)) {
        if (device.stored) {
          deleted.add(device.id);
          if (device.siteId != null) {
            leftSites.add(device.siteId);
          }
        }
        device.isGone();
        continue;
      }
      if (settle(device, without.contains(device.id), tables, entities)) {
        put.add(device);
      }
    }
    things.deleteDevices(deleted);
    gone.addAll(deleted);
    things.put(entities);
    things.putDevices(put);
  }

  /// @return whether its row has to be written
  private boolean settle(
      Device device, boolean isUndescribed, List<ModelTable> tables, List<EntityRow> entities) {
    var description = descriptions.get(device.id);
    var differs = !device.stored || description != null || isUndescribed;
    if (description != null) {
      device.described = true;
      device.placed = description.placed;
      device.name = description.name;
      device.shownKind = description.shownKind;
    } else if (isUndescribed) {
      device.described = false;
      device.placed = false;
      device.name = device.key;
      device.shownKind = device.kind;
    }
    if (description == null && differs) {
      entities.add(new EntityRow(device.id, "", device.key, Subject.DEVICE, 0));
    }
    var siteBefore = device.siteId;
    if (!device.placed) {
      var head = newestNamingSite(device, tables);
      device.siteId = head == null ? null : head.siteId;
      nameSite(device.siteId, head == null ? "" : head.siteKey);
    } else if (description != null) {
      device.siteId = description.siteId;
      nameSite(device.siteId, description.siteKey);
    }
    if (!Objects.equals(siteBefore, device.siteId)) {
      differs = true;
      if (siteBefore != null) {
        leftSites.add(siteBefore);
      }
    }
    device.stored = true;
    return differs;
  }

  private @Nullable Head newestNamingSite(Device device, List<ModelTable> tables) {
    Head newest = null;
    for (var table : tables) {
      var head = device.knownHead(table);
      if (head != null
          && head.namesSite
          && (newest == null
              || head.atUs > newest.atUs
              || head.atUs == newest.atUs && head.born > newest.born)) {
        newest = head;
      }
    }
    return newest;
  }

  private void nameSite(@Nullable UUID site, String key) {
    if (site != null && !model.isKnownSite(site)) {
      namedSites.putIfAbsent(site, new SiteRow(site, key, key));
    }
  }

  // Sites and other entities

  private void settleSites() throws SQLException {
    var described = new ArrayList<SiteRow>();
    for (var description : descriptions.values()) {
      var subject = description.subject;
      if (subject.isSite()) {
        described.add(new SiteRow(subject.id(), subject.key(), description.name));
        model.siteIsKnown(subject.id());
        namedSites.remove(subject.id());
      }
    }
    things.putSites(described);
    var entities = new ArrayList<EntityRow>();
    for (var site : namedSites.values()) {
      entities.add(new EntityRow(site.id(), "", site.key(), Subject.SITE, 0));
    }
    things.add(entities);
    things.addSites(new ArrayList<>(namedSites.values()));
    namedSites.keySet().forEach(model::siteIsKnown);
    settleLeftSites();
  }

  private void settleLeftSites() throws SQLException {
    var entities = new ArrayList<EntityRow>();
    var sites = new ArrayList<SiteRow>();
    for (var subject : undescribed) {
      if (subject.isSite()) {
        entities.add(new EntityRow(subject.id(), "", subject.key(), Subject.SITE, 0));
        sites.add(new SiteRow(subject.id(), subject.key(), subject.key()));
        leftSites.add(subject.id());
      }
    }
    things.put(entities);
    things.putSites(sites);
    var forsaken = things.forsakenSites(leftSites);
    things.deleteSites(forsaken);
    forsaken.forEach(model::siteIsGone);
    gone.addAll(forsaken);
  }

  private void settleRows() {
    for (var subject : undescribed) {
      if (subject.isRow()) {
        gone.add(subject.id());
      }
    }
  }

  /// A session is what the row says that describes its entity; if none does, it is not.
  private void settleSpans() throws SQLException {
    var said = new ArrayList<Description>();
    var unsaid = new ArrayList<UUID>();
    descriptions.forEach(
        (id, description) -> {
          if (description.span != null) {
            said.add(description);
          } else if (!fresh.contains(id) && description.subject.isRow()) {
            unsaid.add(id);
          }
        });
    for (var subject : undescribed) {
      if (subject.isRow()) {
        unsaid.add(subject.id());
      }
    }
    spans.put(said);
    spans.delete(unsaid);
  }
}
