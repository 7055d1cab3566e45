package io.claritystream.stream.bronze;

import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.protocol.block.Op;
import io.claritystream.stream.bronze.EventLog.Filter;
import io.claritystream.stream.bronze.EventLog.Part;
import io.claritystream.stream.bronze.TenantPage.Slice;
import io.claritystream.stream.bronze.TenantPage.Spot;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Tag(name = "Events")
class EventController {
  private static final String OF_TENANT = "events";
  private static final String OF_SOURCE = "source-events";

  private final EventLog events;

  EventController(EventLog events) {
    this.events = events;
  }

  /// @param seq the number that the agent gave it, in delivery order within the epoch
  /// @param lsn where it stands in the source's own log
  /// @param eventTime when its transaction committed at the source
  /// @param capturedAt when the agent recorded it
  /// @param ingestTime when the platform took it
  @Schema(name = "Event")
  record Event(
      UUID eventId,
      UUID sourceId,
      int epoch,
      long seq,
      @Schema(allowableValues = {"insert", "update", "delete", "read", "truncate"}) String op,
      String table,
      String lsn,
      Instant eventTime,
      Instant capturedAt,
      Instant ingestTime,
      @Schema(
              description =
                  "What the payload takes up where it is stored; a large one is compressed there.")
          long payloadBytes,
      @Schema(
              implementation = Object.class,
              types = {"object", "null"},
              description =
                  "The row's parts: key, before, after; and what became of its columns. Null in a"
                      + " list where it has more than 32 KiB: read the event alone.")
          @Nullable EventPayload payload) {
    static Event of(EventRows.Event event, @Nullable EventPayload payload) {
      return new Event(
          event.eventId(),
          event.sourceId(),
          event.place().epoch(),
          event.place().seq(),
          event.op(),
          event.table(),
          event.lsn(),
          event.eventTime(),
          event.capturedAt(),
          event.ingestTime(),
          event.storedBytes(),
          payload);
    }
  }

  @GetMapping("/v1/events")
  @RequiresPermission(Permission.EVENTS_READ)
  @Operation(
      operationId = "listEvents",
      summary = "The captured changes as they came, newest first",
      description =
          "With a source in the order of its numbers, else in the order of capture, by the"
              + " millisecond; within one by source, and within that by number. A page may be"
              + " short, or empty, and still have one after it: next_cursor alone says. It ends early"
              + " where its payloads would exceed 2 MiB.")
  Page<Event> list(
      Caller caller,
      @RequestParam(name = "source_id", required = false) @Nullable UUID sourceId,
      @RequestParam(name = "table", required = false) @Nullable String table,
      @Parameter(
              schema =
                  @Schema(allowableValues = {"insert", "update", "delete", "read", "truncate"}))
          @RequestParam(name = "op", required = false)
          @Nullable String op,
      @Parameter(description = "Captured at or after")
          @RequestParam(name = "from", required = false)
          @Nullable Instant from,
      @Parameter(description = "Captured before") @RequestParam(name = "to", required = false)
          @Nullable Instant to,
      PageRequest page) {
    if (op != null && Arrays.stream(Op.values()).noneMatch(known -> known.label().equals(op))) {
      throw Problem.invalid("op", "must be insert, update, delete, read or truncate");
    }
    var filter = new Filter(table, op, from, to);
    if (sourceId == null) {
      var before = page.after(OF_TENANT, 5).map(EventController::spot).orElse(null);
      return page(
          events.ofTenant(caller.tenantId(), filter, before, page.limit()),
          EventController::cursor);
    }
    var before = page.after(OF_SOURCE, 3).map(cursor -> place(cursor, sourceId)).orElse(null);
    return page(
        events.ofSource(caller.tenantId(), sourceId, filter, before, page.limit()),
        place -> Cursor.of(OF_SOURCE, sourceId, place.epoch(), place.seq()));
  }

  @GetMapping("/v1/events/{event_id}")
  @RequiresPermission(Permission.EVENTS_READ)
  @Operation(
      operationId = "getEvent",
      summary = "One captured change, with its payload however large",
      description = "Up to 16 MiB of payload; one with more is refused.")
  Event one(Caller caller, @PathVariable("event_id") UUID eventId) {
    var found =
        events
            .one(caller.tenantId(), eventId)
            .orElseThrow(() -> Problem.of(ProblemCode.NOT_FOUND, "There is no such event."));
    if (!found.fits()) {
      throw Problem.of(
          ProblemCode.ANSWER_TOO_LARGE, "The event's payload has more than 16 MiB of text.");
    }
    return Event.of(found.event(), new EventPayload(events.payload(caller.tenantId(), eventId)));
  }

  private static Cursor cursor(Spot spot) {
    return Cursor.of(
        OF_TENANT,
        spot.slice().low(),
        spot.slice().high(),
        spot.sourceId(),
        spot.place().epoch(),
        spot.place().seq());
  }

  private static Spot spot(Cursor cursor) {
    var slice = new Slice(cursor.uuid(0), cursor.uuid(1));
    var epoch = cursor.number(3);
    if (!slice.isRight() || epoch < 0 || epoch > Integer.MAX_VALUE) {
      throw Problem.of(ProblemCode.INVALID_CURSOR, "It is not one that this API gave.");
    }
    return new Spot(slice, cursor.uuid(2), new Place((int) epoch, cursor.number(4)));
  }

  private static Place place(Cursor cursor, UUID sourceId) {
    var epoch = cursor.number(1);
    if (!cursor.uuid(0).equals(sourceId) || epoch < 0 || epoch > Integer.MAX_VALUE) {
      throw Problem.of(ProblemCode.INVALID_CURSOR, "It belongs to another source.");
    }
    return new Place((int) epoch, cursor.number(2));
  }

  private static <C> Page<Event> page(Part<C> part, Function<C, Cursor> cursor) {
    var next = part.next();
    return new Page<>(
        part.events().stream().map(EventController::listed).toList(),
        next == null ? null : cursor.apply(next).encode());
  }

  private static Event listed(EventRows.Event event) {
    var payload = event.payload();
    return Event.of(event, payload == null ? null : new EventPayload(List.of(payload)));
  }
}
