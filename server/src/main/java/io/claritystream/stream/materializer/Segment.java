package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Op;
import java.util.ArrayList;
import java.util.List;

/// Events of a batch that are written at once. One that empties a table ends them, because it
/// means the rows that were written before it.
///
/// @param truncates whether the last one empties its table
record Segment(List<ChangeEvent> events, boolean truncates) {
  static List<Segment> of(List<ChangeEvent> events) {
    var segments = new ArrayList<Segment>(1);
    var from = 0;
    for (var i = 0; i < events.size(); i++) {
      if (events.get(i).op() == Op.TRUNCATE) {
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
