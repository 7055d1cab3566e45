package io.claritystream.maestro.definition;

import java.util.List;

/// A document cannot be read, or cannot be published.
public final class DocumentFault extends Exception {
  private final transient List<Flaw> flaws;

  DocumentFault(List<Flaw> flaws) {
    super(flaws.getFirst().pointer() + ": " + flaws.getFirst().message(), null, false, false);
    this.flaws = List.copyOf(flaws);
  }

  /// All of them, at least one.
  public List<Flaw> flaws() {
    return flaws;
  }
}
