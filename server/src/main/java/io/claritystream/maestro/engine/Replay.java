package io.claritystream.maestro.engine;

import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.maestro.action.Json;
import io.claritystream.maestro.definition.Step;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Where a retry begins, and which answers it takes over: those of the steps that lie on the way to
/// there. The way is walked as a run would walk it, so an edited answer of a branch leads
/// elsewhere.
///
/// @param kept in the order of the walk
/// @param fromStep null if it begins where its trigger leads
record Replay(List<Kept> kept, @Nullable String fromStep) {

  /// What a step answered.
  ///
  /// @param handled whether it failed, and the workflow went on all the same
  /// @param json as it was recorded
  record Answered(boolean handled, int attempt, String json) {}

  /// An answer that is taken over, or that a person gave instead.
  record Kept(String step, Answered answer, boolean edited) {}

  /// From the beginning, with nothing taken over.
  static final Replay ANEW = new Replay(List.of(), null);

  /// Throws a problem for a step that is not known, has no answer, or does not lie on the way.
  ///
  /// @param recorded what the origin's steps answered, by step
  /// @param edited what people say that they answered, by step
  /// @param fromStep null to begin at the first step that has no answer, or, if that one only ends
  ///     the execution for an error that was handled, where the error was; if all have an answer,
  ///     at the first after those that are edited
  static Replay of(
      Program program,
      String trigger,
      Map<String, Answered> recorded,
      Map<String, String> edited,
      @Nullable String fromStep) {
    var way = new Way(program, trigger, recorded, edited);
    way.check(fromStep);
    return fromStep == null ? way.toDefault() : way.to(fromStep);
  }

  /// Where the body says what a step is to have answered.
  static String pointer(String step) {
    return "/outputs/" + step.replace("~", "~0").replace("/", "~1");
  }

  private static final class Way {
    private final Program program;
    private final Route route;
    private final String trigger;
    private final Map<String, Answered> recorded;
    private final Map<String, String> edited;

    private Way(
        Program program,
        String trigger,
        Map<String, Answered> recorded,
        Map<String, String> edited) {
      this.program = program;
      this.route = program.route();
      this.trigger = trigger;
      this.recorded = recorded;
      this.edited = edited;
    }

    private void check(@Nullable String fromStep) {
      var errors = new ArrayList<Problem.Invalid>();
      var from = fromStep == null ? null : route.place(fromStep);
      if (fromStep != null && from == null) {
        errors.add(new Problem.Invalid("/from_step", unknown(fromStep)));
      }
      for (var one : edited.entrySet()) {
        var place = route.place(one.getKey());
        if (place == null) {
          errors.add(new Problem.Invalid(pointer(one.getKey()), unknown(one.getKey())));
        } else if (from != null && place >= from) {
          errors.add(
              new Problem.Invalid(
                  pointer(one.getKey()),
                  "does not come before "
                      + fromStep
                      + ", and would be answered anew; leave it out"));
        } else if (route.steps().get(place).config() instanceof Step.Branch branch
            && !chooses(branch, one.getValue())) {
          errors.add(
              new Problem.Invalid(
                  pointer(one.getKey()),
                  "must be what a branch answers, such as {\"case\": \""
                      + branch.cases().getFirst().name()
                      + "\"}, of one of its cases"));
        }
      }
      if (!errors.isEmpty()) {
        throw Problem.invalid(errors);
      }
    }

    private String unknown(String step) {
      return "is no step of version " + program.workflow().version() + ": " + step;
    }

    private static boolean chooses(Step.Branch branch, String json) {
      if (!(Json.read(json) instanceof Map<?, ?> map) || !map.containsKey("case")) {
        return false;
      }
      var name = map.get("case");
      return Objects.equals(name, branch.otherwise())
          || branch.cases().stream().anyMatch(one -> one.name().equals(name));
    }

    private Replay to(String fromStep) {
      var from = Objects.requireNonNull(route.place(fromStep));
      var walk = new Walk(route, trigger);
      var kept = new ArrayList<Kept>();
      for (int place; (place = walk.next()) != Walk.END && place < from; ) {
        var one = kept(place);
        if (one == null) {
          var step = route.steps().get(place).id();
          throw Problem.invalid(
              pointer(step),
              "is needed: step "
                  + step
                  + " comes before "
                  + fromStep
                  + ", and no answer of it was recorded");
        }
        kept.add(one);
        pass(walk, place, one);
      }
      passed(kept, fromStep);
      if (walk.next() != from) {
        throw Problem.of(
            ProblemCode.CONFLICT,
            "With these outputs step "
                + fromStep
                + " is not reached; begin at another, or edit the output of the branch before it.");
      }
      return new Replay(kept, fromStep);
    }

    private Replay toDefault() {
      var found = toFirst(-1);
      if (found == null && !edited.isEmpty()) {
        var last = edited.keySet().stream().mapToInt(step -> place(step)).max().orElseThrow();
        found = toFirst(last);
        if (found == null) {
          throw Problem.of(
              ProblemCode.CONFLICT, "With these outputs nothing would be left to be run.");
        }
      }
      if (found == null) {
        throw Problem.invalid(
            "/from_step",
            "is needed: no step of the execution failed or is left; name the step to begin at, or "
                + "edit input or outputs");
      }
      passed(found.kept, String.valueOf(found.fromStep));
      return edited.isEmpty() ? beforeItsError(found) : found;
    }

    /// A step that fails on purpose would fail again: what led to it is what to try again.
    private Replay beforeItsError(Replay found) {
      var from = found.fromStep == null ? null : route.place(found.fromStep);
      if (from == null || !(route.steps().get(from).config() instanceof Step.Fail)) {
        return found;
      }
      for (var i = found.kept.size() - 1; i >= 0; i--) {
        var one = found.kept.get(i);
        if (one.answer.handled) {
          return new Replay(List.copyOf(found.kept.subList(0, i)), one.step);
        }
      }
      return found;
    }

    private int place(String step) {
      return Objects.requireNonNull(route.place(step));
    }

    /// To the first step without an answer, or the first behind a place; null if there is none.
    private @Nullable Replay toFirst(int behind) {
      var walk = new Walk(route, trigger);
      var kept = new ArrayList<Kept>();
      for (int place; (place = walk.next()) != Walk.END; ) {
        var one = kept(place);
        if (one == null || behind >= 0 && place > behind) {
          return new Replay(kept, route.steps().get(place).id());
        }
        kept.add(one);
        pass(walk, place, one);
      }
      return null;
    }

    private @Nullable Kept kept(int place) {
      var step = route.steps().get(place).id();
      var given = edited.get(step);
      if (given != null) {
        return new Kept(step, new Answered(false, 0, given), true);
      }
      var answer = recorded.get(step);
      return answer == null ? null : new Kept(step, answer, false);
    }

    private void pass(Walk walk, int place, Kept one) {
      if (one.answer.handled) {
        walk.handled();
      } else if (route.steps().get(place).config() instanceof Step.Branch) {
        walk.succeeded(Position.caseOf(Json.read(one.answer.json)));
      } else {
        walk.succeeded(null);
      }
    }

    /// All that was edited has to lie on the way.
    private void passed(List<Kept> kept, String fromStep) {
      Set<String> on = new HashSet<>();
      kept.forEach(one -> on.add(one.step));
      var errors =
          edited.keySet().stream()
              .filter(step -> !on.contains(step))
              .map(
                  step ->
                      new Problem.Invalid(
                          pointer(step),
                          "does not lie on the way to " + fromStep + ", where the retry begins"))
              .toList();
      if (!errors.isEmpty()) {
        throw Problem.invalid(errors);
      }
    }
  }
}
