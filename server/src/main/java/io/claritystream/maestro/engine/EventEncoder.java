package io.claritystream.maestro.engine;

import com.github.luben.zstd.Zstd;
import io.claritystream.maestro.action.Json;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What others are told of executions, as it lies in the outbox: for each event a line with its key
/// and a line of JSON, all of it compressed: the lines say much the same, and the database would
/// compress them less and at a higher price.
final class EventEncoder {

  private static final int LEVEL = 1;
  private static final long PLAIN_BYTES_MAX = 256L * 1024 * 1024;

  /// The lines of a row of the outbox.
  static byte[] plain(byte[] events) {
    var size = Zstd.getFrameContentSize(events);
    if (size < 0 || size > PLAIN_BYTES_MAX) {
      throw new IllegalStateException("a row of the outbox is not readable: bytes=" + size);
    }
    return Zstd.decompress(events, (int) size);
  }

  /// The events of a group of entries, in their order.
  byte[] encode(List<JournalEntry> group) {
    var out = new ByteArrayOutputStream(group.size() * 400);
    for (var entry : group) {
      if (entry instanceof JournalEntry.Accept accept) {
        started(out, accept.intake);
        if (accept.first != null) {
          step(out, entry, accept.first);
        }
      } else {
        entry.lines.forEach(line -> step(out, entry, line));
      }
      if (entry instanceof JournalEntry.End end) {
        ended(out, end.ref, end.status, end.finishedAt, end.outcome, end.step, end.message);
      }
    }
    return Zstd.compress(out.toByteArray(), LEVEL);
  }

  /// Those of executions that were canceled.
  byte[] canceled(List<ExecutionRef> canceled, Instant at, String message) {
    var out = new ByteArrayOutputStream(canceled.size() * 400);
    for (var ref : canceled) {
      ended(out, ref, ExecutionStatus.CANCELED, at, "canceled", null, message);
    }
    return Zstd.compress(out.toByteArray(), LEVEL);
  }

  private static void started(ByteArrayOutputStream out, Intake intake) {
    new Event(out, "execution.started", intake.createdAt(), intake.ref())
        .text("trigger_type", intake.triggerType())
        .text("trigger", intake.triggerKey())
        .text("name", intake.name())
        .text("correlation_key", intake.correlationKey())
        .text("origin_id", intake.origin() == null ? null : intake.origin().toString())
        .end();
  }

  private static void step(ByteArrayOutputStream out, JournalEntry entry, LogLine line) {
    switch (line.kind()) {
      case SUCCEEDED, HANDLED, FAILED ->
          new Event(out, "execution.step_finished", line.timestamp(), entry.ref)
              .text("step", line.step())
              .text("outcome", line.kind() == LogLine.Kind.SUCCEEDED ? "success" : "failed")
              .plain("handled", line.kind() == LogLine.Kind.HANDLED)
              .plain("attempts", line.attempt())
              .plain("duration_us", line.durationUs())
              .end();
      case TRIGGER, INTENT, RETRY, PARKED, RESOLVED, NOTE -> {
        // Not the end of a step.
      }
    }
  }

  private static void ended(
      ByteArrayOutputStream out,
      ExecutionRef ref,
      ExecutionStatus status,
      Instant at,
      String outcome,
      @Nullable String step,
      @Nullable String message) {
    new Event(out, "execution.ended", at, ref)
        .text("status", status.key())
        .text("outcome", outcome)
        .text("step", step)
        .text("message", message)
        .end();
  }

  /// One event. It is written straight, since there are several for each execution.
  private static final class Event {
    private final ByteArrayOutputStream out;
    private final StringBuilder text = new StringBuilder(400);

    Event(ByteArrayOutputStream out, String type, Instant at, ExecutionRef ref) {
      this.out = out;
      text.append(ref.tenant()).append('|').append(ref.execution()).append("\n{\"type\":\"");
      text.append(type).append("\",\"at\":\"").append(at);
      text.append("\",\"organization_id\":\"").append(ref.tenant());
      text.append("\",\"workflow_id\":\"").append(ref.workflow());
      text.append("\",\"version\":").append(ref.version());
      text.append(",\"execution_id\":\"").append(ref.execution()).append('"');
    }

    Event text(String name, @Nullable String value) {
      if (value == null || !plain(value)) {
        return plain(name, value == null ? null : Json.write(value));
      }
      text.append(",\"").append(name).append("\":\"").append(value).append('"');
      return this;
    }

    /// Whether a text is written as it is, as most are: keys, ids and codes.
    private static boolean plain(String value) {
      for (var i = 0; i < value.length(); i++) {
        var c = value.charAt(i);
        if (c < ' ' || c > '~' || c == '"' || c == '\\') {
          return false;
        }
      }
      return true;
    }

    Event plain(String name, @Nullable Object value) {
      text.append(",\"").append(name).append("\":").append(value);
      return this;
    }

    void end() {
      text.append("}\n");
      out.writeBytes(text.toString().getBytes(StandardCharsets.UTF_8));
    }
  }
}
