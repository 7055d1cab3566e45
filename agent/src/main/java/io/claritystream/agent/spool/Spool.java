package io.claritystream.agent.spool;

import com.google.protobuf.UnsafeByteOperations;
import io.claritystream.protocol.block.BatchDigest;
import io.claritystream.protocol.link.BatchHeader;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The spool of one source and epoch. One thread appends, one reads and reports what is durable;
/// both may do so at once.
public final class Spool implements AutoCloseable {
  static final int SEGMENT_HEADER = 16;

  private static final long SEGMENT_BYTES_MIN = 64 * 1024;

  private static final long MAGIC = 0x43_53_53_50_4f_4f_4c_31L;
  private static final String SUFFIX = ".spool";

  private static final class Segment {
    final Path path;
    final long firstSeq;
    long end = SEGMENT_HEADER;

    Segment(Path path, long firstSeq) {
      this.path = path;
      this.firstSeq = firstSeq;
    }
  }

  private final Path directory;
  private final int epoch;
  private final SpoolLimits limits;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final List<Segment> segments = new ArrayList<>();
  private @Nullable FileChannel active;
  private long activeEnd = SEGMENT_HEADER;
  private long bytes;
  private long tailSeq;
  private byte[] tailDigest = new byte[0];
  private SourceMark tailMark = SourceMark.NONE;
  private long tailCapturedAtUs;
  private long durableSeq;
  private boolean woken;
  private boolean closed;

  /// How much room the disk has.
  private final LongSupplier usable;

  private Spool(Path directory, int epoch, SpoolLimits limits, LongSupplier usable) {
    this.usable = usable;
    this.directory = directory;
    this.epoch = epoch;
    this.limits = limits;
  }

  /// Opens what the directory holds of this epoch and checks every record of it; segments of other
  /// epochs are deleted. An end that was cut short is taken back.
  ///
  /// @throws SpoolDamagedException if a record before the end is not what was written
  public static Spool open(Path directory, int epoch, SpoolLimits limits) throws IOException {
    return open(directory, epoch, limits, directory.toFile()::getUsableSpace);
  }

  static Spool open(Path directory, int epoch, SpoolLimits limits, LongSupplier usable)
      throws IOException {
    Files.createDirectories(directory);
    var spool = new Spool(directory, epoch, limits, usable);
    spool.recover();
    return spool;
  }

  /// Deletes all that a directory holds.
  public static void drop(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      for (var path : segmentPaths(directory)) {
        Files.delete(path);
      }
      forceDirectory(directory);
    }
  }

  public int epoch() {
    return epoch;
  }

  /// The last number that counts; 0 if there is none.
  public long tailSeq() {
    return locked(() -> tailSeq);
  }

  /// The last number that counts and the digest of the batch that ends there; 0 and nothing if
  /// there is none.
  public record Tail(long seq, byte[] digest) {}

  public Tail tail() {
    return locked(() -> new Tail(tailSeq, tailDigest.clone()));
  }

  public SourceMark tailMark() {
    return locked(() -> tailMark);
  }

  /// No event may be captured before this time.
  public long tailCapturedAtUs() {
    return locked(() -> tailCapturedAtUs);
  }

  /// The first number that can still be read; [#tailSeq()] + 1 if there is none.
  public long firstSeq() {
    return locked(() -> segments.isEmpty() ? tailSeq + 1 : segments.getFirst().firstSeq);
  }

  public long durableSeq() {
    return locked(() -> durableSeq);
  }

  public long bytes() {
    return locked(() -> bytes);
  }

  public long bytesMax() {
    return limits.bytesMax();
  }

  public SpoolLimits limits() {
    return limits;
  }

  /// Whether a record may be appended without growing beyond the limit.
  public boolean hasRoom() {
    return locked(() -> bytes < limits.bytesMax());
  }

  /// Waits until there is room, or the time has passed, or the spool was closed.
  ///
  /// @return whether there is room
  public boolean awaitRoom(long timeout, TimeUnit unit) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      var left = unit.toNanos(timeout);
      while (bytes >= limits.bytesMax() && !closed && left > 0) {
        left = changed.awaitNanos(left);
      }
      return bytes < limits.bytesMax() && !closed;
    } finally {
      lock.unlock();
    }
  }

  /// Ends the wait of whoever waits for more, or the next one's before it begins.
  public void wake() {
    lock.lock();
    try {
      woken = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Waits until the spool holds more than `seq`, somebody wakes, or the time has passed.
  ///
  /// @return whether it does
  public boolean awaitBeyond(long seq, long timeout, TimeUnit unit) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      var left = unit.toNanos(timeout);
      while (tailSeq <= seq && !closed && !woken && left > 0) {
        left = changed.awaitNanos(left);
      }
      woken = false;
      return tailSeq > seq;
    } finally {
      lock.unlock();
    }
  }

  /// Numbers a batch, writes it and forces it to disk. Once this returns, its events count.
  ///
  /// @param header all but epoch, number and digest
  /// @param firstSeq what the caller takes to be the next number
  /// @return the number of its last event
  /// @throws IOException if it could not be written; then nothing of it counts
  public long append(
      BatchHeader.Builder header, long firstSeq, SourceMark mark, byte[] payload, int length)
      throws IOException {
    long previous;
    byte[] digestBefore;
    lock.lock();
    try {
      if (closed) {
        throw new IOException("the spool is closed");
      }
      previous = tailSeq;
      digestBefore = tailDigest;
    } finally {
      lock.unlock();
    }
    if (firstSeq != previous + 1) {
      throw new IllegalStateException(
          "event " + firstSeq + " cannot follow event " + previous + " in " + directory);
    }
    if (header.getCount() < 1) {
      throw new IllegalArgumentException("a batch without events");
    }
    var digest = BatchDigest.next(digestBefore, payload, 0, length);
    var complete =
        header
            .setEpoch(epoch)
            .setFirstSeq(firstSeq)
            .setDigest(UnsafeByteOperations.unsafeWrap(digest))
            .setCrc32C(BatchDigest.crc32c(payload, 0, length))
            .build();
    var segment = segmentFor(firstSeq);
    write(segment, complete, mark, payload, length);
    lock.lock();
    try {
      bytes += segment.end - activeEnd;
      activeEnd = segment.end;
      tailSeq = firstSeq + complete.getCount() - 1;
      tailDigest = digest;
      tailMark = mark;
      tailCapturedAtUs = complete.getLastCapturedAtUs();
      changed.signalAll();
      return tailSeq;
    } finally {
      lock.unlock();
    }
  }

  /// All up to `seq` is safe on the platform: what is not needed any more is deleted. The record
  /// that ends there is kept, so that its digest can be told.
  public void durable(long seq) throws IOException {
    var obsolete = new ArrayList<Path>();
    lock.lock();
    try {
      if (seq <= durableSeq) {
        return;
      }
      durableSeq = Math.min(seq, tailSeq);
      while (segments.size() > 1 && segments.get(1).firstSeq <= durableSeq) {
        var oldest = segments.removeFirst();
        bytes -= oldest.end;
        obsolete.add(oldest.path);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    for (var path : obsolete) {
      Files.deleteIfExists(path);
    }
  }

  /// Reads from the record that holds `seq` + 1.
  public Reader readBehind(long seq) throws IOException {
    return new Reader(seq);
  }

  /// Reads record after record. Not safe for several threads.
  public final class Reader implements AutoCloseable {
    private @Nullable FileChannel channel;
    private @Nullable Segment segment;
    private long offset;
    private long recordAt;
    private long lastSeq;
    private @Nullable SpoolEntry before;

    private Reader(long seq) throws IOException {
      seek(seq);
    }

    /// The last record that lies wholly at or before the number sought, if it is still there.
    public @Nullable SpoolEntry before() {
      return before;
    }

    private void seek(long seq) throws IOException {
      Segment found = null;
      lock.lock();
      try {
        for (var candidate : segments) {
          // A segment that begins at seq + 1 is left to be entered from the one before it, which
          // holds the record that ends at seq.
          if (found == null || candidate.firstSeq <= seq) {
            found = candidate;
          }
        }
      } finally {
        lock.unlock();
      }
      if (found == null) {
        lastSeq = seq;
        return;
      }
      if (found.firstSeq > seq + 1) {
        throw new SpoolDamagedException(
            "event " + (seq + 1) + " is asked for and the spool begins at " + found.firstSeq);
      }
      enter(found);
      lastSeq = found.firstSeq - 1;
      for (var entry = next(); entry != null; entry = next()) {
        if (entry.lastSeq() > seq) {
          offset = recordAt;
          lastSeq = entry.firstSeq() - 1;
          return;
        }
        before = entry;
      }
    }

    private void enter(Segment next) throws IOException {
      close();
      channel = FileChannel.open(next.path, StandardOpenOption.READ);
      segment = next;
      offset = SEGMENT_HEADER;
    }

    /// The next record that counts, or null if there is none yet.
    ///
    /// @throws SpoolDamagedException if it is not what was written
    public @Nullable SpoolEntry next() throws IOException {
      long end;
      Segment follower = null;
      lock.lock();
      try {
        if (segment == null) {
          if (segments.isEmpty()) {
            return null;
          }
          follower = segments.getFirst();
          end = 0;
        } else {
          end = segment.end;
          if (offset >= end) {
            var index = segments.indexOf(segment);
            if (index >= 0 && index + 1 < segments.size()) {
              follower = segments.get(index + 1);
            } else if (index < 0 && !segments.isEmpty()) {
              follower = segments.getFirst();
            }
            if (follower == null || tailSeq <= lastSeq) {
              return null;
            }
          }
        }
        if (tailSeq <= lastSeq) {
          return null;
        }
      } finally {
        lock.unlock();
      }
      if (follower != null) {
        enter(follower);
        return next();
      }
      var entry = read();
      if (entry.firstSeq() != lastSeq + 1) {
        throw new SpoolDamagedException(
            "event " + entry.firstSeq() + " follows event " + lastSeq + " in the spool");
      }
      lastSeq = entry.lastSeq();
      return entry;
    }

    private SpoolEntry read() throws IOException {
      var from = channel;
      if (from == null || segment == null) {
        throw new IllegalStateException("no segment is entered");
      }
      var prefix = ByteBuffer.allocate(Records.PREFIX);
      readFully(from, prefix, offset);
      var length = prefix.getInt(0);
      if (!Records.possible(length)) {
        throw new SpoolDamagedException("a record of " + length + " bytes in " + segment.path);
      }
      var body = ByteBuffer.allocate(length);
      readFully(from, body, offset + Records.PREFIX);
      if (Records.checksum(length, body) != prefix.getInt(4)) {
        throw new SpoolDamagedException(
            "a record at byte " + offset + " of " + segment.path + " fails its checksum");
      }
      recordAt = offset;
      offset += Records.PREFIX + length;
      return Records.decode(body);
    }

    @Override
    public void close() throws IOException {
      if (channel != null) {
        channel.close();
        channel = null;
      }
    }
  }

  /// Whoever waits is woken; nothing can be appended any more.
  @Override
  public void close() throws IOException {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
      if (active != null) {
        active.close();
        active = null;
      }
    } finally {
      lock.unlock();
    }
  }

  /// A disk that fills gets ever smaller segments: the one in use is never deleted, and must not be
  /// what keeps the disk full when all that it holds is safe.
  private long segmentBytes() {
    var left = usable.getAsLong();
    return Math.min(limits.segmentBytes(), Math.max(SEGMENT_BYTES_MIN, left / 4));
  }

  private Segment segmentFor(long firstSeq) throws IOException {
    if (active != null && activeEnd < segmentBytes()) {
      return segments.getLast();
    }
    var path = directory.resolve(String.format(Locale.ROOT, "%016x%s", firstSeq, SUFFIX));
    var channel =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    try {
      var head = ByteBuffer.allocate(SEGMENT_HEADER);
      head.putLong(MAGIC).putInt(epoch).putInt(0).flip();
      writeFully(channel, head, 0);
      channel.force(true);
      forceDirectory(directory);
    } catch (IOException e) {
      channel.close();
      Files.deleteIfExists(path);
      throw e;
    }
    lock.lock();
    try {
      if (active != null) {
        active.close();
      }
      active = channel;
      activeEnd = SEGMENT_HEADER;
      bytes += SEGMENT_HEADER;
      var segment = new Segment(path, firstSeq);
      segments.add(segment);
      return segment;
    } finally {
      lock.unlock();
    }
  }

  private void write(
      Segment segment, BatchHeader header, SourceMark mark, byte[] payload, int length)
      throws IOException {
    var front = Records.front(header, mark, payload, length);
    var recordBytes = front.capacity() + length;
    var channel = active;
    if (channel == null) {
      throw new IOException("the spool is closed");
    }
    var at = activeEnd;
    try {
      writeFully(channel, front, at);
      writeFully(channel, ByteBuffer.wrap(payload, 0, length), at + front.capacity());
    } catch (IOException e) {
      // What was written of it must not stand before the next attempt.
      channel.truncate(at);
      throw e;
    }
    channel.force(false);
    lock.lock();
    try {
      segment.end = at + recordBytes;
    } finally {
      lock.unlock();
    }
  }

  private void recover() throws IOException {
    var paths = segmentPaths(directory);
    for (var i = 0; i < paths.size(); i++) {
      var last = i == paths.size() - 1;
      if (!recover(paths.get(i), last)) {
        Files.delete(paths.get(i));
      }
    }
    if (!segments.isEmpty()) {
      var newest = segments.getLast();
      active = FileChannel.open(newest.path, StandardOpenOption.WRITE);
      activeEnd = newest.end;
      if (active.size() > activeEnd) {
        active.truncate(activeEnd);
        active.force(true);
      }
    }
  }

  /// @return whether the segment holds anything to keep
  private boolean recover(Path path, boolean last) throws IOException {
    try (var channel = FileChannel.open(path, StandardOpenOption.READ);
        var arena = Arena.ofConfined()) {
      var size = channel.size();
      if (size < SEGMENT_HEADER) {
        if (last) {
          return false;
        }
        throw new SpoolDamagedException(path + " is cut short");
      }
      var map = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena).asByteBuffer();
      if (map.getLong(0) != MAGIC) {
        if (last && size == SEGMENT_HEADER) {
          return false;
        }
        throw new SpoolDamagedException(path + " does not begin like a segment");
      }
      if (map.getInt(8) != epoch) {
        return false;
      }
      var offset = (long) SEGMENT_HEADER;
      Segment segment = null;
      while (offset < size) {
        var next = Records.end(map, (int) offset, (int) size);
        if (next < 0) {
          if (last && !Records.wholeBehind(map, (int) offset, (int) size)) {
            break;
          }
          throw new SpoolDamagedException(
              "a record at byte " + offset + " of " + path + " fails its checksum");
        }
        var body = map.slice((int) offset + Records.PREFIX, next - (int) offset - Records.PREFIX);
        var entry = Records.decodeWithoutPayload(body);
        if (segment == null) {
          segment = new Segment(path, entry.firstSeq());
          if (!segments.isEmpty() && entry.firstSeq() != tailSeq + 1) {
            throw new SpoolDamagedException(
                path + " begins at " + entry.firstSeq() + " and should at " + (tailSeq + 1));
          }
        } else if (entry.firstSeq() != tailSeq + 1) {
          throw new SpoolDamagedException(
              "event " + entry.firstSeq() + " follows event " + tailSeq + " in " + path);
        }
        tailSeq = entry.lastSeq();
        tailDigest = entry.header().getDigest().toByteArray();
        tailMark = entry.mark();
        tailCapturedAtUs = entry.header().getLastCapturedAtUs();
        offset = next;
      }
      if (segment == null) {
        return false;
      }
      segment.end = offset;
      segments.add(segment);
      bytes += offset;
      return true;
    }
  }

  private static List<Path> segmentPaths(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files
          .filter(path -> path.getFileName().toString().endsWith(SUFFIX))
          .sorted(Comparator.comparing(path -> path.getFileName().toString()))
          .toList();
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer from, long at) throws IOException {
    var position = at;
    while (from.hasRemaining()) {
      position += channel.write(from, position);
    }
  }

  private static void readFully(FileChannel channel, ByteBuffer into, long at) throws IOException {
    var position = at;
    while (into.hasRemaining()) {
      var count = channel.read(into, position);
      if (count < 0) {
        throw new EOFException("the spool ends at byte " + position);
      }
      position += count;
    }
    into.flip();
  }

  private static void forceDirectory(Path directory) throws IOException {
    try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private interface Read<T> {
    T get();
  }

  private <T> T locked(Read<T> read) {
    lock.lock();
    try {
      return read.get();
    } finally {
      lock.unlock();
    }
  }
}
