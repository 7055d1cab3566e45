package io.claritystream.maestro.definition;

import java.util.ArrayList;
import java.util.List;

/// What was found wrong, up to a limit.
final class Flaws {
  static final int MAX = 100;

  private final List<Flaw> found = new ArrayList<>();

  void add(String pointer, String code, String message, String remedy) {
    if (found.size() < MAX) {
      found.add(new Flaw(pointer, code, message, remedy));
    }
  }

  List<Flaw> all() {
    return List.copyOf(found);
  }
}
