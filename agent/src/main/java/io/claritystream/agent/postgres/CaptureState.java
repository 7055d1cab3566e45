package io.claritystream.agent.postgres;

import io.claritystream.agent.files.PrivateFile;
import io.claritystream.agent.spool.SourceMark;
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
/// @param slot the name of slot and publications
/// @param generation which choice of tables it captures: a later one needs a new snapshot
/// @param epoch 0 as long as none is granted
/// @param reason why an epoch is wanted, or was begun without a snapshot, or why it stands still,
///     in words
public record CaptureState(
    Registration registration,
    String slot,
    int generation,
    int epoch,
    Phase phase,
    String reason,
    Place place) {
  public enum Phase {
    SNAPSHOT_WANTED,
    RESUME_WANTED,
    SNAPSHOT,
    STREAM,
    STOPPED
  }

  /// As what the platform knows the source.
  ///
  /// @param sourceId the platform's id of the source; empty until it was registered
  /// @param agentId the agent that registered it
  /// @param fingerprint which database it is; empty until it was seen
  public record Registration(String sourceId, String agentId, String fingerprint) {
    static final Registration NONE = new Registration("", "", "");
  }

  /// Where in the source's log an epoch is.
  ///
  /// @param start where its stream begins, if the spool is empty
  /// @param confirmed what the source was told that it may forget, where that is beyond what the
  ///     spool can tell: no event of ours lies between; 0 if nothing
  /// @param confirmedDurable whether all up to there was durable on the platform, not only in the
  ///     spool: then an epoch without the spool may go on there as well
  /// @param snapshotEvents how many events the snapshot had that the epoch began with; -1 if it is
  ///     not whole yet, or there was none
  /// @param timeline the line of history that the captured log was written on; 0 if not known
  /// @param told what the source was told at least that it may forget; 0 if nothing is known
  public record Place(
      long start,
      long confirmed,
      boolean confirmedDurable,
      long snapshotEvents,
      int timeline,
      long told) {
    static final Place NONE = new Place(0, 0, false, -1, 0, 0);

    /// Up to where the log is known to hold nothing that is not in the spool or safe already.
    ///
    /// @param tail what the spool holds last
    long known(SourceMark tail) {
      return Lsn.max(tail.endPosition() != 0 ? tail.endPosition() : start, confirmed);
    }

    /// What stays true of it in an epoch that begins here, without the spool.
    ///
    /// @param goesOn whether that epoch goes on with the stream, or begins with a snapshot
    private Place inAnotherEpoch(long position, boolean goesOn) {
      var keeps = goesOn && confirmedDurable;
      return new Place(position, keeps ? confirmed : 0, keeps, -1, timeline, goesOn ? told : 0);
    }

    private Place on(int line) {
      return new Place(start, confirmed, confirmedDurable, snapshotEvents, line, told);
    }

    private Place confirming(long position, boolean durable) {
      return new Place(start, position, durable, snapshotEvents, timeline, told);
    }

    private Place told(long position) {
      return new Place(start, confirmed, confirmedDurable, snapshotEvents, timeline, position);
    }
  }

  public static CaptureState fresh(String slot, int generation) {
    return new CaptureState(
        Registration.NONE, slot, generation, 0, Phase.SNAPSHOT_WANTED, "it is new", Place.NONE);
  }

  private CaptureState in(int now, Phase next, String why, Place where) {
    return new CaptureState(registration, slot, generation, now, next, why, where);
  }

  private CaptureState at(Place where) {
    return in(epoch, phase, reason, where);
  }

  public CaptureState registered(String id, String database, String agent) {
    var known = new Registration(id, agent, database);
    return new CaptureState(known, slot, generation, epoch, phase, reason, place);
  }

  public CaptureState wanting(Phase wanted, String why) {
    return in(0, wanted, why, place.inAnotherEpoch(0, wanted == Phase.RESUME_WANTED));
  }

  /// @param why it begins
  public CaptureState inEpoch(int granted, Phase next, long position, String why) {
    return in(granted, next, why, place.inAnotherEpoch(position, next == Phase.STREAM));
  }

  /// The snapshot is whole, with so many events.
  CaptureState streamingFrom(long position, long events, int line) {
    return in(epoch, Phase.STREAM, "", new Place(position, 0, false, events, line, 0));
  }

  /// The log is written on another line of history now, which holds all that was captured.
  CaptureState on(int line) {
    return at(place.on(line));
  }

  /// Something is missing, and a person wants to decide.
  public CaptureState stopped(String why) {
    return in(epoch, Phase.STOPPED, why, place);
  }

  /// The source is about to be told that it may forget everything up to here.
  CaptureState confirming(long position, boolean durable) {
    return at(place.confirming(position, durable));
  }

  /// The source has been told that it may forget everything up to here.
  CaptureState told(long position) {
    return at(place.told(position));
  }

  /// What was captured belongs to another choice of tables, or to another database.
  public CaptureState anew(int chosen, String why) {
    var known = new Registration(sourceId(), "", registration.fingerprint());
    return new CaptureState(known, slot, chosen, 0, Phase.SNAPSHOT_WANTED, why, Place.NONE);
  }

  public String sourceId() {
    return registration.sourceId();
  }

  /// Whether this agent made the source known. One that was paired anew has to do so again.
  public boolean registeredBy(String agent) {
    return !sourceId().isEmpty() && registration.agentId().equals(agent);
  }

  public boolean wantsEpoch() {
    return phase == Phase.SNAPSHOT_WANTED || phase == Phase.RESUME_WANTED;
  }

  public void save(Path file) throws IOException {
    var values = new LinkedHashMap<String, String>();
    values.put("source_id", sourceId());
    values.put("agent_id", registration.agentId());
    values.put("fingerprint", registration.fingerprint());
    values.put("slot", slot);
    values.put("epoch", Integer.toString(epoch));
    values.put("phase", phase.name().toLowerCase(Locale.ROOT));
    values.put("start_position", Lsn.text(place.start()));
    values.put("confirmed_position", Lsn.text(place.confirmed()));
    values.put("confirmed_durable", Boolean.toString(place.confirmedDurable()));
    values.put("snapshot_events", Long.toString(place.snapshotEvents()));
    values.put("reason", reason);
    values.put("generation", Integer.toString(generation));
    values.put("timeline", Integer.toString(place.timeline()));
    values.put("told_position", Lsn.text(place.told()));
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
          new Registration(
              map.getOrDefault("source_id", ""),
              map.getOrDefault("agent_id", ""),
              map.getOrDefault("fingerprint", "")),
          map.getOrDefault("slot", slotIfNew),
          Integer.parseInt(map.getOrDefault("generation", "")),
          Integer.parseInt(map.getOrDefault("epoch", "")),
          Phase.valueOf(map.getOrDefault("phase", "").toUpperCase(Locale.ROOT)),
          map.getOrDefault("reason", ""),
          new Place(
              Lsn.parse(map.getOrDefault("start_position", "")),
              Lsn.parse(map.getOrDefault("confirmed_position", "0/0")),
              Boolean.parseBoolean(map.getOrDefault("confirmed_durable", "false")),
              Long.parseLong(map.getOrDefault("snapshot_events", "-1")),
              Integer.parseInt(map.getOrDefault("timeline", "0")),
              Lsn.parse(map.getOrDefault("told_position", "0/0"))));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " is not as the agent wrote it: " + e.getMessage());
    }
  }
}
