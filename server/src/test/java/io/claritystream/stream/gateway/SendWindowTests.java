package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.stream.gateway.SendWindow.Placement;
import org.junit.jupiter.api.Test;

class SendWindowTests {
  private static final int WINDOW = 1_000;

  private final SendWindow window = new SendWindow(10, WINDOW);

  @Test
  void theFirstBatchContainsWhatIsNeededNext() {
    assertThat(window.place(12, 20, 1)).isInstanceOf(Placement.Dropped.class);
    assertThat(window.place(5, 11, 1)).isInstanceOf(Placement.Dropped.class);
    assertThat(window.place(5, 12, 1)).isInstanceOf(Placement.Next.class);
    assertThat(window.place(12, 20, 1)).isInstanceOf(Placement.Next.class);
  }

  @Test
  void afterThatNumbersHaveNoGapAndNoOverlap() {
    window.place(11, 20, 1);
    assertThat(window.place(21, 30, 1))
        .isEqualTo(new Placement.Refused("The batch begins at 21, expected was 20."));
    assertThat(window.place(19, 30, 1)).isInstanceOf(Placement.Refused.class);
  }

  @Test
  void itIsFullUntilWhatWasSentIsDurable() {
    window.place(11, 21, 600);
    assertThat(window.isFull()).isFalse();
    window.place(21, 31, 600);
    assertThat(window.isFull()).isTrue();

    assertThat(window.durable(20)).isEqualTo(10);
    assertThat(window.outstandingBytes()).isEqualTo(600);
    assertThat(window.isFull()).isFalse();
    assertThat(window.durable(15)).isZero();
    assertThat(window.durable(25)).isEqualTo(5);
    assertThat(window.outstandingBytes()).isEqualTo(600);
    assertThat(window.durable(30)).isEqualTo(5);
    assertThat(window.isEmpty()).isTrue();
  }

  @Test
  void goingBackForgetsWhatWasSentAndDropsWhatIsUnderWay() {
    window.place(11, 21, 600);
    window.place(21, 31, 600);
    assertThat(window.goBack()).isEqualTo(11);
    assertThat(window.isEmpty()).isTrue();

    assertThat(window.place(31, 41, 600)).isInstanceOf(Placement.Dropped.class);
    assertThat(window.isEmpty()).isTrue();
    assertThat(window.place(11, 21, 600)).isInstanceOf(Placement.Next.class);
    assertThat(window.place(21, 31, 600)).isInstanceOf(Placement.Next.class);
  }

  @Test
  void allIsDurableOnlyWhenNothingWasSentBeyond() {
    assertThat(window.isAllDurable()).isTrue();
    window.place(11, 21, 1);
    window.goBack();
    assertThat(window.isEmpty()).isTrue();
    assertThat(window.isAllDurable()).isFalse();
    window.durable(20);
    assertThat(window.isAllDurable()).isTrue();
  }

  @Test
  void whatBecomesDurableAfterAllIsNotAskedForAnyMore() {
    window.place(11, 21, 600);
    window.place(21, 31, 600);
    window.goBack();
    window.durable(20);
    assertThat(window.place(11, 21, 600)).isInstanceOf(Placement.Dropped.class);
    assertThat(window.place(21, 31, 600)).isInstanceOf(Placement.Next.class);
  }

  @Test
  void anAgentMayGoOnBehindWhatHasBecomeDurable() {
    window.place(11, 21, 1);
    window.place(21, 31, 1);
    window.goBack();
    window.place(11, 21, 1);
    window.durable(30);
    assertThat(window.place(31, 41, 1)).isInstanceOf(Placement.Next.class);
  }

  @Test
  void anAgentThatIgnoresWhatItIsAskedForIsRefusedInTheEnd() {
    window.place(11, 21, 1);
    window.goBack();
    long from = 21;
    int dropped = 0;
    while (window.place(from, from + 1, BatchLimits.PAYLOAD_BYTES_MAX)
        instanceof Placement.Dropped) {
      from++;
      dropped++;
    }
    assertThat(dropped).isEqualTo(1);
  }

  @Test
  void aMissingNumberIsAskedForOnce() {
    assertThat(window.isWorthAsking(11)).isFalse();
    window.place(11, 21, 1);
    window.place(21, 31, 1);
    assertThat(window.isWorthAsking(25)).isFalse();
    assertThat(window.isWorthAsking(11)).isTrue();
    window.goBack();
    assertThat(window.isWorthAsking(11)).isFalse();
    window.place(11, 21, 1);
    assertThat(window.isWorthAsking(11)).isFalse();
    window.durable(20);
    window.place(21, 31, 1);
    assertThat(window.isWorthAsking(21)).isTrue();
  }
}
