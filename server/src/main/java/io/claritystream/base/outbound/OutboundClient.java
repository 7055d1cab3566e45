package io.claritystream.base.outbound;

import io.claritystream.base.outbound.OutboundFault.Kind;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.InetAddress;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/// Makes HTTP calls to addresses that others chose; the package says by which rules.
///
/// A call blocks its thread, which may be a virtual one. Interrupting it closes the connection at
/// once: with an `InterruptedException` if nothing of the request has left, else with
/// [Kind#ABORTED] and the thread's flag set again.
public final class OutboundClient implements AutoCloseable {
  static final int REDIRECTS_MAX = 5;
  private static final int ADDRESSES_MAX = 4;
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final Set<String> WITH_BODY = Set.of("POST", "PUT", "PATCH");
  private static final byte[] EMPTY = new byte[0];

  private final OutboundProperties settings;
  private final Reach reach;
  private final Names names;
  private final Places places;
  private final Transport transport;
  private final Counter answered;
  private final Map<Kind, Counter> faults = new EnumMap<>(Kind.class);

  OutboundClient(
      OutboundProperties settings,
      Names.Resolver resolver,
      OwnAddresses own,
      SSLContext tls,
      MeterRegistry meters) {
    this.settings = settings;
    this.reach = new Reach(settings.ports(), settings.allow(), own);
    this.names = new Names(resolver, meters);
    this.places = new Places(settings);
    this.transport = new Transport(settings, tls);
    this.answered = counter(meters, "answered");
    for (Kind kind : Kind.values()) {
      faults.put(kind, counter(meters, kind.name().toLowerCase(Locale.ROOT)));
    }
  }

  /// Reads an answer while the memory that it takes is counted as taken.
  @FunctionalInterface
  public interface Reader<T> {
    T read(OutboundResponse response);
  }

  /// The answer, whatever its status.
  OutboundResponse send(OutboundRequest request) throws OutboundFault, InterruptedException {
    return send(request, response -> response);
  }

  /// What the reader makes of the answer, whatever its status.
  public <T> T send(OutboundRequest request, Reader<T> reader)
      throws OutboundFault, InterruptedException {
    Call call = new Call(request);
    try {
      T read = call.run(reader);
      answered.increment();
      return read;
    } catch (OutboundFault fault) {
      OutboundFault told = call.sent ? fault.afterSending() : fault;
      counterOf(told.kind()).increment();
      throw told;
    } catch (InterruptedException interrupted) {
      counterOf(Kind.ABORTED).increment();
      if (!call.sent) {
        throw interrupted;
      }
      Thread.currentThread().interrupt();
      throw new OutboundFault(Kind.ABORTED, true, "The call was broken off.");
    }
  }

  /// Hosts and tenants of calls that are under way, and bytes that their answers may have.
  int hostsUnderWay() {
    return places.hosts();
  }

  long bytesHeld() {
    return places.bytesTaken();
  }

  int tenantsLookingUp() {
    return names.tenants();
  }

  @Override
  public void close() {
    transport.close();
    names.close();
  }

  private static Counter counter(MeterRegistry meters, String outcome) {
    return meters.counter("clarity_outbound_calls_total", "outcome", outcome);
  }

  private Counter counterOf(Kind kind) {
    return Objects.requireNonNull(faults.get(kind));
  }

  /// One call with the redirects that it follows, under one deadline.
  private final class Call {
    private final OutboundRequest request;
    private final long began = System.nanoTime();
    private final long end;
    private boolean sent;

    private Call(OutboundRequest request) {
      this.request = request;
      Duration timeout = request.timeout();
      Duration max = settings.timeoutMax();
      this.end = began + (timeout.compareTo(max) > 0 ? max : timeout).toNanos();
    }

    private <T> T run(Reader<T> reader) throws OutboundFault, InterruptedException {
      HeaderRules.check(request.method(), request.headers());
      Destination destination = Destination.of(request.url());
      Transport.Message message = message(request.method(), request.headers(), request.body());
      for (int redirects = 0; ; redirects++) {
        List<InetAddress> addresses = reachable(destination);
        long bytes = settings.answerMax(request.responseMaxBytes());
        try (Places.Place place =
                places.take(request.tenant(), destination, bytes, atMost(settings.placeWithin()));
            Answer answer = new Answer(bytes)) {
          exchange(destination, addresses, message, answer);
          String location = answer.header("location");
          if (!request.followRedirects()
              || location == null
              || !REDIRECTS.contains(answer.status())) {
            place.came(answer.size());
            try (Places.Room _ = place.read(answer.readingBytes())) {
              return reader.read(response(answer, destination));
            }
          }
          if (redirects == REDIRECTS_MAX) {
            throw redirect("%d redirects in a row; call the last address directly.");
          }
          Destination next = destination.following(location);
          message = redirected(message, answer.status(), destination, next);
          destination = next;
        }
      }
    }

    private List<InetAddress> reachable(Destination destination)
        throws OutboundFault, InterruptedException {
      reach.checkPort(destination);
      List<InetAddress> addresses =
          names.of(request.tenant(), destination, atMost(settings.lookUpTimeout()));
      reach.check(destination, addresses);
      return addresses;
    }

    private void exchange(
        Destination destination,
        List<InetAddress> addresses,
        Transport.Message message,
        Answer into)
        throws OutboundFault, InterruptedException {
      int last = Math.min(addresses.size(), ADDRESSES_MAX) - 1;
      for (int at = 0; ; at++) {
        Sending sending = new Sending(addresses.get(at));
        try {
          transport.send(request.tenant(), destination, sending, message, into, left());
          return;
        } catch (OutboundFault fault) {
          if (at == last || sending.sent() || fault.kind() != Kind.CONNECT) {
            throw fault;
          }
        } finally {
          sent |= sending.sent();
        }
      }
    }

    private OutboundResponse response(Answer answer, Destination from) throws OutboundFault {
      return new OutboundResponse(
          answer.status(),
          List.copyOf(answer.headers()),
          answer.body(),
          from.url(),
          Duration.ofNanos(System.nanoTime() - began));
    }

    private Duration atMost(Duration limit) throws OutboundFault {
      Duration left = left();
      return left.compareTo(limit) < 0 ? left : limit;
    }

    private Duration left() throws OutboundFault {
      long nanos = end - System.nanoTime();
      if (nanos <= 0) {
        throw new OutboundFault(Kind.TIMEOUT, sent, "The call took longer than it may.");
      }
      return Duration.ofNanos(nanos);
    }
  }

  private static Transport.Message message(
      String method, List<Header> headers, byte @Nullable [] body) {
    boolean needed = body == null && WITH_BODY.contains(method);
    return new Transport.Message(method, headers, needed ? EMPTY : body);
  }

  /// What is asked at the next address. Another origin hears nothing that may be a secret: neither
  /// headers other than the harmless ones nor a body.
  private static Transport.Message redirected(
      Transport.Message message, int status, Destination from, Destination to)
      throws OutboundFault {
    if (from.encrypted() && !to.encrypted()) {
      throw redirect(
          "The redirect leads from https to http; call an address that stays encrypted.");
    }
    boolean asked = message.method().equals("GET") || message.method().equals("HEAD");
    boolean toGet = !asked && (status == 303 || (status <= 302 && message.method().equals("POST")));
    byte[] body = toGet ? null : message.body();
    List<Header> headers = toGet ? HeaderRules.withoutBody(message.headers()) : message.headers();
    if (!from.sameOrigin(to)) {
      if (body != null && body.length > 0) {
        throw redirect("The redirect would hand the body to another host; call that one directly.");
      }
      headers = HeaderRules.harmless(headers);
    }
    return message(toGet ? "GET" : message.method(), headers, body);
  }

  private static OutboundFault redirect(String message) {
    return new OutboundFault(Kind.REDIRECT, true, message.formatted(REDIRECTS_MAX));
  }
}
