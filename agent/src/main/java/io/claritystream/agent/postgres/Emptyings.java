package io.claritystream.agent.postgres;

import io.claritystream.agent.files.PrivateFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// Which transactions emptied a partitioned table as the stream told. Its partitions have other
/// files afterwards, as they have when somebody empties one of them, which the stream does not
/// tell: who looks at the catalogue has to know the one from the other. So a TRUNCATE is written
/// down before it is captured, and whoever looks waits until the stream has come as far as that.
final class Emptyings {
  /// As many of a table as may come between two looks at the catalogue.
  private static final int REMEMBERED_MAX = 32;

  private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(2);
  private static final long LOOK_MS = 20;

  private final Path file;
  private final Map<Long, Deque<Long>> told = new TreeMap<>();
  private volatile long streamed;

  private Emptyings(Path file) {
    this.file = file;
  }

  /// @throws IOException if the file is there and not what we wrote
  static Emptyings load(Path file) throws IOException {
    var result = new Emptyings(file);
    try {
      PrivateFile.readProperties(file)
          .orElse(Map.of())
          .forEach(
              (root, xids) -> {
                var known = result.of(Long.parseLong(root));
                for (var xid : xids.split(",")) {
                  known.add(Long.valueOf(xid));
                }
              });
    } catch (NumberFormatException e) {
      throw new IOException(file + " is not as the agent wrote it: " + e.getMessage());
    }
    return result;
  }

  private Deque<Long> of(long root) {
    return told.computeIfAbsent(root, first -> new ArrayDeque<>());
  }

  /// The stream tells that a transaction emptied a partitioned table.
  synchronized void told(long root, long xid) throws IOException {
    var known = of(root);
    if (known.contains(xid)) {
      return;
    }
    known.add(xid);
    if (known.size() > REMEMBERED_MAX) {
      known.remove();
    }
    var values = new LinkedHashMap<String, String>();
    told.forEach(
        (oid, xids) ->
            values.put(
                Long.toString(oid),
                xids.stream().map(Object::toString).collect(Collectors.joining(","))));
    PrivateFile.write(file, PrivateFile.properties(values));
  }

  /// Whether the stream told that each of these transactions emptied the table.
  synchronized boolean wereTold(long root, Collection<Long> xids) {
    var known = told.get(root);
    return known != null && known.containsAll(xids);
  }

  /// The stream has come to this position of the log.
  void streamed(long position) {
    streamed = position;
  }

  /// Whether the stream has come to a position, or comes there soon.
  boolean reaches(long position) throws InterruptedException {
    var since = System.nanoTime();
    while (Long.compareUnsigned(streamed, position) < 0) {
      if (streamed == 0 || System.nanoTime() - since > PATIENCE_NS) {
        return false;
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_MS);
    }
    return true;
  }
}
