package io.claritystream.stream.gateway;

import com.google.protobuf.ByteString;
import io.claritystream.protocol.block.BatchDigest;
import io.claritystream.protocol.link.Hello;
import java.util.Optional;

/// Whether a hello can describe a spool at all. What cannot is refused before it costs a session:
/// compared with what is durable it would break the numbering, each time it is said.
final class HelloCheck {

  /// What is wrong with it.
  static Optional<String> wrong(Hello hello) {
    if (hello.getEpoch() < 0) {
      return Optional.of("its epoch is negative");
    }
    if (!isSeq(hello.getTailSeq())) {
      return Optional.of("its last number is out of range");
    }
    if (hello.getFirstSeq() < 0 || hello.getFirstSeq() > hello.getTailSeq() + 1) {
      return Optional.of("its first number does not go with its last");
    }
    if (!isSeq(hello.getDurableSeq())) {
      return Optional.of("its durable number is out of range");
    }
    if (!isDigest(hello.getTailDigest()) || !isDigest(hello.getDurableDigest())) {
      return Optional.of("a digest has " + BatchDigest.BYTES + " bytes, or none");
    }
    return Optional.empty();
  }

  private static boolean isSeq(long number) {
    return number >= 0 && number <= BatchLimits.SEQ_MAX;
  }

  private static boolean isDigest(ByteString digest) {
    return digest.isEmpty() || digest.size() == BatchDigest.BYTES;
  }

  private HelloCheck() {}
}
