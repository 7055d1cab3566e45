package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Row;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/// What the events of one batch come to, collapsed by key, ready to be written.
final class Batch {
  final SourceModel model;
  final Minutes minutes;

  /// Rows of `row_state` to be added, and the places of those to be taken out.
  final RowSink rows = new RowSink();

  final List<String> rowsGone = new ArrayList<>();

  /// Entities whose describing rows were inserted, by id.
  final Map<UUID, Description> described = new LinkedHashMap<>();

  /// Entities whose describing rows were changed in any other way.
  final Map<UUID, Subject> changed = new LinkedHashMap<>();

  final List<Device> devices = new ArrayList<>();

  /// Those that a row refers to no more.
  final Set<Device> lost = new HashSet<>();

  final List<Head> heads = new ArrayList<>();
  final Map<UUID, TallText> texts = new LinkedHashMap<>();
  final Map<String, TableCount> tables = new HashMap<>();

  /// What is counted of a table, whichever version of it.
  TableCount count(TablePlan plan) {
    return tables.computeIfAbsent(plan.table, table -> new TableCount(plan));
  }

  /// Plans that the batch met first, or that may say something new of their table.
  final Set<TablePlan> plans = new HashSet<>();

  /// A text among tall readings.
  record TallText(UUID id, Device device, TablePlan plan, Metric metric) {}

  Batch(SourceModel model) {
    this.model = model;
    minutes = new Minutes(model, plan -> count(plan));
    model.batch++;
  }

  void touch(Device device) {
    if (device.batch != model.batch) {
      device.batch = model.batch;
      devices.add(device);
    }
  }

  Head touch(Head head) {
    if (head.batch != model.batch) {
      head.batch = model.batch;
      head.dirty = false;
      head.freshRow = null;
      head.freshPlan = null;
      heads.add(head);
    }
    return head;
  }

  /// A reading that was not there before.
  void add(Reading reading, Row row, long born) {
    touch(reading.device);
    minutes.add(reading, row, born);
    touch(reading.device.head(reading.plan, model)).offer(reading.plan, row, reading.atUs, born);
    touchText(reading);
  }

  /// Whatever reading was replaced by another, or by none: what is newest must be asked.
  void touchChanged(Reading reading) {
    touch(reading.device);
    touch(reading.device.head(reading.plan, model)).dirty = true;
    touchText(reading);
  }

  private void touchText(Reading reading) {
    var id = reading.text;
    var metric = reading.metric;
    if (id != null && metric != null) {
      texts.put(id, new TallText(id, reading.device, reading.plan, metric));
    }
  }

  void changed(Subject subject) {
    changed.put(subject.id(), subject);
    var device = subject.device();
    if (device != null) {
      touch(device);
    }
  }
}
