package io.claritystream.agent.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.claritystream.protocol.block.BatchDigest;
import io.claritystream.protocol.link.BatchHeader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolTests {
  private static final SpoolLimits LIMITS = new SpoolLimits(1 << 20, 4 * 1024, 1024);

  @TempDir Path directory;

  @Test
  void whatWasAppendedIsReadBackAfterARestart() throws Exception {
    try (var spool = Spool.open(directory, 3, LIMITS)) {
      fill(spool, 100, 1);
    }
    try (var spool = Spool.open(directory, 3, LIMITS)) {
      assertThat(spool.tailSeq()).isEqualTo(300);
      assertThat(spool.tailMark()).isEqualTo(mark(300));
      var entries = all(spool, 0);
      assertThat(entries).hasSize(100);
      var digest = new byte[0];
      for (var entry : entries) {
        var payload = entry.payload().toByteArray();
        assertThat(payload).isEqualTo(payload(entry.firstSeq()));
        digest = BatchDigest.next(digest, payload, 0, payload.length);
        assertThat(entry.header().getDigest().toByteArray()).isEqualTo(digest);
        assertThat(entry.mark()).isEqualTo(mark(entry.lastSeq()));
      }
      assertThat(spool.tail().digest()).isEqualTo(digest);
      fill(spool, 1, 301);
      assertThat(spool.tailSeq()).isEqualTo(303);
    }
  }

  @Test
  void whateverEndsTheAppenderIsToldToWhoeverWaitsForIt() throws Exception {
    try (var spool = Spool.open(directory, 1, LIMITS);
        var appender = new Appender(spool, "source", words -> {}).start()) {
      var draft = appender.take(10, TimeUnit.SECONDS);
      // Without an event: a mistake of ours, not the disk's.
      draft.begin(1);
      draft.mark(mark(1));
      appender.append(draft);
      await()
          .untilAsserted(
              () ->
                  assertThatThrownBy(appender::check)
                      .isInstanceOf(IOException.class)
                      .hasMessageContaining("the spool cannot be written"));
      assertThatThrownBy(() -> appender.take(1, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void readingBeginsAtTheRecordBehindAnyNumber() throws Exception {
    try (var spool = Spool.open(directory, 1, LIMITS)) {
      fill(spool, 60, 1);
      for (var behind = 0L; behind <= 180; behind++) {
        try (var reader = spool.readBehind(behind)) {
          var entry = reader.next();
          var before = reader.before();
          if (before != null) {
            assertThat(before.lastSeq()).isLessThanOrEqualTo(behind);
          }
          if (behind == 180) {
            assertThat(entry).isNull();
          } else {
            assertThat(entry.firstSeq()).isLessThanOrEqualTo(behind + 1);
            assertThat(entry.lastSeq()).isGreaterThan(behind);
          }
          if (behind % 3 == 0 && behind > 0) {
            assertThat(before.lastSeq()).isEqualTo(behind);
          }
        }
      }
    }
  }

  @Test
  void anEndTornAtAnyByteIsTakenBackAndNothingElse() throws Exception {
    long whole;
    try (var spool = Spool.open(directory, 1, LIMITS)) {
      fill(spool, 4, 1);
      whole = Files.size(newest());
      fill(spool, 1, 13);
    }
    var file = newest();
    var bytes = Files.readAllBytes(file);
    assertThat((long) bytes.length).isGreaterThan(whole);
    for (var cut = (int) whole; cut < bytes.length; cut++) {
      Files.write(file, Arrays.copyOf(bytes, cut));
      try (var spool = Spool.open(directory, 1, LIMITS)) {
        assertThat(spool.tailSeq()).as("cut at %d", cut).isEqualTo(12);
        assertThat(all(spool, 0)).hasSize(4);
        fill(spool, 1, 13);
      }
      try (var spool = Spool.open(directory, 1, LIMITS)) {
        assertThat(spool.tailSeq()).isEqualTo(15);
      }
      Files.write(file, bytes);
    }
  }

  @Test
  void anEndTornWithZerosOrNoiseBehindItIsTakenBack() throws Exception {
    try (var spool = Spool.open(directory, 1, LIMITS)) {
      fill(spool, 3, 1);
    }
    var file = newest();
    var bytes = Files.readAllBytes(file);
    var noise = new byte[3_000];
    new Random(5).nextBytes(noise);
    for (var tail : List.of(new byte[700], noise)) {
      var torn = Arrays.copyOf(bytes, bytes.length + tail.length);
      System.arraycopy(tail, 0, torn, bytes.length, tail.length);
      Files.write(file, torn);
      try (var spool = Spool.open(directory, 1, LIMITS)) {
        assertThat(spool.tailSeq()).isEqualTo(9);
      }
    }
  }

  @Test
  void aBitFlippedAnywhereBeforeTheEndGivesTheSpoolUp() throws Exception {
    long second;
    try (var spool = Spool.open(directory, 1, LIMITS)) {
      fill(spool, 1, 1);
      second = Files.size(newest());
      fill(spool, 1, 4);
    }
    var file = newest();
    var bytes = Files.readAllBytes(file);
    for (var at = Spool.SEGMENT_HEADER; at < second; at++) {
      var flipped = bytes.clone();
      flipped[at] = (byte) (flipped[at] ^ 1 << at % 8);
      Files.write(file, flipped);
      assertThatThrownBy(() -> Spool.open(directory, 1, LIMITS).close())
          .as("byte %d", at)
          .isInstanceOf(SpoolDamagedException.class);
    }
  }

  @Test
  void aBitFlippedWhileTheSpoolIsOpenIsNeverHandedOut() throws Exception {
    try (var spool = Spool.open(directory, 1, LIMITS)) {
      fill(spool, 3, 1);
      var file = newest();
      var bytes = Files.readAllBytes(file);
      for (var at = Spool.SEGMENT_HEADER; at < bytes.length; at++) {
        var flipped = bytes.clone();
        flipped[at] = (byte) (flipped[at] ^ 1 << at % 8);
        try (var channel =
            java.nio.channels.FileChannel.open(file, java.nio.file.StandardOpenOption.WRITE)) {
          channel.write(java.nio.ByteBuffer.wrap(flipped), 0);
        }
        assertThatThrownBy(() -> all(spool, 0))
            .as("byte %d", at)
            .isInstanceOfAny(SpoolDamagedException.class, java.io.EOFException.class);
      }
    }
  }

  @Test
  void segmentsGoWhenAllOfThemIsDurableAndTheDurableEndStays() throws Exception {
    try (var spool = Spool.open(directory, 1, LIMITS)) {
      fill(spool, 100, 1);
      var before = spool.bytes();
      spool.durable(150);
      assertThat(spool.bytes()).isLessThan(before);
      assertThat(spool.firstSeq()).isLessThanOrEqualTo(148);
      try (var reader = spool.readBehind(150)) {
        assertThat(reader.before().lastSeq()).isEqualTo(150);
        assertThat(reader.next().firstSeq()).isEqualTo(151);
      }
      spool.durable(300);
      try (var reader = spool.readBehind(300)) {
        assertThat(reader.before().lastSeq()).isEqualTo(300);
        assertThat(reader.next()).isNull();
        fill(spool, 1, 301);
        assertThat(reader.next().firstSeq()).isEqualTo(301);
      }
    }
    try (var spool = Spool.open(directory, 1, LIMITS)) {
      assertThat(spool.tailSeq()).isEqualTo(303);
    }
  }

  @Test
  void aReaderFollowsOverSegmentsWhileTheyAreWritten() throws Exception {
    try (var spool = Spool.open(directory, 1, LIMITS);
        var reader = spool.readBehind(0)) {
      assertThat(reader.next()).isNull();
      for (var i = 0; i < 50; i++) {
        fill(spool, 1, 1 + 3 * i);
        assertThat(reader.next().firstSeq()).isEqualTo(1 + 3 * i);
        assertThat(reader.next()).isNull();
        spool.durable(3 * i);
      }
    }
  }

  @Test
  void aFullSpoolSaysSoUntilSomethingIsDurable() throws Exception {
    var limits = new SpoolLimits(16 * 1024, 4 * 1024, 1024);
    try (var spool = Spool.open(directory, 1, limits)) {
      var next = 1L;
      while (spool.hasRoom()) {
        fill(spool, 1, next);
        next += 3;
      }
      assertThat(spool.awaitRoom(1, TimeUnit.MILLISECONDS)).isFalse();
      spool.durable(next - 1);
      assertThat(spool.awaitRoom(1, TimeUnit.MILLISECONDS)).isTrue();
    }
  }

  /// The disk is as if it were a small one; the limits allow for a large one.
  @Test
  void aDiskThatTheSpoolFilledHasRoomAgainAsSoonAsThatIsDurable() throws Exception {
    var disk = 4 * 1024 * 1024;
    try (var spool =
        Spool.open(directory, 1, SpoolLimits.DEFAULT, () -> Math.max(0, disk - size(directory)))) {
      for (var round = 0; round < 5; round++) {
        while (size(directory) < disk - 4_096) {
          fill(spool, 8, spool.tailSeq() + 1, 8 * 1024);
        }
        assertThat(spool.bytes()).as("round %d", round).isGreaterThan(3 * 1024 * 1024);
        spool.durable(spool.tailSeq());
        assertThat(spool.bytes()).as("round %d", round).isLessThan(256 * 1024);
        assertThat(size(directory)).as("round %d", round).isLessThan(256 * 1024);
      }
    }
  }

  private static long size(Path directory) {
    var files = directory.toFile().listFiles();
    return files == null ? 0 : Arrays.stream(files).mapToLong(File::length).sum();
  }

  @Test
  void aSpoolOfAnotherEpochIsDropped() throws Exception {
    try (var spool = Spool.open(directory, 1, LIMITS)) {
      fill(spool, 20, 1);
    }
    try (var spool = Spool.open(directory, 2, LIMITS)) {
      assertThat(spool.tailSeq()).isZero();
      fill(spool, 1, 1);
    }
  }

  @Test
  void aNumberIsGivenOnce() throws Exception {
    try (var spool = Spool.open(directory, 1, LIMITS)) {
      fill(spool, 1, 1);
      assertThatThrownBy(() -> fill(spool, 1, 2)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> fill(spool, 1, 5)).isInstanceOf(IllegalStateException.class);
    }
  }

  /// Whatever is appended, made durable, cut or reopened: what counts is read back, in order.
  @Property(tries = 12)
  void anyHistoryIsReadBackWhole(
      @ForAll @IntRange(min = 1, max = 1_000_000) int seed,
      @ForAll @IntRange(min = 64, max = 8_192) int segmentBytes)
      throws IOException {
    var random = new Random(seed);
    var limits = new SpoolLimits(1L << 30, segmentBytes, 1024);
    var own = Files.createTempDirectory("spool");
    try {
      var spool = Spool.open(own, 1, limits);
      var next = 1L;
      var durable = 0L;
      for (var step = 0; step < 40; step++) {
        switch (random.nextInt(10)) {
          case 0 -> {
            spool.close();
            spool = Spool.open(own, 1, limits);
          }
          case 1 -> {
            durable = durable + (next - durable) / 2;
            if (durable < next) {
              spool.durable(durable);
            }
          }
          case 2 -> {
            spool.close();
            // A record that was begun when the machine stopped.
            var newest = newest(own);
            if (newest != null) {
              var torn = new byte[random.nextInt(60)];
              random.nextBytes(torn);
              Files.write(newest, torn, java.nio.file.StandardOpenOption.APPEND);
            }
            spool = Spool.open(own, 1, limits);
          }
          default -> {
            fill(spool, 1, next);
            next += 3;
          }
        }
        assertThat(spool.tailSeq()).isEqualTo(next - 1);
      }
      var from = Math.max(spool.firstSeq() - 1, durable);
      var expected = from;
      for (var entry : all(spool, from)) {
        assertThat(entry.lastSeq()).isGreaterThan(expected);
        assertThat(entry.firstSeq()).isLessThanOrEqualTo(expected + 1);
        expected = entry.lastSeq();
      }
      assertThat(expected).isEqualTo(next - 1);
      spool.close();
    } finally {
      Spool.drop(own);
      Files.delete(own);
    }
  }

  private static void fill(Spool spool, int records, long firstSeq) throws IOException {
    fill(spool, records, firstSeq, 0);
  }

  private static void fill(Spool spool, int records, long firstSeq, int bytesMore)
      throws IOException {
    var next = firstSeq;
    for (var i = 0; i < records; i++) {
      var payload = Arrays.copyOf(payload(next), payload(next).length + bytesMore);
      var header =
          BatchHeader.newBuilder()
              .setSourceId("source")
              .setCount(3)
              .setFirstCapturedAtUs(next)
              .setLastCapturedAtUs(next + 2);
      spool.append(header, next, mark(next + 2), payload, payload.length);
      next += 3;
    }
  }

  private static SourceMark mark(long seq) {
    return new SourceMark(seq, seq * 10, 3, seq % 2 == 0, seq, seq * 10 + 8, seq * 1_000);
  }

  private static byte[] payload(long seq) {
    var bytes = new byte[40 + (int) (seq % 50)];
    new Random(seq).nextBytes(bytes);
    return bytes;
  }

  private static List<SpoolEntry> all(Spool spool, long behind) throws IOException {
    var entries = new ArrayList<SpoolEntry>();
    try (var reader = spool.readBehind(behind)) {
      for (var entry = reader.next(); entry != null; entry = reader.next()) {
        entries.add(entry);
      }
    }
    return entries;
  }

  private Path newest() throws IOException {
    return newest(directory);
  }

  private static Path newest(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files.max(java.util.Comparator.naturalOrder()).orElse(null);
    }
  }
}
