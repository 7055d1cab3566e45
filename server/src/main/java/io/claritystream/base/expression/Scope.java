package io.claritystream.base.expression;

import org.jspecify.annotations.Nullable;

/// Names and what they stand for; what is not found is asked for further out. Few names a scope,
/// so they are looked through.
final class Scope {

  /// The thing that the current one was found in, and the thing that one was found in.
  record Ancestry(@Nullable Object value, @Nullable Ancestry outer) {}

  private final @Nullable Scope outer;
  private final @Nullable Ancestry ancestry;
  private String[] names = NONE;
  private @Nullable Object[] values = NOTHING;
  private int size;
  private boolean kept;

  private static final String[] NONE = {};
  private static final Object[] NOTHING = {};

  Scope(@Nullable Scope outer) {
    this.outer = outer;
    this.ancestry = outer == null ? null : outer.ancestry;
  }

  Scope(Scope outer, @Nullable Ancestry ancestry) {
    this.outer = outer;
    this.ancestry = ancestry;
  }

  @Nullable Ancestry ancestry() {
    return ancestry;
  }

  /// Pays for what a function keeps by keeping this scope: it and those further out, each once.
  void keep(Run run) {
    for (Scope scope = this; scope != null && !scope.kept; scope = scope.outer) {
      scope.kept = true;
      run.step();
      run.use(56 + 16L * scope.names.length);
    }
  }

  void bind(String name, @Nullable Object value, Run run) {
    run.steps(size / 8);
    for (int i = 0; i < size; i++) {
      if (names[i].equals(name)) {
        values[i] = value;
        return;
      }
    }
    if (size == names.length) {
      int length = size == 0 ? 2 : size * 2;
      names = java.util.Arrays.copyOf(names, length);
      values = java.util.Arrays.copyOf(values, length);
    }
    names[size] = name;
    values[size++] = value;
  }

  @Nullable Object lookup(String name, Run run) {
    int lookedAt = 0;
    for (Scope scope = this; scope != null; scope = scope.outer) {
      lookedAt += 1 + scope.size;
      if (lookedAt >= 16) {
        run.steps(lookedAt / 16);
        lookedAt = 0;
      }
      for (int i = 0; i < scope.size; i++) {
        if (scope.names[i].equals(name)) {
          return scope.values[i];
        }
      }
    }
    return null;
  }
}
