package io.claritystream.stream.ingest;

import io.claritystream.protocol.block.Lsn;
import java.util.Arrays;

/// How far a source has come: what `control.checkpoint_source` holds of it.
///
/// @param session the agent's newest stream whose barrier, or whose batch, was taken
/// @param seq all events up to this number are taken
/// @param digest that of the batch that ends there; empty at the begin of an epoch
/// @param position where the source's log may be read on, once `positionSeq` is durable; 0 if
///     unknown
/// @param positionSeq the last event of the last whole transaction; -1 if none in this epoch
/// @param eventsTotal events taken over all epochs
/// @param lastCommitAtUs when the newest of them was committed at the source; 0 if none
/// @param lastCapturedAtUs when the last of them was captured; 0 if none
/// @param model the model that its events are folded into; 0 if there is none yet
record Mark(
    int epoch,
    long session,
    long seq,
    byte[] digest,
    long position,
    long positionSeq,
    long eventsTotal,
    long lastCommitAtUs,
    long lastCapturedAtUs,
    int model) {
  private static final byte[] NO_DIGEST = {};

  /// Of a source that nothing was ever taken from.
  static final Mark NONE = new Mark(1, 0, 0, NO_DIGEST, 0, -1, 0, 0, 0, 0);

  /// A barrier: another session, and perhaps another epoch, which begins with number 1.
  Mark opened(int newEpoch, long newSession) {
    return newEpoch == epoch
        ? session(newSession)
        : new Mark(
            newEpoch,
            newSession,
            0,
            NO_DIGEST,
            position,
            -1,
            eventsTotal,
            lastCommitAtUs,
            lastCapturedAtUs,
            model);
  }

  Mark session(long newSession) {
    return new Mark(
        epoch,
        Math.max(session, newSession),
        seq,
        digest,
        position,
        positionSeq,
        eventsTotal,
        lastCommitAtUs,
        lastCapturedAtUs,
        model);
  }

  Mark taken(long newSeq, byte[] newDigest, int events, long commitAtUs, long capturedAtUs) {
    return new Mark(
        epoch,
        session,
        newSeq,
        newDigest,
        position,
        positionSeq,
        eventsTotal + events,
        Math.max(lastCommitAtUs, commitAtUs),
        Math.max(lastCapturedAtUs, capturedAtUs),
        model);
  }

  /// All up to `endSeq` are whole transactions and the log may be read on at `endPosition`. One
  /// that is behind what is known already says nothing new.
  Mark positioned(long endSeq, long endPosition) {
    if (endSeq < positionSeq
        || endSeq == positionSeq && Long.compareUnsigned(endPosition, position) <= 0) {
      return this;
    }
    return new Mark(
        epoch,
        session,
        seq,
        digest,
        endPosition,
        endSeq,
        eventsTotal,
        lastCommitAtUs,
        lastCapturedAtUs,
        model);
  }

  /// What comes next is folded into another model.
  Mark folding(int newModel) {
    return new Mark(
        epoch,
        session,
        seq,
        digest,
        position,
        positionSeq,
        eventsTotal,
        lastCommitAtUs,
        lastCapturedAtUs,
        newModel);
  }

  String positionText() {
    return position == 0 ? "" : Lsn.text(position);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Mark that
        && epoch == that.epoch
        && session == that.session
        && seq == that.seq
        && Arrays.equals(digest, that.digest)
        && position == that.position
        && positionSeq == that.positionSeq
        && eventsTotal == that.eventsTotal
        && lastCommitAtUs == that.lastCommitAtUs
        && lastCapturedAtUs == that.lastCapturedAtUs
        && model == that.model;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(seq) * 31 + epoch;
  }
}
