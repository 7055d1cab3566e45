package io.claritystream.stream.gateway;

import io.claritystream.protocol.link.Hello;
import io.claritystream.stream.source.Checkpoint;
import io.claritystream.stream.source.SourceRef;

/// Whether an agent's spool continues what is durable.
sealed interface Numbering {

  /// It does: the agent sends from `durableSeq` + 1.
  record Continues(long durableSeq) implements Numbering {}

  /// It does not: what the agent would send under the old numbers is not what they stood for.
  record Breaks(String why) implements Numbering {}

  /// Compares what the agent says of its spool with the checkpoint. The checkpoint has to be final:
  /// nothing of an older session may be on its way any more.
  static Numbering compare(Hello hello, SourceRef source, Checkpoint checkpoint) {
    boolean begun = checkpoint.epoch() == source.epoch();
    long durable = begun ? checkpoint.seq() : 0;
    if (hello.getEpoch() == 0 && hello.getTailSeq() == 0 && durable == 0) {
      // A spool that was never written, and an epoch that nothing has come of: they begin together.
      return new Continues(0);
    }
    if (hello.getEpoch() != source.epoch()) {
      return new Breaks(
          "the agent's spool is of epoch "
              + hello.getEpoch()
              + ", the source is in epoch "
              + source.epoch());
    }
    if (hello.getTailSeq() < durable) {
      return new Breaks(
          "the agent's spool ends at "
              + hello.getTailSeq()
              + ", before "
              + durable
              + ", which is durable");
    }
    if (durable > 0
        && hello.getTailSeq() == durable
        && !checkpoint.digestIs(hello.getTailDigest().toByteArray())) {
      return new Breaks(
          "the batch that ends at " + durable + " is another one in the agent's spool");
    }
    if (durable > 0
        && hello.getDurableSeq() == durable
        && !hello.getDurableDigest().isEmpty()
        && !checkpoint.digestIs(hello.getDurableDigest().toByteArray())) {
      return new Breaks("the batch that ends at " + durable + " was another one for the agent");
    }
    if (hello.getTailSeq() > durable && hello.getFirstSeq() > durable + 1) {
      return new Breaks(
          "the agent's spool begins at "
              + hello.getFirstSeq()
              + ", after "
              + (durable + 1)
              + ", which is needed next");
    }
    return new Continues(durable);
  }
}
