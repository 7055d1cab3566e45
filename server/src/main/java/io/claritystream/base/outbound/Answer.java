package io.claritystream.base.outbound;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.apache.hc.core5.concurrent.FutureCallback;
import org.apache.hc.core5.http.EntityDetails;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.nio.AsyncResponseConsumer;
import org.apache.hc.core5.http.nio.CapacityChannel;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.jspecify.annotations.Nullable;

/// An answer as it comes in: as much of it as the call allows, which it has a place for. The
/// network's thread fills it; who called reads it when it is whole.
final class Answer implements AsyncResponseConsumer<Answer>, AutoCloseable {
  static final int HEADERS_MAX = 200;
  static final int HEADER_CHARACTERS_MAX = 65_536;

  /// What reading a body takes for each of its bytes: that byte, and it as a text's, of two.
  static final int READING_FACTOR = 3;

  /// Of answers that only say that another is to come.
  private static final int INFORMATIONS_MAX = 100;

  private static final int CHUNK = 8_192;

  /// They speak of the body as it was on the wire, or of the connection.
  private static final Set<String> OF_THE_WIRE =
      Set.of(
          "content-length",
          "content-encoding",
          "transfer-encoding",
          "connection",
          "keep-alive",
          "trailer");

  private final long bodyMax;
  private final ByteArrayOutputStream raw = new ByteArrayOutputStream(0);
  private final List<Header> headers = new ArrayList<>();
  private int status;
  private int informations;
  private String encoding = "";
  private @Nullable FutureCallback<Answer> whole;
  private volatile boolean ended;
  private volatile Runnable over = () -> {};
  private volatile boolean closed;

  Answer(long bodyMax) {
    this.bodyMax = bodyMax;
  }

  int status() {
    return status;
  }

  /// The bytes that came.
  int size() {
    return raw.size();
  }

  /// What reading it makes of them at most.
  long readingBytes() {
    return READING_FACTOR
        * (encoding.isEmpty() || encoding.equals("identity") ? raw.size() : bodyMax);
  }

  List<Header> headers() {
    return headers;
  }

  @Nullable String header(String name) {
    for (Header header : headers) {
      if (header.name().equalsIgnoreCase(name)) {
        return header.value();
      }
    }
    return null;
  }

  @Override
  public void consumeResponse(
      HttpResponse response,
      @Nullable EntityDetails entity,
      HttpContext context,
      FutureCallback<Answer> callback)
      throws IOException {
    status = response.getCode();
    long characters = 0;
    for (org.apache.hc.core5.http.Header header : response.getHeaders()) {
      String value = header.getValue() == null ? "" : header.getValue();
      characters += header.getName().length() + value.length();
      if (header.getName().equalsIgnoreCase("content-encoding")) {
        encoding = (encoding + " " + value.toLowerCase(Locale.ROOT)).strip();
      }
      if (!OF_THE_WIRE.contains(header.getName().toLowerCase(Locale.ROOT))) {
        headers.add(new Header(header.getName(), value));
      }
    }
    if (characters > HEADER_CHARACTERS_MAX || response.getHeaders().length > HEADERS_MAX) {
      throw headersTooLarge();
    }
    if (entity == null) {
      ended = true;
      callback.completed(this);
      return;
    }
    if (entity.getContentLength() > bodyMax) {
      throw tooLarge();
    }
    whole = callback;
  }

  @Override
  public void informationResponse(HttpResponse response, HttpContext context) throws IOException {
    if (++informations > INFORMATIONS_MAX) {
      throw new AnswerLimit(
          OutboundFault.Kind.PROTOCOL,
          "The other side announced its answer more than %d times and gave none."
              .formatted(INFORMATIONS_MAX));
    }
  }

  @Override
  public void updateCapacity(CapacityChannel capacity) throws IOException {
    capacity.update(Integer.MAX_VALUE);
  }

  @Override
  public void consume(ByteBuffer source) throws IOException {
    int more = source.remaining();
    if (raw.size() + (long) more > bodyMax) {
      throw tooLarge();
    }
    if (closed) {
      throw new AnswerLimit(OutboundFault.Kind.ABORTED, "Nobody waits for this answer any more.");
    }
    byte[] bytes = new byte[more];
    source.get(bytes);
    raw.writeBytes(bytes);
  }

  @Override
  public void streamEnd(@Nullable List<? extends org.apache.hc.core5.http.Header> trailers) {
    if (whole != null) {
      ended = true;
      whole.completed(this);
    }
  }

  @Override
  public void failed(Exception cause) {}

  /// The network is done with it: if it is whole, its connection is free for others.
  @Override
  public void releaseResources() {
    if (ended) {
      over.run();
    }
  }

  void whenOver(Runnable told) {
    over = told;
  }

  /// The body, decompressed if it is compressed; by who called, once.
  byte[] body() throws OutboundFault {
    if (raw.size() == 0 || encoding.isEmpty() || encoding.equals("identity")) {
      return raw.toByteArray();
    }
    if (!encoding.equals("gzip") && !encoding.equals("x-gzip")) {
      throw new OutboundFault(
          OutboundFault.Kind.PROTOCOL,
          true,
          "The answer is compressed in a way that was not asked for; let the other side answer with gzip or without.");
    }
    try (GZIPInputStream inflating =
        new GZIPInputStream(new ByteArrayInputStream(raw.toByteArray()), CHUNK)) {
      ByteArrayOutputStream plain = new ByteArrayOutputStream(raw.size());
      byte[] chunk = new byte[CHUNK];
      for (int read = inflating.read(chunk); read >= 0; read = inflating.read(chunk)) {
        if (plain.size() + (long) read > bodyMax) {
          throw tooLarge();
        }
        plain.write(chunk, 0, read);
      }
      return plain.toByteArray();
    } catch (AnswerLimit limit) {
      throw limit.fault();
    } catch (IOException broken) {
      throw new OutboundFault(
          OutboundFault.Kind.PROTOCOL,
          true,
          "The answer says that it is compressed with gzip, and cannot be read as that.",
          broken);
    }
  }

  /// What comes later is not kept.
  @Override
  public void close() {
    closed = true;
  }

  private AnswerLimit tooLarge() {
    return new AnswerLimit(
        OutboundFault.Kind.TOO_LARGE,
        "The answer is larger than %d bytes: ask for less of it, as by pages.".formatted(bodyMax));
  }

  private static AnswerLimit headersTooLarge() {
    return new AnswerLimit(
        OutboundFault.Kind.TOO_LARGE,
        "The answer's headers are more than %d, or longer than %d characters."
            .formatted(HEADERS_MAX, HEADER_CHARACTERS_MAX));
  }
}
