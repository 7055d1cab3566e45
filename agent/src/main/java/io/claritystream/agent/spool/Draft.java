package io.claritystream.agent.spool;

import io.claritystream.protocol.block.BlockWriter;

/// A block being filled by the thread that captures, and what the spool has to know about it.
public final class Draft {
  private static final int CAPACITY = 1024 * 1024 + 64 * 1024;

  private final BlockWriter block = new BlockWriter(CAPACITY);
  private long firstSeq;
  private SourceMark mark = SourceMark.NONE;

  Draft() {}

  public BlockWriter block() {
    return block;
  }

  /// Empties it for events from this number on.
  public void begin(long seq) {
    block.reset();
    firstSeq = seq;
  }

  public long firstSeq() {
    return firstSeq;
  }

  /// Where the source's log stands behind its last event.
  public void mark(SourceMark behind) {
    mark = behind;
  }

  SourceMark mark() {
    return mark;
  }
}
