package io.claritystream.agent;

import io.claritystream.agent.files.PrivateFile;
import io.claritystream.protocol.link.SourceState;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// What a running agent says of itself, once a second, in a file beside its data.
record StatusReport(
    String agentId,
    String agentName,
    String workspace,
    String server,
    String version,
    long pid,
    Instant certificateExpiresAt,
    Instant at,
    List<SourceReport> sources) {
  StatusReport {
    sources = List.copyOf(sources);
  }

  void save(Path file) throws IOException {
    var values = new LinkedHashMap<String, String>();
    values.put("agent_id", agentId);
    values.put("agent_name", agentName);
    values.put("workspace", workspace);
    values.put("server", server);
    values.put("version", version);
    values.put("pid", Long.toString(pid));
    values.put("certificate_expires_at", certificateExpiresAt.toString());
    values.put("at", at.toString());
    values.put("sources", Integer.toString(sources.size()));
    for (var i = 0; i < sources.size(); i++) {
      var prefix = "source." + i + ".";
      var source = sources.get(i);
      values.put(prefix + "name", source.name());
      values.put(prefix + "state", source.state().name());
      values.put(prefix + "detail", source.detail());
      values.put(prefix + "notes", String.join("\n", source.notes()));
      values.put(prefix + "connected", Boolean.toString(source.connected()));
      values.put(prefix + "trouble", source.trouble());
      values.put(prefix + "captured", Long.toString(source.capturedSeq()));
      values.put(prefix + "sent", Long.toString(source.sentSeq()));
      values.put(prefix + "durable", Long.toString(source.durableSeq()));
      values.put(prefix + "lag", Long.toString(source.lagBytes()));
      values.put(prefix + "spool", Long.toString(source.spoolBytes()));
      values.put(prefix + "spool_max", Long.toString(source.spoolBytesMax()));
      values.put(prefix + "tables_done", Integer.toString(source.tablesDone()));
      values.put(prefix + "tables_total", Integer.toString(source.tablesTotal()));
      values.put(prefix + "rows", Long.toString(source.snapshotRows()));
      values.put(prefix + "commit", Long.toString(source.lastCommitAtUs()));
    }
    PrivateFile.writeLightly(file, PrivateFile.properties(values));
  }

  static Optional<StatusReport> load(Path file) throws IOException {
    var read = PrivateFile.readProperties(file);
    if (read.isEmpty()) {
      return Optional.empty();
    }
    var values = read.get();
    try {
      var sources = new ArrayList<SourceReport>();
      var count = Integer.parseInt(values.getOrDefault("sources", "0"));
      for (var i = 0; i < count; i++) {
        sources.add(source(values, "source." + i + "."));
      }
      return Optional.of(
          new StatusReport(
              values.getOrDefault("agent_id", ""),
              values.getOrDefault("agent_name", ""),
              values.getOrDefault("workspace", ""),
              values.getOrDefault("server", ""),
              values.getOrDefault("version", ""),
              number(values, "pid"),
              Instant.parse(values.getOrDefault("certificate_expires_at", "")),
              Instant.parse(values.getOrDefault("at", "")),
              sources));
    } catch (IllegalArgumentException | java.time.DateTimeException e) {
      throw new IOException(file + " is not as the agent wrote it: " + e.getMessage());
    }
  }

  private static SourceReport source(Map<String, String> values, String prefix) {
    var notes = values.getOrDefault(prefix + "notes", "");
    return new SourceReport(
        values.getOrDefault(prefix + "name", ""),
        SourceState.valueOf(values.getOrDefault(prefix + "state", "")),
        values.getOrDefault(prefix + "detail", ""),
        notes.isEmpty() ? List.of() : List.of(notes.split("\n")),
        Boolean.parseBoolean(values.get(prefix + "connected")),
        values.getOrDefault(prefix + "trouble", ""),
        number(values, prefix + "captured"),
        number(values, prefix + "sent"),
        number(values, prefix + "durable"),
        number(values, prefix + "lag"),
        number(values, prefix + "spool"),
        number(values, prefix + "spool_max"),
        (int) number(values, prefix + "tables_done"),
        (int) number(values, prefix + "tables_total"),
        number(values, prefix + "rows"),
        number(values, prefix + "commit"));
  }

  private static long number(Map<String, String> values, String key) {
    return Long.parseLong(values.getOrDefault(key, "0"));
  }

  /// For people.
  String table(boolean running, String called) {
    var text = new StringBuilder();
    text.append("agent        ").append(agentName).append(" (").append(agentId).append(")\n");
    text.append("workspace    ").append(workspace).append(" at ").append(server).append('\n');
    text.append("state        ")
        .append(
            running
                ? "running, process " + pid
                : "not running; this is of " + at.truncatedTo(ChronoUnit.SECONDS))
        .append('\n');
    text.append("certificate  good until ")
        .append(certificateExpiresAt.truncatedTo(ChronoUnit.SECONDS))
        .append(certificate(Duration.between(at, certificateExpiresAt)))
        .append("\n\n");
    if (sources.isEmpty()) {
      return text.append("no sources; add one with: " + called + " source add NAME …\n").toString();
    }
    var rows = new ArrayList<List<String>>();
    rows.add(
        List.of("SOURCE", "STATE", "LINK", "CAPTURED", "DURABLE", "BEHIND", "LOG HELD", "SPOOL"));
    for (var source : sources) {
      rows.add(
          List.of(
              source.name(),
              stateWord(source),
              source.connected() ? "connected" : "offline",
              Long.toString(source.capturedSeq()),
              durable(source),
              behind(source),
              bytes(source.lagBytes()),
              bytes(source.spoolBytes()) + " of " + bytes(source.spoolBytesMax())));
    }
    for (var row : rows) {
      for (var i = 0; i < row.size(); i++) {
        var column = i;
        var width = rows.stream().mapToInt(each -> each.get(column).length()).max().orElse(0);
        text.append(row.get(i));
        text.append(" ".repeat(i + 1 == row.size() ? 0 : width + 2 - row.get(i).length()));
      }
      text.append('\n');
    }
    for (var source : sources) {
      if (!source.detail().isEmpty()) {
        text.append("\n").append(source.name()).append(": ").append(source.detail()).append('\n');
      }
      if (!source.trouble().isEmpty()) {
        text.append("\n")
            .append(source.name())
            .append(": nothing can be sent: ")
            .append(source.trouble())
            .append('\n');
      }
      for (var words : source.notes()) {
        text.append("\n").append(source.name()).append(": ").append(words).append('\n');
      }
    }
    return text.toString();
  }

  private static String durable(SourceReport source) {
    return source.durableSeq() == SourceReport.NOT_KNOWN ? "?" : Long.toString(source.durableSeq());
  }

  private static String behind(SourceReport source) {
    if (source.durableSeq() == SourceReport.NOT_KNOWN) {
      return "?";
    }
    var events = Math.max(0, source.capturedSeq() - source.durableSeq());
    return events == 1 ? "1 event" : events + " events";
  }

  private static String certificate(Duration left) {
    return left.isNegative()
        ? " (expired: pair this machine again)"
        : " (" + Announcements.words(left) + " left; a running agent renews it)";
  }

  private static String stateWord(SourceReport source) {
    var word = source.state().name().toLowerCase(Locale.ROOT);
    return source.state() == SourceState.SNAPSHOTTING
        ? word + " " + source.tablesDone() + "/" + source.tablesTotal()
        : word;
  }

  private static String bytes(long count) {
    if (count < 10_240) {
      return count + " B";
    }
    if (count < 10 * 1_048_576) {
      return count / 1_024 + " KiB";
    }
    return count < 10L << 30 ? count / 1_048_576 + " MiB" : (count >> 30) + " GiB";
  }

  /// For programs.
  String json(boolean running) {
    var json = new Json();
    json.object();
    json.field("running", running).field("pid", pid);
    json.field("agent_id", agentId).field("agent_name", agentName);
    json.field("workspace", workspace).field("server", server).field("version", version);
    json.field("certificate_expires_at", certificateExpiresAt.toString());
    json.field("at", at.toString());
    json.name("sources").array();
    for (var source : sources) {
      json.object();
      json.field("name", source.name());
      json.field("state", source.state().name().toLowerCase(Locale.ROOT));
      json.field("detail", source.detail()).field("trouble", source.trouble());
      json.field("connected", source.connected());
      json.field("captured_seq", source.capturedSeq()).field("sent_seq", source.sentSeq());
      json.field("durable_seq", source.durableSeq());
      json.field("lag_bytes", source.lagBytes()).field("spool_bytes", source.spoolBytes());
      json.field("spool_bytes_max", source.spoolBytesMax());
      json.field("snapshot_tables_done", source.tablesDone());
      json.field("snapshot_tables_total", source.tablesTotal());
      json.field("snapshot_rows", source.snapshotRows());
      json.field(
          "last_commit_age_s",
          source.lastCommitAtUs() == 0
              ? -1
              : Duration.between(Instant.ofEpochMilli(source.lastCommitAtUs() / 1_000), at)
                  .toSeconds());
      json.name("notes").array();
      source.notes().forEach(json::value);
      json.end().end();
    }
    return json.end().end().toString();
  }
}
