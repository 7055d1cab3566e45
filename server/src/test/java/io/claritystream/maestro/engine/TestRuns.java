package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.expression.ExpressionFault;
import io.claritystream.base.expression.Expressions;
import io.claritystream.base.outbound.OutboundClient;
import io.claritystream.maestro.action.Actions;
import io.claritystream.maestro.action.Answer;
import io.claritystream.maestro.action.CompiledStep;
import io.claritystream.maestro.action.Json;
import io.claritystream.maestro.action.StepError;
import io.claritystream.maestro.action.StepFailure;
import io.claritystream.maestro.action.StepOutcome;
import io.claritystream.maestro.action.StepScope;
import io.claritystream.maestro.definition.PublishedWorkflow;
import io.claritystream.maestro.definition.Step;
import io.claritystream.maestro.definition.WorkflowDocument;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Runs without a process and a database around them.
final class TestRuns {
  private static final Expressions EXPRESSIONS = new Expressions();

  private TestRuns() {}

  /// A workflow whose steps that act do what the world says.
  static Program program(WorkflowDocument document, World world) {
    var route = Route.of(document);
    // None of the steps that are compiled here calls anybody.
    @SuppressWarnings("NullAway")
    var actions = new Actions(EXPRESSIONS, nobody(), (tenant, id) -> null);
    var steps = new ArrayList<CompiledStep>();
    try {
      for (var step : route.steps()) {
        steps.add(
            step.config() instanceof Step.HttpRequest
                ? new Acting(step, world)
                : actions.compile(step, "/steps/" + document.steps().indexOf(step)));
      }
    } catch (ExpressionFault e) {
      throw new IllegalArgumentException(e);
    }
    return new Program(
        new PublishedWorkflow(
            new TenantId(UUID.randomUUID()), UUID.randomUUID(), 1, "Test", true, document),
        route,
        steps,
        null,
        null,
        new Glimpses(List.of()),
        new FirstStep());
  }

  @SuppressWarnings("NullAway")
  private static OutboundClient nobody() {
    return null;
  }

  static Intake intake(TenantId tenant) {
    var id = ExecutionIds.next(Instant.now());
    return new Intake(
        tenant,
        id,
        UUID.randomUUID(),
        1,
        "api",
        "api",
        null,
        null,
        id,
        null,
        null,
        null,
        ExecutionIds.time(id).plusSeconds(3_600));
  }

  /// What becomes of a try.
  interface World {
    /// @param before tries of that key before this one
    StepOutcome act(String key, int before);
  }

  /// Acts under its key and nothing else.
  private record Acting(Step step, World world, Map<String, Integer> tries)
      implements CompiledStep {
    private Acting(Step step, World world) {
      this(step, world, new LinkedHashMap<>());
    }

    @Override
    public boolean acts() {
      return !(step.config() instanceof Step.HttpRequest request && request.method().equals("GET"));
    }

    @Override
    public boolean waits() {
      return true;
    }

    @Override
    public Prepared prepare(StepScope scope) throws StepFailure {
      return new Prepared() {
        @Override
        public @Nullable Object input() {
          return Map.of("key", scope.effectKey());
        }

        @Override
        public StepOutcome perform() {
          return world.act(scope.effectKey(), tries.merge(scope.effectKey(), 1, Integer::sum) - 1);
        }
      };
    }
  }

  static StepError error(String code) {
    return StepError.of(code, "By chance.");
  }

  /// A process whose journal is a list; it is lost when so many lines are durable.
  static final class Memory implements Run.House {
    final List<LogLine> lines = new ArrayList<>();
    final List<JournalEntry> entries = new ArrayList<>();
    JournalEntry.@Nullable End end;
    boolean full;
    private final int linesMax;

    Memory(List<LogLine> lines, int linesMax) {
      this.lines.addAll(lines);
      this.linesMax = linesMax;
    }

    boolean waitsForAPerson() {
      return !entries.isEmpty()
          && entries.getLast() instanceof JournalEntry.Pause pause
          && pause.waitingFor.equals("decision");
    }

    @Override
    public Instant now() {
      return Instant.now();
    }

    @Override
    public JournalEntry.Outcome write(JournalEntry entry, int node) {
      if (lines.size() >= linesMax) {
        entry.lost();
        return entry.await();
      }
      entries.add(entry);
      lines.addAll(entry.lines);
      if (entry instanceof JournalEntry.End ended) {
        end = ended;
      }
      entry.committed();
      return entry.await();
    }

    @Override
    public void awaitLease(int node) {}

    @Override
    public boolean leaving() {
      return false;
    }

    @Override
    public boolean grown(Run run, long more) {
      return !full;
    }

    @Override
    public void answered(UUID execution, Answer answer) {}

    @Override
    public void adrift(Run run) {
      throw new AssertionError("adrift: " + run.execution());
    }

    @Override
    public void done(Run run, @Nullable ExecutionStatus status, long workerUs, long guessedUs) {}
  }

  /// Goes on with an execution until it has ended or its process is lost, retries at once.
  static Memory go(Program program, Intake intake, List<LogLine> lines, int linesMax) {
    var memory = new Memory(lines, linesMax);
    int before;
    do {
      before = memory.lines.size();
      new Run(memory, program, intake, 1, 1, 0, List.copyOf(memory.lines), null).run();
    } while (memory.end == null
        && memory.lines.size() > before
        && before < linesMax
        && !memory.waitsForAPerson());
    return memory;
  }

  static LogLine trigger(@Nullable Object payload) {
    return new LogLine(
        0,
        Instant.now(),
        LogLine.Level.INFO,
        LogLine.Kind.TRIGGER,
        null,
        0,
        "Started",
        0,
        null,
        null,
        Json.write(payload));
  }
}
