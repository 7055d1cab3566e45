package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.TableSchema;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;

/// Events of a batch that are written at once. One that empties a table ends them, because it
/// means the rows that were written before it; the first one of another version of its table begins
/// them, because stored rows may get other keys with it.
///
/// @param truncates whether the last one empties its table
record Segment(List<ChangeEvent> events, boolean truncates) {
  static List<Segment> of(List<ChangeEvent> events) {
    var segments = new ArrayList<Segment>(1);
    var versions = new HashMap<String, Long>();
    TableSchema last = null;
    var from = 0;
    for (var i = 0; i < events.size(); i++) {
      var event = events.get(i);
      if (event.schema() != last) {
        last = event.schema();
        var before = versions.put(last.qualifiedName(), event.schemaFingerprint());
        if (before != null && before != event.schemaFingerprint() && i > from) {
          segments.add(new Segment(events.subList(from, i), false));
          from = i;
        }
      }
      if (event.op() == Op.TRUNCATE) {
        segments.add(new Segment(events.subList(from, i + 1), true));
        from = i + 1;
      }
    }
    if (from < events.size()) {
      segments.add(new Segment(events.subList(from, events.size()), false));
    }
    return segments;
  }
}
