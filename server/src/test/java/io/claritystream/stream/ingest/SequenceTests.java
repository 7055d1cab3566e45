package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.BatchKind;
import io.claritystream.stream.ingest.Sequence.Verdict;
import org.junit.jupiter.api.Test;

class SequenceTests {
  private static final Mark MARK = Mark.NONE.opened(2, 5).taken(100, new byte[] {1}, 100, 0, 0);

  private static BatchHeader.Builder batch(long first, int count) {
    return BatchHeader.newBuilder().setEpoch(2).setSession(5).setFirstSeq(first).setCount(count);
  }

  private static Verdict judge(BatchHeader.Builder header) {
    return Sequence.judge(MARK, header.build());
  }

  @Test
  void the_next_number_follows() {
    assertThat(judge(batch(101, 3))).isEqualTo(new Verdict.Follows(0));
  }

  @Test
  void an_overlapping_batch_follows_without_what_is_known() {
    assertThat(judge(batch(99, 3))).isEqualTo(new Verdict.Follows(2));
  }

  @Test
  void a_batch_without_events_follows_where_it_stands_and_is_nothing_new_before() {
    assertThat(judge(batch(101, 0))).isEqualTo(new Verdict.Follows(0));
    assertThat(judge(batch(100, 0))).isEqualTo(new Verdict.Repeats());
    assertThat(judge(batch(102, 0))).isEqualTo(new Verdict.Skips(101));
  }

  @Test
  void known_numbers_repeat() {
    assertThat(judge(batch(98, 3))).isEqualTo(new Verdict.Repeats());
    assertThat(judge(batch(1, 1))).isEqualTo(new Verdict.Repeats());
  }

  @Test
  void a_batch_that_leaves_numbers_out_names_the_first_of_them() {
    assertThat(judge(batch(102, 1))).isEqualTo(new Verdict.Skips(101));
  }

  @Test
  void lower_epochs_and_older_sessions_are_stale() {
    assertThat(judge(batch(101, 1).setEpoch(1))).isEqualTo(new Verdict.Stale());
    assertThat(judge(batch(101, 1).setSession(4))).isEqualTo(new Verdict.Stale());
    assertThat(judge(batch(0, 0).setKind(BatchKind.BARRIER).setSession(4)))
        .isEqualTo(new Verdict.Stale());
  }

  @Test
  void a_barrier_opens_a_session_or_an_epoch_once() {
    var barrier = batch(0, 0).setKind(BatchKind.BARRIER);
    assertThat(judge(barrier)).isEqualTo(new Verdict.Repeats());
    assertThat(judge(barrier.clone().setSession(6))).isEqualTo(new Verdict.Opens());
    assertThat(judge(barrier.clone().setEpoch(3))).isEqualTo(new Verdict.Opens());
  }

  @Test
  void an_epoch_without_its_barrier_is_not_opened() {
    assertThat(judge(batch(1, 1).setEpoch(3))).isEqualTo(new Verdict.Unopened());
  }

  @Test
  void a_new_session_keeps_the_numbers_and_a_new_epoch_begins_them_again() {
    assertThat(MARK.opened(2, 9).seq()).isEqualTo(100);
    var next = MARK.positioned(100, 77).opened(3, 9);
    assertThat(next.seq()).isZero();
    assertThat(next.digest()).isEmpty();
    assertThat(next.eventsTotal()).isEqualTo(100);
    assertThat(next.position()).isEqualTo(77);
    assertThat(next.positioned(0, 5).position()).as("of the new epoch").isEqualTo(5);
  }

  @Test
  void a_position_never_goes_back_within_an_epoch() {
    var mark = MARK.positioned(90, 50);
    assertThat(mark.positioned(80, 60)).isEqualTo(mark);
    assertThat(mark.positioned(90, 40)).isEqualTo(mark);
    assertThat(mark.positioned(90, 60).position()).isEqualTo(60);
  }
}
