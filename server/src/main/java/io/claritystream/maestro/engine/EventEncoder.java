package io.claritystream.maestro.engine;

import com.github.luben.zstd.Zstd;
import io.claritystream.maestro.action.Json;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  /// The JSON of each event has these beside its own fields.
  private static Map<String, @Nullable Object> event(String type, Instant at, ExecutionRef ref) {
    var event = new LinkedHashMap<String, @Nullable Object>();
    event.put("type", type);
    event.put("at", at.toString());
    event.put("organization_id", ref.tenant().toString());
    event.put("workflow_id", ref.workflow().toString());
    event.put("version", ref.version());
    event.put("execution_id", ref.execution().toString());
    return event;
  }

  /// The events of a group of entries, in their order.
  byte[] encode(List<JournalEntry> group) {
    var out = new ByteArrayOutputStream(group.size() * 400);
    for (var entry : group) {
      if (entry instanceof JournalEntry.Accept accept) {
        started(out, accept.intake);
      } else {
        steps(out, entry);
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
    var event = event("execution.started", intake.createdAt(), intake.ref());
    event.put("trigger_type", intake.triggerType());
    event.put("trigger", intake.triggerKey());
    event.put("name", intake.name());
    event.put("correlation_key", intake.correlationKey());
    event.put("origin_id", intake.origin() == null ? null : intake.origin().toString());
    write(out, intake.ref(), event);
  }

  private static void steps(ByteArrayOutputStream out, JournalEntry entry) {
    for (var line : entry.lines) {
      switch (line.kind()) {
        case SUCCEEDED, HANDLED, FAILED -> {
          var event = event("execution.step_finished", line.timestamp(), entry.ref);
          event.put("step", line.step());
          event.put("outcome", line.kind() == LogLine.Kind.SUCCEEDED ? "success" : "failed");
          event.put("handled", line.kind() == LogLine.Kind.HANDLED);
          event.put("attempts", line.attempt());
          event.put("duration_us", line.durationUs());
          write(out, entry.ref, event);
        }
        case TRIGGER, INTENT, RETRY, PARKED, RESOLVED, NOTE -> {
          // Not the end of a step.
        }
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
    var event = event("execution.ended", at, ref);
    event.put("status", status.key());
    event.put("outcome", outcome);
    event.put("step", step);
    event.put("message", message);
    write(out, ref, event);
  }

  private static void write(
      ByteArrayOutputStream out, ExecutionRef ref, Map<String, @Nullable Object> event) {
    out.writeBytes(
        (ref.tenant() + "|" + ref.execution() + "\n" + Json.write(event) + "\n")
            .getBytes(StandardCharsets.UTF_8));
  }
}
