package io.claritystream.base.expression;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Makes of the source as a tree what is evaluated. Most of it is paths: what stands between dots
/// becomes their steps, and a predicate behind a step one of its stages.
final class Compiler {

  /// Evaluation takes a few more frames than the source has levels.
  private static final int FRAMES_MORE = 2;

  private final boolean ancestry;

  private Compiler(boolean ancestry) {
    this.ancestry = ancestry;
  }

  static Node compile(Syntax tree) {
    return new Compiler(asksForParents(tree)).node(tree);
  }

  private static boolean asksForParents(Syntax tree) {
    return tree.type == Syntax.Type.PARENT
        || tree.parts.stream().anyMatch(Compiler::asksForParents);
  }

  /// A path or another node, to which predicates and groups may still come.
  private static final class Draft {
    final int position;
    @Nullable Node node;
    @Nullable List<Step> steps;
    final List<Node> predicates = new ArrayList<>();
    Makers.@Nullable ObjectMaker group;
    boolean keepArray;

    Draft(int position) {
      this.position = position;
    }

    boolean isPath() {
      return steps != null;
    }
  }

  private static final class Step {
    final @Nullable Node node;
    final @Nullable Sort sort;
    final List<Path.Stage> stages = new ArrayList<>();
    final boolean list;
    @Nullable String focus;
    @Nullable String index;

    Step(@Nullable Node node, @Nullable Sort sort, boolean list) {
      this.node = node;
      this.sort = sort;
      this.list = list;
    }
  }

  private Node node(Syntax syntax) {
    return finished(draft(syntax));
  }

  private List<Node> nodes(List<Syntax> all) {
    return all.stream().map(this::node).toList();
  }

  private Node finished(Draft draft) {
    if (draft.steps == null) {
      Node node = draft.node;
      return draft.predicates.isEmpty() && draft.group == null && !draft.keepArray
          ? node
          : new Wrapped(node, List.copyOf(draft.predicates), draft.group, draft.keepArray);
    }
    List<Path.Step> steps = new ArrayList<>();
    for (Step step : draft.steps) {
      steps.add(
          new Path.Step(
              step.node,
              step.sort,
              List.copyOf(step.stages),
              step.focus,
              step.index,
              step.list && steps.isEmpty()));
    }
    Node first = draft.steps.getFirst().node;
    boolean fromVariable =
        first instanceof Simple.Variable
            || first instanceof Simple.Current
            || first instanceof Simple.Root;
    return new Path(draft.position, steps, fromVariable, draft.keepArray, draft.group, ancestry);
  }

  private Draft draft(Syntax syntax) {
    return switch (syntax.type) {
      case NAME -> name(syntax);
      case STEP -> step(syntax);
      case FILTER -> filter(syntax);
      case GROUP -> group(syntax);
      case SORT -> sort(syntax);
      case FOCUS, INDEX -> bound(syntax);
      default -> {
        Draft draft = new Draft(syntax.position);
        draft.node = simple(syntax, false);
        draft.keepArray =
            syntax.keepArray || syntax.type == Syntax.Type.APPLY && syntax.part(1).keepArray;
        yield draft;
      }
    };
  }

  private Draft name(Syntax syntax) {
    Draft draft = new Draft(syntax.position);
    draft.steps = new ArrayList<>();
    draft.steps.add(new Step(new Simple.Name(syntax.position, syntax.text), null, false));
    draft.keepArray = syntax.keepArray;
    return draft;
  }

  private Draft step(Syntax syntax) {
    Draft left = draftOfStep(syntax.part(0), true);
    Draft right = draftOfStep(syntax.part(1), false);
    Draft path = path(left);
    if (right.steps != null && right.group == null) {
      path.steps.addAll(right.steps);
    } else {
      Step step = new Step(right.node, null, syntax.part(1).type == Syntax.Type.LIST);
      right.predicates.forEach(predicate -> step.stages.add(new Path.Stage(predicate, null)));
      path.steps.add(step);
    }
    path.keepArray |= right.keepArray || syntax.keepArray;
    return path;
  }

  /// Within a path a string is a name, and a list is one thing.
  private Draft draftOfStep(Syntax syntax, boolean first) {
    return switch (syntax.type) {
      case STRING ->
          name(
              new Syntax(
                  Syntax.Type.NAME, syntax.position, (String) syntax.value, null, List.of()));
      case NUMBER, VALUE ->
          throw Stop.syntax(
              "S0213", syntax.position, "A number or constant cannot be a step of a path.");
      case LIST -> {
        Draft draft = new Draft(syntax.position);
        draft.node = simple(syntax, true);
        draft.keepArray = syntax.keepArray;
        yield draft;
      }
      default -> draft(syntax);
    };
  }

  /// As a path of its own, of one step where it is none yet.
  private Draft path(Draft draft) {
    if (draft.isPath() && draft.group == null) {
      return draft;
    }
    Draft path = new Draft(draft.position);
    path.steps = new ArrayList<>();
    boolean list = draft.node instanceof Makers.ListMaker && draft.predicates.isEmpty();
    boolean keep = draft.keepArray;
    if (!draft.isPath()) {
      draft.keepArray = false;
    }
    path.steps.add(new Step(finished(draft), null, list));
    path.keepArray = keep;
    return path;
  }

  private Draft filter(Syntax syntax) {
    Draft draft = draft(syntax.part(0));
    if (draft.group != null) {
      throw Stop.syntax(
          "S0209", syntax.position, "A predicate cannot follow a group; put it before the {.");
    }
    Node predicate = node(syntax.part(1));
    if (draft.steps != null) {
      draft.steps.getLast().stages.add(new Path.Stage(predicate, null));
    } else {
      draft.predicates.add(predicate);
    }
    draft.keepArray |= syntax.keepArray;
    return draft;
  }

  private Draft group(Syntax syntax) {
    Draft draft = draft(syntax.part(0));
    if (draft.group != null) {
      throw Stop.syntax("S0210", syntax.position, "A path can be grouped once only.");
    }
    draft.group = object(syntax.position, syntax.parts.subList(1, syntax.parts.size()));
    return draft;
  }

  private Draft sort(Syntax syntax) {
    Draft path = path(draft(syntax.part(0)));
    List<Node> terms = nodes(syntax.parts.subList(1, syntax.parts.size()));
    path.steps.add(new Step(null, new Sort(syntax.position, terms, syntax.text), false));
    return path;
  }

  private Draft bound(Syntax syntax) {
    Draft path = path(draft(syntax.part(0)));
    Step step = path.steps.getLast();
    String name = syntax.part(1).text;
    if (syntax.type == Syntax.Type.FOCUS) {
      if (!step.stages.isEmpty()) {
        throw Stop.syntax(
            "S0215", syntax.position, "@ has to stand before the predicates of its step.");
      }
      if (step.sort != null) {
        throw Stop.syntax("S0216", syntax.position, "@ cannot follow ^(…).");
      }
      step.focus = name;
    } else if (step.stages.isEmpty()) {
      step.index = name;
    } else {
      step.stages.add(new Path.Stage(null, name));
    }
    path.keepArray |= syntax.keepArray;
    return path;
  }

  private Node simple(Syntax syntax, boolean step) {
    int at = syntax.position;
    List<Syntax> parts = syntax.parts;
    return switch (syntax.type) {
      case STRING, NUMBER, VALUE, REGEX -> new Simple.Constant(at, syntax.value);
      case VARIABLE ->
          switch (syntax.text) {
            case "" -> new Simple.Current(at);
            case "$" -> new Simple.Root(at);
            default -> new Simple.Variable(at, syntax.text);
          };
      case WILDCARD -> new Simple.Wildcard(at);
      case DESCENDANTS -> new Simple.Descendants(at);
      case PARENT -> new Simple.Parent(at);
      case BINARY -> Operators.binary(at, syntax.text, node(parts.get(0)), node(parts.get(1)));
      case NEGATE -> negate(syntax);
      case RANGE -> new Operators.Range(at, node(parts.get(0)), node(parts.get(1)));
      case LIST -> list(syntax, step);
      case OBJECT -> object(at, parts);
      case BLOCK -> new Control.Block(at, nodes(parts));
      case CONDITION ->
          new Control.Condition(
              at,
              node(parts.get(0)),
              node(parts.get(1)),
              parts.size() > 2 ? node(parts.get(2)) : null);
      case ELSE -> new Control.Default(at, node(parts.get(0)), node(parts.get(1)), false);
      case COALESCE -> new Control.Default(at, node(parts.get(0)), node(parts.get(1)), true);
      case BIND -> new Control.Bind(at, parts.get(0).text, node(parts.get(1)));
      case APPLY -> apply(syntax);
      case CALL -> call(syntax, null);
      case LAMBDA -> lambda(syntax);
      case TRANSFORM ->
          new Transform(
              at,
              node(parts.get(0)),
              node(parts.get(1)),
              parts.size() > 2 ? node(parts.get(2)) : null);
      case PLACEHOLDER -> throw Stop.syntax("S0211", at, "A ? cannot stand here.");
      case NAME, STEP, FILTER, GROUP, SORT, FOCUS, INDEX -> node(syntax);
    };
  }

  private Node negate(Syntax syntax) {
    Syntax operand = syntax.part(0);
    if (operand.type == Syntax.Type.NUMBER) {
      Object negative =
          switch (operand.value) {
            case Long whole -> -whole;
            case BigInteger whole -> Values.whole(whole.negate());
            default -> Values.number(-Values.real(operand.value));
          };
      return new Simple.Constant(syntax.position, negative);
    }
    return new Operators.Negate(syntax.position, node(operand));
  }

  private Node list(Syntax syntax, boolean step) {
    boolean[] written = new boolean[syntax.parts.size()];
    for (int i = 0; i < written.length; i++) {
      written[i] = syntax.part(i).type == Syntax.Type.LIST;
    }
    return new Makers.ListMaker(syntax.position, nodes(syntax.parts), written, step);
  }

  private Makers.ObjectMaker object(int position, List<Syntax> pairs) {
    List<Node> keys = new ArrayList<>();
    List<Node> values = new ArrayList<>();
    for (int i = 0; i < pairs.size(); i += 2) {
      keys.add(node(pairs.get(i)));
      values.add(node(pairs.get(i + 1)));
    }
    return new Makers.ObjectMaker(position, keys, values);
  }

  private Node apply(Syntax syntax) {
    Syntax right = syntax.part(1);
    Node left = node(syntax.part(0));
    return right.type == Syntax.Type.CALL && !leavesOpen(right)
        ? call(right, left)
        : new Calls.Apply(syntax.position, left, node(right));
  }

  private static boolean leavesOpen(Syntax call) {
    return call.parts.stream().anyMatch(part -> part.type == Syntax.Type.PLACEHOLDER);
  }

  private Node call(Syntax syntax, @Nullable Node first) {
    Node function = node(syntax.part(0));
    List<Syntax> arguments = syntax.parts.subList(1, syntax.parts.size());
    if (!leavesOpen(syntax)) {
      return new Calls.Call(syntax.position, function, first, nodes(arguments));
    }
    Node[] given = new Node[arguments.size()];
    for (int i = 0; i < given.length; i++) {
      Syntax argument = arguments.get(i);
      given[i] = argument.type == Syntax.Type.PLACEHOLDER ? null : node(argument);
    }
    return new Calls.Partial(syntax.position, function, given);
  }

  private Node lambda(Syntax syntax) {
    int count = syntax.parts.size() - 1;
    String[] parameters = new String[count];
    for (int i = 0; i < count; i++) {
      parameters[i] = syntax.part(i).text;
    }
    Syntax body = syntax.part(count);
    return new Lambda.Maker(
        syntax.position,
        parameters,
        (Signature) syntax.value,
        node(body),
        body.height + FRAMES_MORE);
  }
}
