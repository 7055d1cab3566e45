package io.claritystream.agent.postgres;

import io.claritystream.agent.files.PrivateFile;
import io.claritystream.protocol.block.Lsn;
import io.claritystream.protocol.link.GapCause;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The gaps of a source that the platform does not know yet, or that are not repaired yet. On disk
/// before anything is done about them, so that none is forgotten by an agent that is killed. Used
/// by the source's thread and by the uplink's.
///
/// At most one is open: what is missed while one is being repaired belongs to it.
public final class Gaps {
  /// A platform that never answers must not let the file grow: the oldest are given up.
  private static final int KEPT_MAX = 200;

  private final Path file;
  private final List<Gap> gaps = new ArrayList<>();

  private Gaps(Path file) {
    this.file = file;
  }

  /// @throws IOException if the file is there and not what we wrote
  public static Gaps load(Path file) throws IOException {
    var result = new Gaps(file);
    var values = PrivateFile.readProperties(file).orElse(Map.of());
    try {
      var count = Integer.parseInt(values.getOrDefault("gaps", "0"));
      for (var i = 0; i < count; i++) {
        result.gaps.add(read(values, i + "."));
      }
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " is not as the agent wrote it: " + e.getMessage());
    }
    return result;
  }

  private static Gap read(Map<String, String> values, String at) {
    return new Gap(
        values.getOrDefault(at + "id", ""),
        Integer.parseInt(values.getOrDefault(at + "revision", "")),
        GapCause.valueOf(values.getOrDefault(at + "cause", "")),
        values.getOrDefault(at + "words", ""),
        Lsn.parse(values.getOrDefault(at + "from", "")),
        Lsn.parse(values.getOrDefault(at + "to", "")),
        Long.parseLong(values.getOrDefault(at + "noticed_at_us", "")),
        Long.parseLong(values.getOrDefault(at + "repaired_at_us", "")),
        Integer.parseInt(values.getOrDefault(at + "told", "")));
  }

  /// The gap that is not repaired yet.
  public synchronized @Nullable Gap open() {
    return gaps.stream().filter(Gap::open).findFirst().orElse(null);
  }

  /// Something was missed. One that is open already takes it in.
  public synchronized void noticed(CaptureEnd.Missing missing, long nowUs) throws IOException {
    if (open() == null) {
      gaps.add(
          new Gap(
              UUID.randomUUID().toString(),
              1,
              missing.cause(),
              missing.words(),
              missing.from(),
              missing.to(),
              nowUs,
              0,
              0));
      save();
    }
  }

  /// Less was captured than was thought: what the spool held beyond this will not be sent.
  public synchronized void begins(long position) throws IOException {
    for (var i = 0; i < gaps.size(); i++) {
      var gap = gaps.get(i);
      if (gap.open() && gap.from() != position) {
        gaps.set(i, gap.from(position));
        save();
      }
    }
  }

  /// A snapshot is whole, as the database was at this position, and all behind it is captured.
  synchronized void repaired(long position, long nowUs) throws IOException {
    for (var i = 0; i < gaps.size(); i++) {
      if (gaps.get(i).open()) {
        gaps.set(i, gaps.get(i).repaired(position, nowUs));
        save();
      }
    }
  }

  /// Those that the platform does not know in their newest revision.
  public synchronized List<Gap> untold() {
    return gaps.stream().filter(gap -> gap.told() < gap.revision()).toList();
  }

  /// The platform has stored this revision: a repaired one need not be remembered any more.
  public synchronized void told(String id, int revision) throws IOException {
    for (var i = 0; i < gaps.size(); i++) {
      if (gaps.get(i).id().equals(id) && gaps.get(i).told() < revision) {
        gaps.set(i, gaps.get(i).told(revision));
        gaps.removeIf(gap -> !gap.open() && gap.told() >= gap.revision());
        save();
        return;
      }
    }
  }

  private void save() throws IOException {
    while (gaps.size() > KEPT_MAX) {
      gaps.removeFirst();
    }
    var values = new LinkedHashMap<String, String>();
    values.put("gaps", Integer.toString(gaps.size()));
    for (var i = 0; i < gaps.size(); i++) {
      var gap = gaps.get(i);
      values.put(i + ".id", gap.id());
      values.put(i + ".revision", Integer.toString(gap.revision()));
      values.put(i + ".cause", gap.cause().name());
      values.put(i + ".words", gap.words());
      values.put(i + ".from", Lsn.text(gap.from()));
      values.put(i + ".to", Lsn.text(gap.to()));
      values.put(i + ".noticed_at_us", Long.toString(gap.noticedAtUs()));
      values.put(i + ".repaired_at_us", Long.toString(gap.repairedAtUs()));
      values.put(i + ".told", Integer.toString(gap.told()));
    }
    PrivateFile.write(file, PrivateFile.properties(values));
  }
}
