package io.claritystream.bench;

import java.io.PrintStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;

/// What has to be ended and taken away again, the newest first: at the end of a measurement, and
/// when it is interrupted.
final class Cleanup implements AutoCloseable {
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final Deque<Supplier<String>> explanations = new ArrayDeque<>();
  private boolean closed;

  Cleanup() {
    Runtime.getRuntime().addShutdownHook(new Thread(this::close, "cleans-up"));
  }

  /// Takes charge of it; ends it at once if the end has come already.
  synchronized <T extends AutoCloseable> T add(T closeable) {
    if (closed) {
      end(closeable);
      throw new BenchFailedException("interrupted");
    }
    open.push(closeable);
    return closeable;
  }

  /// What may tell why something failed, read before it is taken away.
  synchronized void explainBy(Supplier<String> explanation) {
    explanations.add(explanation);
  }

  synchronized void explain(PrintStream out) {
    explanations.forEach(explanation -> out.println(explanation.get()));
  }

  @Override
  public synchronized void close() {
    closed = true;
    while (!open.isEmpty()) {
      end(open.pop());
    }
  }

  private static void end(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception e) {
      System.err.println("left behind: " + e.getMessage());
    }
  }
}
