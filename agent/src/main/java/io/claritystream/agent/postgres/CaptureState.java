package io.claritystream.agent.postgres;

import io.claritystream.agent.files.PrivateFile;
import io.claritystream.protocol.block.Lsn;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;

/// What a restart has to know of a source's capture, beside its spool.
///
/// ```
/// from               on                                   to
/// SNAPSHOT_WANTED    an epoch is granted                  SNAPSHOT
/// RESUME_WANTED      an epoch is granted, with position   STREAM from there; without: SNAPSHOT
/// SNAPSHOT           the snapshot is whole in the spool   STREAM
/// SNAPSHOT           cut short, rows were spooled         SNAPSHOT_WANTED
/// STREAM             the spool is lost or damaged         RESUME_WANTED
/// STREAM             changes are missing, on_gap repair   SNAPSHOT_WANTED
/// STREAM             changes are missing, on_gap stop     STOPPED
/// STOPPED            a person orders the repair           SNAPSHOT_WANTED
/// any                the platform grants a new epoch      as RESUME_WANTED
/// ```
///
/// @param sourceId the platform's id of the source; empty until it was registered
/// @param agentId the agent that registered it
/// @param fingerprint which database it is; empty until it was seen
/// @param slot the name of slot and publications
/// @param epoch 0 as long as none is granted
/// @param startPosition where the stream of this epoch begins, if the spool is empty
/// @param confirmedPosition what the source was told that it may forget, where that is beyond what
///     the spool can tell: no event of ours lies between; 0 if nothing
/// @param confirmedDurable whether all up to there was durable on the platform, not only in the
///     spool: then an epoch without the spool may go on there as well
/// @param snapshotEvents how many events the snapshot had that this epoch began with; -1 if it is
///     not whole yet, or there was none
/// @param reason why an epoch is wanted, or why it stands still, in words
/// @param generation which choice of tables it captures: a later one needs a new snapshot
/// @param timeline the line of history that the captured log was written on; 0 if not known
public record CaptureState(
    String sourceId,
    String agentId,
    String fingerprint,
    String slot,
    int epoch,
    Phase phase,
    long startPosition,
    long confirmedPosition,
    boolean confirmedDurable,
    long snapshotEvents,
    String reason,
    int generation,
    int timeline) {
  public enum Phase {
    SNAPSHOT_WANTED,
    RESUME_WANTED,
    SNAPSHOT,
    STREAM,
    STOPPED
  }

  public static CaptureState fresh(String slot, int generation) {
    return new CaptureState(
        "", "", "", slot, 0, Phase.SNAPSHOT_WANTED, 0, 0, false, -1, "it is new", generation, 0);
  }

  public CaptureState registered(String id, String database, String agent) {
    return new CaptureState(
        id,
        agent,
        database,
        slot,
        epoch,
        phase,
        startPosition,
        confirmedPosition,
        confirmedDurable,
        snapshotEvents,
        reason,
        generation,
        timeline);
  }

  public CaptureState wanting(Phase wanted, String why) {
    var resumes = wanted == Phase.RESUME_WANTED && confirmedDurable;
    return new CaptureState(
        sourceId,
        agentId,
        fingerprint,
        slot,
        0,
        wanted,
        0,
        resumes ? confirmedPosition : 0,
        resumes,
        -1,
        why,
        generation,
        timeline);
  }

  public CaptureState inEpoch(int granted, Phase next, long position) {
    var resumes = next == Phase.STREAM && confirmedDurable;
    return new CaptureState(
        sourceId,
        agentId,
        fingerprint,
        slot,
        granted,
        next,
        position,
        resumes ? confirmedPosition : 0,
        resumes,
        -1,
        "",
        generation,
        timeline);
  }

  /// The snapshot is whole, with so many events.
  CaptureState streamingFrom(long position, long events, int line) {
    return new CaptureState(
        sourceId,
        agentId,
        fingerprint,
        slot,
        epoch,
        Phase.STREAM,
        position,
        0,
        false,
        events,
        "",
        generation,
        line);
  }

  /// The log is written on another line of history now, which holds all that was captured.
  CaptureState on(int line) {
    return new CaptureState(
        sourceId,
        agentId,
        fingerprint,
        slot,
        epoch,
        phase,
        startPosition,
        confirmedPosition,
        confirmedDurable,
        snapshotEvents,
        reason,
        generation,
        line);
  }

  /// Something is missing, and a person wants to decide.
  public CaptureState stopped(String why) {
    return new CaptureState(
        sourceId,
        agentId,
        fingerprint,
        slot,
        epoch,
        Phase.STOPPED,
        startPosition,
        confirmedPosition,
        confirmedDurable,
        snapshotEvents,
        why,
        generation,
        timeline);
  }

  /// The source is about to be told that it may forget everything up to here.
  CaptureState confirming(long position, boolean durable) {
    return new CaptureState(
        sourceId,
        agentId,
        fingerprint,
        slot,
        epoch,
        phase,
        startPosition,
        position,
        durable,
        snapshotEvents,
        reason,
        generation,
        timeline);
  }

  /// What was captured belongs to another choice of tables, or to another database.
  public CaptureState anew(int chosen, String why) {
    return new CaptureState(
        sourceId, "", fingerprint, slot, 0, Phase.SNAPSHOT_WANTED, 0, 0, false, -1, why, chosen, 0);
  }

  /// Whether this agent made the source known. One that was paired anew has to do so again.
  public boolean registeredBy(String agent) {
    return !sourceId.isEmpty() && agentId.equals(agent);
  }

  public boolean wantsEpoch() {
    return phase == Phase.SNAPSHOT_WANTED || phase == Phase.RESUME_WANTED;
  }

  public void save(Path file) throws IOException {
    var values = new LinkedHashMap<String, String>();
    values.put("source_id", sourceId);
    values.put("agent_id", agentId);
    values.put("fingerprint", fingerprint);
    values.put("slot", slot);
    values.put("epoch", Integer.toString(epoch));
    values.put("phase", phase.name().toLowerCase(Locale.ROOT));
    values.put("start_position", Lsn.text(startPosition));
    values.put("confirmed_position", Lsn.text(confirmedPosition));
    values.put("confirmed_durable", Boolean.toString(confirmedDurable));
    values.put("snapshot_events", Long.toString(snapshotEvents));
    values.put("reason", reason);
    values.put("generation", Integer.toString(generation));
    values.put("timeline", Integer.toString(timeline));
    PrivateFile.write(file, PrivateFile.properties(values));
  }

  /// @throws IOException if the file is there and not what we wrote
  public static CaptureState load(Path file, String slotIfNew, int generationIfNew)
      throws IOException {
    var values = PrivateFile.readProperties(file);
    if (values.isEmpty()) {
      return fresh(slotIfNew, generationIfNew);
    }
    var map = values.get();
    try {
      return new CaptureState(
          map.getOrDefault("source_id", ""),
          map.getOrDefault("agent_id", ""),
          map.getOrDefault("fingerprint", ""),
          map.getOrDefault("slot", slotIfNew),
          Integer.parseInt(map.getOrDefault("epoch", "")),
          Phase.valueOf(map.getOrDefault("phase", "").toUpperCase(Locale.ROOT)),
          Lsn.parse(map.getOrDefault("start_position", "")),
          Lsn.parse(map.getOrDefault("confirmed_position", "0/0")),
          Boolean.parseBoolean(map.getOrDefault("confirmed_durable", "false")),
          Long.parseLong(map.getOrDefault("snapshot_events", "-1")),
          map.getOrDefault("reason", ""),
          Integer.parseInt(map.getOrDefault("generation", "")),
          Integer.parseInt(map.getOrDefault("timeline", "0")));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " is not as the agent wrote it: " + e.getMessage());
    }
  }
}
