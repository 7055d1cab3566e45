package io.claritystream.stream.materializer;

/// A source makes more new tables, or versions of them, than one may.
public final class TooManySchemasException extends RuntimeException {
  TooManySchemasException(String message) {
    super(message);
  }
}
