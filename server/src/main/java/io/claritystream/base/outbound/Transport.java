package io.claritystream.base.outbound;

import io.claritystream.base.db.TenantId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.async.AsyncExecCallback;
import org.apache.hc.client5.http.async.AsyncExecChain;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.config.TlsConfig;
import org.apache.hc.client5.http.impl.async.CloseableHttpAsyncClient;
import org.apache.hc.client5.http.impl.async.HttpAsyncClientBuilder;
import org.apache.hc.client5.http.impl.nio.PoolingAsyncClientConnectionManagerBuilder;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.HostnameVerificationPolicy;
import org.apache.hc.core5.concurrent.FutureCallback;
import org.apache.hc.core5.http.EndpointDetails;
import org.apache.hc.core5.http.EntityDetails;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.HttpRequest;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.HttpVersion;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.message.BasicHttpRequest;
import org.apache.hc.core5.http.nio.AsyncDataConsumer;
import org.apache.hc.core5.http.nio.AsyncEntityProducer;
import org.apache.hc.core5.http.nio.support.BasicRequestProducer;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.http.protocol.HttpCoreContext;
import org.apache.hc.core5.http2.HttpVersionPolicy;
import org.apache.hc.core5.http2.config.H2Config;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.net.URIAuthority;
import org.apache.hc.core5.pool.PoolConcurrencyPolicy;
import org.apache.hc.core5.pool.PoolReusePolicy;
import org.apache.hc.core5.reactor.IOReactorConfig;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sends one request over one connection to one address. Connections are kept for those who call
/// the same host at the same address next for the same tenant, because some ways of signing in hold
/// for a connection; HTTP/2 is spoken where the other side offers it. A
/// connection carries one call at a time, so that a call that is broken off takes no other along.
final class Transport implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Transport.class);
  private static final String SENDING = "clarity.sending";
  private static final String TINY_BODY = "clarity.tiny-body";
  private static final TimeValue IDLE_MAX = TimeValue.ofSeconds(30);
  private static final int LINE_MAX = 16_384;
  private static final int CONTINUATIONS_MAX = 100;

  /// Room in a stream for bytes that were not asked for yet.
  private static final int WINDOW = 256 * 1024;

  private final CloseableHttpAsyncClient http;
  private final RequestConfig manners;
  private volatile boolean closing;

  Transport(OutboundProperties settings, SSLContext tls) {
    Timeout connect = Timeout.of(settings.connectTimeout());
    // The deadline of each call is shorter: this is for what nobody waits for any more.
    Timeout silence = Timeout.of(settings.timeoutMax().plusMinutes(1));
    var connections =
        PoolingAsyncClientConnectionManagerBuilder.create()
            .setTlsStrategy(
                new DefaultClientTlsStrategy(tls, HostnameVerificationPolicy.BUILTIN, null))
            .setDnsResolver(new NoLookUps())
            .setPoolConcurrencyPolicy(PoolConcurrencyPolicy.STRICT)
            .setConnPoolPolicy(PoolReusePolicy.LIFO)
            .setMaxConnTotal(2 * settings.callsMax())
            .setMaxConnPerRoute(settings.callsPerHostMax())
            .setDefaultConnectionConfig(
                ConnectionConfig.custom()
                    .setConnectTimeout(connect)
                    .setSocketTimeout(silence)
                    .setValidateAfterInactivity(TimeValue.NEG_ONE_MILLISECOND)
                    .build())
            .setDefaultTlsConfig(
                TlsConfig.custom()
                    .setVersionPolicy(HttpVersionPolicy.NEGOTIATE)
                    .setHandshakeTimeout(connect)
                    .build())
            .build();
    this.manners =
        RequestConfig.custom()
            .setAuthenticationEnabled(false)
            .setRedirectsEnabled(false)
            .setExpectContinueEnabled(false)
            .setProtocolUpgradeEnabled(false)
            .setHardCancellationEnabled(true)
            .setConnectionRequestTimeout(connect)
            .setConnectionKeepAlive(IDLE_MAX)
            .build();
    this.http =
        HttpAsyncClientBuilder.create()
            .setConnectionManager(connections)
            .setIOReactorConfig(
                IOReactorConfig.custom()
                    .setIoThreadCount(Math.min(2, Runtime.getRuntime().availableProcessors()))
                    .setSoTimeout(silence)
                    .setTcpNoDelay(true)
                    .build())
            .setThreadFactory(Thread.ofPlatform().daemon().name("outbound-", 0).factory())
            .setHttp1Config(
                Http1Config.custom()
                    .setMaxLineLength(LINE_MAX)
                    .setMaxHeaderCount(Answer.HEADERS_MAX)
                    .build())
            .setH2Config(
                H2Config.custom()
                    .setPushEnabled(false)
                    .setInitialWindowSize(WINDOW)
                    .setMaxHeaderListSize(Answer.HEADER_CHARACTERS_MAX)
                    .setMaxContinuations(CONTINUATIONS_MAX)
                    .build())
            .setIoReactorExceptionCallback(this::failed)
            .addExecInterceptorLast("tiny bodies", Transport::keptUnlessTiny)
            .setUserAgent("Clarity-Stream")
            .setDefaultRequestConfig(manners)
            .addRequestInterceptorLast((request, entity, context) -> begin(context))
            .evictExpiredConnections()
            .evictIdleConnections(IDLE_MAX)
            .disableAutomaticRetries()
            .disableRedirectHandling()
            .disableCookieManagement()
            .disableAuthCaching()
            .disableConnectionState()
            .disableContentCompression()
            .disableRequestPriority()
            .build();
    http.start();
  }

  /// The answer, filled, or the fault; which of both says whether the request was sent.
  void send(
      TenantId tenant,
      Destination destination,
      Sending sending,
      Message message,
      Answer into,
      Duration within)
      throws OutboundFault, InterruptedException {
    HttpHost host =
        new HttpHost(
            destination.scheme(), sending.address(), destination.host(), destination.port());
    var request = new BasicHttpRequest(message.method(), host, destination.target());
    request.setAuthority(
        new URIAuthority(destination.host(), destination.usualPort() ? -1 : destination.port()));
    for (Header header : message.headers()) {
      request.addHeader(header.name(), header.value());
    }
    if (!message.method().equals("HEAD")) {
      request.addHeader("Accept-Encoding", "gzip");
    }
    Body body = message.body() == null ? null : new Body(message.body());
    HttpClientContext context = HttpClientContext.create();
    context.setRequestConfig(manners);
    // The pool gives a connection that was used under one token to no other.
    context.setUserToken(tenant);
    context.setAttribute(SENDING, sending);
    context.setAttribute(TINY_BODY, body != null && body.isTiny());
    Outcome outcome = new Outcome(body);
    into.whenOver(outcome::over);
    Future<Answer> call =
        http.execute(host, new BasicRequestProducer(request, body), into, null, context, outcome);
    boolean whole = false;
    try {
      outcome.done.get(within.toNanos(), TimeUnit.NANOSECONDS);
      whole = true;
    } catch (TimeoutException late) {
      sending.giveUp();
      throw new OutboundFault(
          OutboundFault.Kind.TIMEOUT,
          sending.sent(),
          sending.sent()
              ? "%s did not answer in time.".formatted(destination.host())
              : "%s could not be reached in time.".formatted(destination.host()));
    } catch (InterruptedException interrupted) {
      sending.giveUp();
      throw interrupted;
    } catch (ExecutionException failed) {
      sending.giveUp();
      throw Faults.of(destination, sending.sent(), failed.getCause());
    } finally {
      if (!whole) {
        // Closes the connection at once. A cancel can come between two parts of the library, and
        // then reaches neither; the connection itself is there.
        call.cancel(true);
        sending.cutOff();
      }
    }
  }

  /// The last thing before the first byte: whether the call still stands, and the connection leads
  /// where it was checked to lead.
  private static void begin(HttpContext context) throws IOException {
    Sending sending = (Sending) context.getAttribute(SENDING);
    EndpointDetails endpoint = HttpCoreContext.cast(context).getEndpointDetails();
    boolean there =
        endpoint != null
            && endpoint.getRemoteAddress() instanceof InetSocketAddress remote
            && sending.address().equals(remote.getAddress());
    if (!there) {
      throw new IOException("the connection leads elsewhere");
    }
    if (!sending.begin()) {
      throw new IOException("the call was given up");
    }
  }

  /// In HTTP/2 the library sends a body's end in a frame of its own. Servers that count small
  /// frames (Tomcat does) break a connection off over a few tiny bodies, and with it the call that
  /// comes next: such a connection is not kept.
  private static void keptUnlessTiny(
      HttpRequest request,
      @Nullable AsyncEntityProducer entity,
      AsyncExecChain.Scope scope,
      AsyncExecChain chain,
      AsyncExecCallback told)
      throws HttpException, IOException {
    if (scope.clientContext.getAttribute(SENDING) instanceof Sending sending) {
      sending.over(scope.execRuntime::discardEndpoint);
    }
    boolean tiny = Boolean.TRUE.equals(scope.clientContext.getAttribute(TINY_BODY));
    chain.proceed(request, entity, scope, tiny ? new NotKeptInHttp2(scope, told) : told);
  }

  /// What went wrong with no call in particular.
  private void failed(Exception failure) {
    if (!closing) {
      LOG.warn("outbound connections failed", failure);
    }
  }

  @Override
  public void close() {
    closing = true;
    http.close(CloseMode.IMMEDIATE);
  }

  /// What of a request may change from one redirect to the next.
  record Message(String method, List<Header> headers, byte @Nullable [] body) {}

  /// Tells the caller when there is an answer and its connection is free again, so that the next
  /// call has it. It does not wait for what is left of a body that the other side did not want.
  private static final class Outcome implements FutureCallback<Answer> {
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private final @Nullable Body body;

    private Outcome(@Nullable Body body) {
      this.body = body;
    }

    private void over() {
      done.complete(null);
    }

    @Override
    public void completed(Answer answer) {
      if (body != null && !body.ended()) {
        done.complete(null);
      }
    }

    @Override
    public void failed(Exception cause) {
      done.completeExceptionally(cause);
    }

    @Override
    public void cancelled() {
      done.completeExceptionally(new CancellationException());
    }
  }

  private record NotKeptInHttp2(AsyncExecChain.Scope scope, AsyncExecCallback told)
      implements AsyncExecCallback {
    @Override
    public @Nullable AsyncDataConsumer handleResponse(
        HttpResponse response, @Nullable EntityDetails entity) throws HttpException, IOException {
      return told.handleResponse(response, entity);
    }

    @Override
    public void handleInformationResponse(HttpResponse response) throws HttpException, IOException {
      told.handleInformationResponse(response);
    }

    @Override
    public void completed() {
      if (scope.clientContext.getProtocolVersion().greaterEquals(HttpVersion.HTTP_2)) {
        scope.execRuntime.markConnectionNonReusable();
      }
      told.completed();
    }

    @Override
    public void failed(Exception cause) {
      told.failed(cause);
    }
  }

  /// Addresses come with the request. A look-up here would be one that nobody checked.
  private static final class NoLookUps implements DnsResolver {
    @Override
    public InetAddress[] resolve(String host) throws UnknownHostException {
      throw new UnknownHostException("names are not looked up here");
    }

    @Override
    public String resolveCanonicalHostname(String host) throws UnknownHostException {
      throw new UnknownHostException("names are not looked up here");
    }
  }
}
