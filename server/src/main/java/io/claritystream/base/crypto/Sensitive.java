package io.claritystream.base.crypto;

/// A value that must not reach a log by way of `toString`. Records hold their secrets in this.
public record Sensitive<T>(T value) {
  @Override
  public String toString() {
    return "[withheld]";
  }
}
