package io.claritystream.maestro.engine;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;

/// Somebody else's service, that does as a test tells it.
final class Receiver implements AutoCloseable {
  final List<Call> calls = new CopyOnWriteArrayList<>();
  private final HttpServer server;
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile Behaviour behaviour = call -> new Reply(200, "{\"ok\":true}");

  /// @param key its Idempotency-Key
  record Call(String method, String path, String body, String key, String authorization) {}

  record Reply(int status, String body) {}

  interface Behaviour {
    Reply answer(Call call);
  }

  /// Is answered never.
  static final Reply NEVER = new Reply(0, "");

  Receiver() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::handle);
    server.start();
  }

  String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
  }

  void does(Behaviour next) {
    behaviour = next;
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      var headers = exchange.getRequestHeaders();
      var call =
          new Call(
              exchange.getRequestMethod(),
              exchange.getRequestURI().toString(),
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8),
              headers.getFirst("Idempotency-Key"),
              headers.getFirst("Authorization"));
      calls.add(call);
      var reply = behaviour.answer(call);
      if (reply == NEVER) {
        closing.await();
        return;
      }
      var body = reply.body().getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(reply.status(), body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closing.countDown();
    server.stop(0);
  }
}
