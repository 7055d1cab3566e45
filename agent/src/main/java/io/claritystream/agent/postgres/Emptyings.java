package io.claritystream.agent.postgres;

import io.claritystream.agent.files.PrivateFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// Which transactions emptied a partitioned table as the stream told. Its partitions have other
/// files afterwards, as they have when somebody empties one of them, which the stream does not
/// tell: who looks at the catalogue has to know the one from the other. So a TRUNCATE is written
/// down before it is captured, and whoever looks waits until the stream has come as far as that.
///
/// The stream names the transaction, the catalogue the part of it between two savepoints that did
/// it, which has a number of its own. That is a higher one; which transaction it is of nobody can
/// be asked. It is taken for the newest emptying before it of which nothing was seen yet in the
/// catalogue, and each stands for one such part.
final class Emptyings {
  /// As many of a table as may come between two looks at the catalogue.
  private static final int REMEMBERED_MAX = 32;

  private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(2);
  private static final long LOOK_MS = 20;

  private static final String SEEN = "/seen";

  private final Path file;
  private final Map<Long, Deque<Long>> told = new TreeMap<>();

  /// Those of which it is known what they did to the partitions.
  private final Map<Long, Set<Long>> seen = new TreeMap<>();

  /// Which part was taken for one of them.
  private final Map<Long, Map<Long, Long>> parts = new TreeMap<>();

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
                for (var text : xids.split(",")) {
                  var xid = Long.valueOf(text.replace(SEEN, ""));
                  known.add(xid);
                  if (text.endsWith(SEEN)) {
                    result.seenOf(Long.parseLong(root)).add(xid);
                  }
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

  private Set<Long> seenOf(long root) {
    return seen.computeIfAbsent(root, first -> new HashSet<>());
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
    save();
  }

  private void save() throws IOException {
    var values = new LinkedHashMap<String, String>();
    told.forEach(
        (oid, xids) ->
            values.put(
                Long.toString(oid),
                xids.stream()
                    .map(xid -> xid + (seenOf(oid).contains(xid) ? SEEN : ""))
                    .collect(Collectors.joining(","))));
    PrivateFile.write(file, PrivateFile.properties(values));
  }

  /// Whether the stream told that each of these transactions emptied the table.
  synchronized boolean wereTold(long root, Collection<Long> xids) {
    var known = told.get(root);
    return known != null && known.containsAll(xids);
  }

  /// Whether a part of a transaction that the stream told of did that: to all partitions alike.
  synchronized boolean wereToldOfPart(long root, long part) {
    var known = told.getOrDefault(root, new ArrayDeque<>());
    var taken = parts.computeIfAbsent(root, first -> new HashMap<>());
    for (var newest = known.descendingIterator(); newest.hasNext(); ) {
      var xid = newest.next();
      // They are numbers of 32 bits, which begin anew.
      if ((int) (part - xid) > 0 && !seenOf(root).contains(xid)) {
        // Older ones are over by then, and stand for nothing that came later.
        var before = taken.putIfAbsent(xid, part);
        return before == null || before == part;
      }
    }
    return false;
  }

  /// What it is known to have emptied so far, to be told when its partitions were seen after that
  /// ([#seen]).
  synchronized List<Long> unseen(long root) {
    return told.getOrDefault(root, new ArrayDeque<>()).stream()
        .filter(xid -> !seenOf(root).contains(xid))
        .toList();
  }

  /// The partitions are held as they are behind these.
  synchronized void seen(long root, List<Long> xids) throws IOException {
    if (!xids.isEmpty()) {
      seenOf(root).addAll(xids);
      seenOf(root).retainAll(of(root));
      parts.remove(root);
      save();
    }
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
