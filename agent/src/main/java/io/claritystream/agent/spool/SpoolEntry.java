package io.claritystream.agent.spool;

import com.google.protobuf.ByteString;
import io.claritystream.protocol.link.BatchHeader;

/// A record as read back, its checksum found right.
public record SpoolEntry(BatchHeader header, SourceMark mark, ByteString payload) {
  public long firstSeq() {
    return header.getFirstSeq();
  }

  public long lastSeq() {
    return header.getFirstSeq() + header.getCount() - 1;
  }
}
