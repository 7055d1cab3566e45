package io.claritystream.base.outbound;

/// One header of a request or an answer, as it is written.
public record Header(String name, String value) {

  /// Names only: a value may be a secret.
  @Override
  public String toString() {
    return name;
  }
}
