package io.claritystream.stream.bronze;

import java.util.Iterator;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.annotation.JsonSerialize;

/// A payload's JSON, given to the answer piece by piece.
@JsonSerialize(using = EventPayload.Writer.class)
record EventPayload(Iterable<String> pieces) {

  static final class Writer extends ValueSerializer<EventPayload> {
    @Override
    public void serialize(EventPayload payload, JsonGenerator to, SerializationContext context) {
      Iterator<String> pieces = payload.pieces().iterator();
      to.writeRawValue(pieces.next());
      while (pieces.hasNext()) {
        to.writeRaw(pieces.next());
      }
    }
  }
}
