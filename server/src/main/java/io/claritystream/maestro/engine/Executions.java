package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.expression.Moment;
import io.claritystream.base.expression.Turns;
import io.claritystream.base.http.Problem;
import io.claritystream.maestro.action.Answer;
import io.claritystream.maestro.action.Json;
import io.claritystream.maestro.action.Mapped;
import io.claritystream.maestro.action.MappingFault;
import io.claritystream.maestro.action.Secrets;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes executions in. One that was taken in is durable, and is run to its end whatever happens.
public final class Executions {
  private static final Logger log = LoggerFactory.getLogger(Executions.class);

  private static final int TEXT_MAX = 200;
  private static final int TRIES_MAX = 5;
  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

  private static final String TAKEN_IN =
      "SELECT execution_id FROM maestro.execution WHERE tenant_id = ? AND execution_id = ANY (?::uuid[])";

  private final DataSource engine;
  private final EngineNode node;
  private final Journal journal;
  private final Programs programs;
  private final Answers answers;
  private final Clock clock;

  Executions(
      DataSource engine,
      EngineNode node,
      Journal journal,
      Programs programs,
      Answers answers,
      Clock clock) {
    this.engine = engine;
    this.node = node;
    this.journal = journal;
    this.programs = programs;
    this.answers = answers;
    this.clock = clock;
  }

  /// What is to be run, of one version of a workflow.
  ///
  /// @param triggerType `webhook` or `api`
  /// @param triggerKey the trigger's id in the document
  /// @param startedBy the person who did; null if none did
  public record Start(
      TenantId tenant,
      UUID workflow,
      int version,
      String triggerType,
      String triggerKey,
      @Nullable UUID startedBy) {}

  /// An execution that was taken in.
  ///
  /// @param answer completes with the answer of a `respond` step, or with null when it is known
  ///     that this process will not have one
  public record Taken(UUID execution, CompletableFuture<@Nullable Answer> answer) {}

  /// Ids of the caller's making.
  ///
  /// @param again whether a request that came to an unknown end may have taken some of them in
  public record Ids(List<UUID> all, boolean again) {}

  /// Takes in one execution for each payload, all or, if this fails, an unknown part of them; with
  /// ids of the caller's making it may be tried again, and leaves those alone that there are.
  ///
  /// Throws the problem `rate_limited` if the tenant has more waiting than its plan allows.
  ///
  /// @param payloads what the trigger brought, plain JSON
  /// @param ids of the executions, as many; null to have them made
  public List<Taken> start(
      Start start, List<? extends @Nullable Object> payloads, @Nullable Ids ids) {
    var program =
        programs
            .program(start.workflow, start.version)
            .orElseThrow(() -> Problem.notFound("workflow", start.workflow));
    var there = ids != null && ids.again ? takenIn(start.tenant, ids.all) : Set.<UUID>of();
    admit(start.tenant, payloads.size() - there.size());
    var all = new ArrayList<Draft>(payloads.size());
    for (var i = 0; i < payloads.size(); i++) {
      var id = ids == null ? ExecutionIds.next(clock.instant()) : ids.all.get(i);
      all.add(draft(program, start, id, payloads.get(i), ids));
    }
    var drafts = all.stream().filter(draft -> !there.contains(draft.intake.execution())).toList();
    try {
      for (var draft : drafts) {
        draft.answer = answers.expect(draft.intake.execution());
        give(draft);
      }
      settle(drafts);
    } catch (RuntimeException e) {
      drafts.forEach(draft -> answers.forget(draft.intake.execution()));
      // Some may be leased and not begun.
      node.adrift();
      throw e;
    } finally {
      drafts.forEach(this::release);
    }
    return all.stream().map(draft -> new Taken(draft.intake.execution(), draft.answer)).toList();
  }

  /// An execution that was made ready to be taken in.
  ///
  /// @param lines the trigger's, and those that it takes over
  record Ready(Program program, Intake intake, List<LogLine> lines) {}

  /// Takes in what was made ready. Whether the tenant may have so many more is the caller's to ask.
  ///
  /// @param again whether an earlier try may have taken some of them in, which are left alone
  void take(List<Ready> ready, boolean again) {
    if (ready.isEmpty()) {
      return;
    }
    var all = ready.stream().map(one -> one.intake.execution()).toList();
    var there = again ? takenIn(ready.getFirst().intake.tenant(), all) : Set.<UUID>of();
    var ids = new Ids(all, again);
    var drafts =
        ready.stream()
            .filter(one -> !there.contains(one.intake.execution()))
            .map(one -> new Draft(one.program, one.intake, one.lines, ids))
            .toList();
    try {
      drafts.forEach(this::give);
      settle(drafts);
    } finally {
      drafts.forEach(this::release);
    }
  }

  /// Nobody waits for the answer any more.
  public void forget(UUID execution) {
    answers.forget(execution);
  }

  /// Ends those of the executions that are open; each is at its end when this returns.
  ///
  /// @return how many were canceled
  public int cancel(TenantId tenant, List<UUID> ids, String message) {
    var events = journal.events();
    try {
      var count = 0;
      List<ExecutionRef> canceled;
      do {
        try (var connection = engine.getConnection()) {
          var now = clock.instant();
          canceled =
              Interventions.cancel(
                  connection,
                  node.node(),
                  tenant,
                  ids,
                  message,
                  now,
                  ref -> events == null ? null : events.canceled(List.of(ref), now, message));
        }
        canceled.forEach(ref -> node.abort(ref.execution()));
        count += canceled.size();
        // One that was claimed between the look and the lock is open still.
      } while (anyOpen(tenant, ids));
      return count;
    } catch (SQLException e) {
      throw Problem.unavailable("The database is away at the moment.", RETRY_AFTER);
    }
  }

  private static final String OPEN =
      "SELECT EXISTS (SELECT FROM maestro.execution_open WHERE tenant_id = ? AND execution_id = ANY (?::uuid[]))";

  private boolean anyOpen(TenantId tenant, List<UUID> ids) throws SQLException {
    try (var connection = engine.getConnection();
        var statement = connection.prepareStatement(OPEN)) {
      new Arrays(connection, statement).object(tenant.value()).uuids(ids, id -> id);
      try (var row = statement.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  /// Throws the problem `rate_limited` if the tenant may not have so many more waiting.
  void admit(TenantId tenant, int more) {
    if (!node.joined()) {
      throw Problem.unavailable(
          "Executions cannot be taken in at the moment: the database is away.", RETRY_AFTER);
    }
    var share = node.share(tenant);
    if (share != null && node.backlog(tenant) + more > share.backlogMax()) {
      throw Problem.tooMany(
          "As many executions are waiting as the plan allows (" + share.backlogMax() + ").",
          RETRY_AFTER);
    }
  }

  /// An execution on its way in.
  private static final class Draft {
    private final Program program;
    private final Intake intake;
    private final List<LogLine> lines;
    private final @Nullable Ids ids;
    private CompletableFuture<@Nullable Answer> answer = CompletableFuture.completedFuture(null);
    private int node;
    private boolean reserved;
    private JournalEntry.@Nullable Accept entry;
    private @Nullable Opening opening;

    private Draft(Program program, Intake intake, List<LogLine> lines, @Nullable Ids ids) {
      this.program = program;
      this.intake = intake;
      this.lines = lines;
      this.ids = ids;
    }
  }

  private Draft draft(
      Program program, Start start, UUID id, @Nullable Object payload, @Nullable Ids ids) {
    var createdAt = ExecutionIds.time(id);
    var settings = program.workflow().document().settings();
    var recorded = Json.write(payload);
    var intake =
        new Intake(
            start.tenant,
            id,
            start.workflow,
            start.version,
            start.triggerType,
            start.triggerKey,
            text(program, program.executionName(), id, createdAt, payload),
            text(program, program.correlationKey(), id, createdAt, payload),
            id,
            null,
            null,
            start.startedBy,
            clock.instant().plus(settings.timeout()));
    var trigger =
        new LogLine(
            0,
            createdAt,
            LogLine.Level.INFO,
            LogLine.Kind.TRIGGER,
            null,
            0,
            "Started by " + start.triggerType,
            0,
            null,
            program.glimpses().ofOutput(payload, recorded, "trigger"),
            recorded);
    return new Draft(program, intake, List.of(trigger), ids);
  }

  /// The name or correlation key of an execution.
  static @Nullable String text(
      Program program,
      @Nullable Mapped mapped,
      UUID id,
      Instant createdAt,
      @Nullable Object payload) {
    if (mapped == null) {
      return null;
    }
    var context = new LinkedHashMap<String, @Nullable Object>();
    context.put("trigger", payload);
    context.put("steps", Map.of());
    context.put("execution", Map.of("id", id.toString()));
    try {
      var moment = new Moment(createdAt, id.getLeastSignificantBits());
      var value =
          Turns.onBehalfOf(program.workflow().tenant(), () -> mapped.evaluate(context, moment));
      if (value == null) {
        return null;
      }
      var plain = value instanceof String string ? string : Json.write(value);
      var text = new Secrets(program.glimpses().values(payload, "trigger")).without(plain);
      return text.isEmpty()
          ? null
          : text.substring(0, Math.min(text.length(), TEXT_MAX)).replace("\0", "");
    } catch (MappingFault e) {
      // A name is not worth an execution.
      log.debug("name of an execution cannot be mapped: execution={} cause={}", id, e.toString());
      return null;
    }
  }

  /// What is tried again is leased to nobody: if this process has it already, it would begin it a
  /// second time.
  private void give(Draft draft) {
    release(draft);
    var known = draft.ids != null;
    draft.reserved =
        (draft.ids == null || !draft.ids.again)
            && node.reserve(draft.intake.tenant(), LogLine.chars(draft.lines));
    draft.opening =
        draft.reserved ? node.open(draft.program, draft.intake, known, draft.lines) : null;
    if (draft.opening == null) {
      draft.node = node.node();
      draft.entry = new JournalEntry.Accept(draft.intake, draft.reserved, known, draft.lines, null);
      journal.give(draft.entry, draft.node);
    } else {
      // It runs, and so stands nowhere.
      release(draft);
    }
  }

  private static JournalEntry.Outcome outcome(Draft draft) {
    var opening = draft.opening;
    var entry = draft.entry;
    if (opening != null) {
      return opening.await();
    }
    if (entry == null) {
      throw new IllegalStateException("not given: " + draft.intake.execution());
    }
    return entry.await();
  }

  private void release(Draft draft) {
    if (draft.reserved) {
      draft.reserved = false;
      node.release(draft.intake.tenant(), LogLine.chars(draft.lines));
    }
  }

  /// What is durable already begins before others are waited for that were begun before.
  private void settle(List<Draft> drafts) {
    drafts.stream().filter(draft -> draft.opening == null).forEach(this::settle);
    drafts.stream().filter(draft -> draft.opening != null).forEach(this::settle);
  }

  private void settle(Draft draft) {
    for (var tries = 0; tries < TRIES_MAX; tries++) {
      switch (outcome(draft)) {
        case JournalEntry.Outcome.Committed committed -> {
          var entry = draft.entry;
          if (draft.opening != null || entry == null) {
            // It runs already.
            return;
          }
          if (entry.leased) {
            release(draft);
            node.begin(draft.program, draft.intake, entry.leaseEpoch, draft.node, 0, draft.lines);
          } else {
            node.left(draft.intake.tenant());
          }
          return;
        }
        case JournalEntry.Outcome.Lost lost -> {
          if (!takenIn(draft.intake.tenant(), List.of(draft.intake.execution())).isEmpty()) {
            // This node was declared ended after the commit, or it was taken in by an earlier try.
            answers.answered(draft.intake.execution(), null);
            return;
          }
          give(draft);
        }
        case JournalEntry.Outcome.Refused(var cause) -> {
          node.adrift();
          throw new IllegalStateException("an execution cannot be taken in", cause);
        }
      }
    }
    throw Problem.unavailable("The execution could not be taken in at the moment.", RETRY_AFTER);
  }

  /// Which of them there are, open or ended.
  Set<UUID> takenIn(TenantId tenant, List<UUID> executions) {
    try (var connection = engine.getConnection();
        var statement = connection.prepareStatement(TAKEN_IN)) {
      new Arrays(connection, statement).object(tenant.value()).uuids(executions, id -> id);
      try (var rows = statement.executeQuery()) {
        var found = new HashSet<UUID>();
        while (rows.next()) {
          found.add(rows.getObject(1, UUID.class));
        }
        return found;
      }
    } catch (SQLException e) {
      throw Problem.unavailable("The database is away at the moment.", RETRY_AFTER);
    }
  }
}
