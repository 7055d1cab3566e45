package io.claritystream.base.http;

import java.util.UUID;
import org.apache.catalina.Lifecycle;
import org.apache.catalina.LifecycleEvent;
import org.apache.catalina.LifecycleListener;
import org.apache.catalina.connector.Connector;
import org.apache.coyote.Adapter;
import org.apache.coyote.Request;
import org.apache.coyote.Response;
import org.apache.tomcat.util.net.SocketEvent;
import org.springframework.http.HttpHeaders;

/// Gives [SafeHeaders] to what Tomcat answers before any valve of ours has seen the request:
/// `OPTIONS *`, which it answers by itself. What comes later is left to those who answer it.
final class SafeAdapter implements Adapter {
  private final Adapter tomcat;

  private SafeAdapter(Adapter tomcat) {
    this.tomcat = tomcat;
  }

  /// Tomcat makes its adapter when the connector is initialized; this stands in front from then on.
  record Installing(Connector connector) implements LifecycleListener {
    @Override
    public void lifecycleEvent(LifecycleEvent event) {
      var protocol = connector.getProtocolHandler();
      if (event.getType().equals(Lifecycle.AFTER_INIT_EVENT)
          && !(protocol.getAdapter() instanceof SafeAdapter)) {
        protocol.setAdapter(new SafeAdapter(protocol.getAdapter()));
      }
    }
  }

  @Override
  public void service(Request request, Response response) throws Exception {
    if (request.requestURI().equals("*")) {
      SafeHeaders.set(response::setHeader);
      response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
      response.setHeader(RequestId.HEADER, UUID.randomUUID().toString());
    }
    tomcat.service(request, response);
  }

  @Override
  public boolean prepare(Request request, Response response) throws Exception {
    return tomcat.prepare(request, response);
  }

  @Override
  public boolean asyncDispatch(Request request, Response response, SocketEvent status)
      throws Exception {
    return tomcat.asyncDispatch(request, response, status);
  }

  @Override
  public void log(Request request, Response response, long time) {
    tomcat.log(request, response, time);
  }

  @Override
  public void checkRecycled(Request request, Response response) {
    tomcat.checkRecycled(request, response);
  }

  @Override
  public String getDomain() {
    return tomcat.getDomain();
  }
}
