package io.claritystream.base.expression;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which members of its context an expression names, found by reading it: the first two names of
/// each path that certainly begins at the context. What is found by wildcards or by computed names
/// is not among them.
final class References {

  private static final int NAMES = 2;

  private final Set<String> paths = new LinkedHashSet<>();

  private References() {}

  static Set<String> of(Syntax tree) {
    References references = new References();
    references.walk(tree, true);
    return Set.copyOf(references.paths);
  }

  private void walk(Syntax syntax, boolean atRoot) {
    List<String> trail = trail(syntax, atRoot);
    if (trail != null && !trail.isEmpty()) {
      paths.add(String.join(".", trail.subList(0, Math.min(NAMES, trail.size()))));
    }
    switch (syntax.type) {
      case STEP, FILTER, GROUP, SORT, FOCUS, INDEX -> {
        Syntax first = syntax.part(0);
        if (trail == null || !isTrail(first)) {
          walk(first, atRoot);
        } else {
          within(first);
        }
        for (Syntax part : syntax.parts.subList(1, syntax.parts.size())) {
          walk(part, false);
        }
      }
      case TRANSFORM -> syntax.parts.forEach(part -> walk(part, false));
      case NAME -> {}
      default -> syntax.parts.forEach(part -> walk(part, atRoot));
    }
  }

  /// Of a path whose names are known already what stands beside them.
  private void within(Syntax syntax) {
    if (!syntax.parts.isEmpty()) {
      if (isTrail(syntax.part(0))) {
        within(syntax.part(0));
      }
      for (Syntax part : syntax.parts.subList(1, syntax.parts.size())) {
        walk(part, false);
      }
    }
  }

  private static boolean isTrail(Syntax syntax) {
    return switch (syntax.type) {
      case NAME, VARIABLE, STEP, FILTER, GROUP, SORT, FOCUS, INDEX -> true;
      default -> false;
    };
  }

  /// The names that a path begins with; null where it does not begin at the context.
  private static @Nullable List<String> trail(Syntax syntax, boolean atRoot) {
    return switch (syntax.type) {
      case NAME -> atRoot ? List.of(syntax.text) : null;
      case VARIABLE ->
          syntax.text.equals("$") || atRoot && syntax.text.isEmpty() ? List.of() : null;
      case FILTER, GROUP, SORT, FOCUS, INDEX -> trail(syntax.part(0), atRoot);
      case STEP -> {
        List<String> first =
            syntax.part(0).type == Syntax.Type.STRING && atRoot
                ? List.of(String.valueOf(syntax.part(0).value))
                : trail(syntax.part(0), atRoot);
        String next = name(syntax.part(1));
        if (first == null || next == null || !open(syntax.part(0))) {
          yield first;
        }
        List<String> more = new ArrayList<>(first);
        more.add(next);
        yield more;
      }
      default -> null;
    };
  }

  /// Whether a path has been names all along, so that the next one belongs to them.
  private static boolean open(Syntax syntax) {
    return switch (syntax.type) {
      case NAME, VARIABLE, STRING -> true;
      case FILTER, SORT -> open(syntax.part(0));
      case STEP -> name(syntax.part(1)) != null && open(syntax.part(0));
      default -> false;
    };
  }

  private static @Nullable String name(Syntax syntax) {
    return switch (syntax.type) {
      case NAME -> syntax.text;
      case STRING -> String.valueOf(syntax.value);
      case FILTER -> name(syntax.part(0));
      default -> null;
    };
  }
}
