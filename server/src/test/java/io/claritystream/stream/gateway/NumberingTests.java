package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.claritystream.base.db.TenantId;
import io.claritystream.protocol.link.Hello;
import io.claritystream.stream.source.Checkpoint;
import io.claritystream.stream.source.SourceRef;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class NumberingTests {
  private static final byte[] DIGEST = {1, 2, 3};
  private static final SourceRef SOURCE =
      new SourceRef(
          new TenantId(UUID.randomUUID()), UUID.randomUUID(), UUID.randomUUID(), "plant", 0, 3, 7);

  @Test
  void aSpoolThatWasNeverWrittenBeginsTheEpochThatNothingHasComeOf() {
    assertThat(Numbering.compare(Hello.getDefaultInstance(), SOURCE, durable(3, 0)))
        .isEqualTo(new Numbering.Continues(0));
    assertThat(Numbering.compare(Hello.getDefaultInstance(), SOURCE, Checkpoint.NONE))
        .isEqualTo(new Numbering.Continues(0));
  }

  @Test
  void aSpoolThatWasNeverWrittenDoesNotContinueWhatIsDurable() {
    assertThat(Numbering.compare(Hello.getDefaultInstance(), SOURCE, durable(3, 5)))
        .isInstanceOf(Numbering.Breaks.class);
  }

  @Test
  void whatIsDurableOfAnOlderEpochDoesNotCount() {
    Hello hello = Hello.newBuilder().setEpoch(3).setFirstSeq(1).setTailSeq(4).build();
    assertThat(Numbering.compare(hello, SOURCE, durable(2, 900)))
        .isEqualTo(new Numbering.Continues(0));
  }

  @Test
  void aSpoolThatEndsWhereItIsDurableHasToEndInTheSameBatch() {
    Hello.Builder hello = Hello.newBuilder().setEpoch(3).setFirstSeq(6).setTailSeq(5);
    assertThat(
            Numbering.compare(
                hello.setTailDigest(ByteString.copyFrom(DIGEST)).build(), SOURCE, durable(3, 5)))
        .isEqualTo(new Numbering.Continues(5));
    assertThat(Numbering.compare(hello.clearTailDigest().build(), SOURCE, durable(3, 5)))
        .isInstanceOf(Numbering.Breaks.class);
  }

  private static Checkpoint durable(int epoch, long seq) {
    return new Checkpoint(epoch, 7, seq, DIGEST, "0/1");
  }
}
